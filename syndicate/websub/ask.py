"""What a program sent to the hub → what it asks for, or why it is refused (WebSub §5.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from syndicate.errors import HubError
from syndicate.model import IntentMode
from syndicate.settings import WebSub

LONGEST_CALLBACK = 2000
"""Characters; with what is added to it, it still fits into what servers take."""

LONGEST_SECRET = 199
"""Bytes (WebSub §5.1)."""

_CALLBACK = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to follow ``feed``, a public address, or to no longer do so."""

    mode: Literal[IntentMode.SUBSCRIBE, IntentMode.UNSUBSCRIBE]
    feed: str
    callback: str
    host: str
    lease: timedelta
    secret: str | None = field(repr=False)


def read_ask(one: Callable[[str], str], settings: WebSub) -> Ask:
    """``one`` gives the field of a name, empty when it is not there. :raises HubError: with what is wrong with it."""
    callback = one("hub.callback").strip()
    mode = _mode(one("hub.mode"))
    if not one("hub.topic"):
        raise HubError("hub.topic is needed: the rel=self address of the feed to follow")
    asked = "" if mode is IntentMode.UNSUBSCRIBE else one("hub.lease_seconds").strip()
    return Ask(
        mode, one("hub.topic").strip(), callback, _host(callback), lease_of(asked, settings), _secret(one("hub.secret"))
    )


def _mode(text: str) -> Literal[IntentMode.SUBSCRIBE, IntentMode.UNSUBSCRIBE]:
    match text.strip():
        case IntentMode.SUBSCRIBE:
            return IntentMode.SUBSCRIBE
        case IntentMode.UNSUBSCRIBE:
            return IntentMode.UNSUBSCRIBE
        case "publish":
            raise HubError("this hub announces the feeds of its own site, by itself; nothing need be published to it")
        case _:
            raise HubError("hub.mode must be subscribe or unsubscribe")


def _secret(text: str) -> str | None:
    try:
        if len(text.encode()) > LONGEST_SECRET:
            raise HubError(f"hub.secret is longer than {LONGEST_SECRET} bytes")
    except UnicodeEncodeError:
        raise HubError("hub.secret must be UTF-8") from None
    if "\0" in text:
        raise HubError("hub.secret must not hold NUL")
    return text or None


def _host(callback: str) -> str:
    wrong = HubError(
        "hub.callback must be an address that begins with https:// or http://, in ASCII, without a password"
    )
    try:
        parts = urlsplit(callback)
        usable = parts.scheme in ("http", "https") and parts.port != 0 and not (parts.username or parts.fragment)
    except ValueError:
        raise wrong from None
    if not usable or not parts.hostname or not _CALLBACK.fullmatch(callback):
        raise wrong
    if len(callback) > LONGEST_CALLBACK:
        raise HubError(f"hub.callback is longer than {LONGEST_CALLBACK:,} characters")
    return parts.hostname


def lease_of(asked: str, settings: WebSub) -> timedelta:
    """How long the hub gives to who asks for so many seconds, or does not say. :raises HubError: for other text."""
    if not asked:
        return settings.lease
    if not re.fullmatch(r"[0-9]{1,20}", asked):
        raise HubError("hub.lease_seconds must be a whole number")
    seconds = min(int(asked), int(settings.longest_lease.total_seconds()))
    return max(timedelta(seconds=seconds), settings.shortest_lease)
