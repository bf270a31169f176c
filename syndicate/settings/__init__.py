"""``syndicate.toml`` and ``SYNDICATE_*`` → frozen settings; nothing else reads either."""

from syndicate.settings.bounces import Bounces, Webhooks
from syndicate.settings.file import SettingsFile
from syndicate.settings.inbound import Account, Inbound, Listening
from syndicate.settings.load import CONFIG_NAME, find, load
from syndicate.settings.mail import Dkim, Pace, Relay, Smtp
from syndicate.settings.newsletter import INSTANT, MANUAL, Newsletter
from syndicate.settings.rates import Rate, WarmUp
from syndicate.settings.readers import Limits, Readers
from syndicate.settings.schema import Settings
from syndicate.settings.sources import (
    ApiSource,
    FeedSource,
    Fetch,
    FolderSource,
    PolledSource,
    SourceSettings,
    WordPressSource,
)
from syndicate.settings.watching import Alerts, Log, Metrics
from syndicate.settings.websub import WebSub

__all__ = [
    "CONFIG_NAME",
    "INSTANT",
    "MANUAL",
    "Account",
    "Alerts",
    "ApiSource",
    "Bounces",
    "Dkim",
    "FeedSource",
    "Fetch",
    "FolderSource",
    "Inbound",
    "Limits",
    "Listening",
    "Log",
    "Metrics",
    "Newsletter",
    "Pace",
    "PolledSource",
    "Rate",
    "Readers",
    "Relay",
    "Settings",
    "SettingsFile",
    "Smtp",
    "SourceSettings",
    "WarmUp",
    "WebSub",
    "Webhooks",
    "WordPressSource",
    "find",
    "load",
]
