"""``syndicate.toml`` and ``SYNDICATE_*`` → frozen settings; nothing else reads either."""

from syndicate.settings.load import CONFIG_NAME, find, load
from syndicate.settings.schema import (
    INSTANT,
    MANUAL,
    Dkim,
    FeedSource,
    Fetch,
    FolderSource,
    Newsletter,
    Relay,
    Settings,
    Smtp,
    SourceSettings,
)

__all__ = [
    "CONFIG_NAME",
    "INSTANT",
    "MANUAL",
    "Dkim",
    "FeedSource",
    "Fetch",
    "FolderSource",
    "Newsletter",
    "Relay",
    "Settings",
    "Smtp",
    "SourceSettings",
    "find",
    "load",
]
