"""What is sent to hubs, callbacks and followers, as bytes. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlencode

from syndicate.model import IntentMode
from syndicate.reach.request import user_agent
from syndicate.store.intents import Intent

FORM = "application/x-www-form-urlencoded"
DENIED = "this feed is no longer published here"

_HUB = {"user-agent": user_agent("WebSub hub"), "accept-encoding": "identity"}


def links(hubs: Sequence[str], feed: str) -> str:
    """The ``Link`` header of a feed (WebSub §4, §7): its hubs, and its own address."""
    return ", ".join([*(f'<{hub}>; rel="hub"' for hub in hubs), f'<{feed}>; rel="self"'])


def ping(feeds: Sequence[str]) -> tuple[dict[str, str], bytes]:
    """Headers and body that tell a hub which feeds changed (PubSubHubbub 0.3 §7.1, which hubs go by; WebSub §6)."""
    headers = {"user-agent": user_agent("WebSub publisher"), "content-type": FORM}
    return headers, urlencode([("hub.mode", "publish"), *(("hub.url", feed) for feed in feeds)]).encode()


def question(intent: Intent, challenge: str) -> tuple[dict[str, str], str]:
    """Headers and address that ask a callback what it means (WebSub §5.3), or tell it that it is denied (§5.2).

    What the callback's own query says stays as it is.
    """
    fields = {"hub.mode": intent.mode.value, "hub.topic": intent.feed}
    if intent.mode is IntentMode.DENIED:
        fields |= {"hub.reason": DENIED}
    else:
        fields |= {"hub.challenge": challenge}
    if intent.mode is IntentMode.SUBSCRIBE:
        fields |= {"hub.lease_seconds": str(intent.seconds)}
    return _HUB, f"{intent.callback}{'&' if '?' in intent.callback else '?'}{urlencode(fields)}"


def distribution(hubs: Sequence[str], feed: str, media_type: str, body: bytes, secret: str | None) -> dict[str, str]:
    """The headers with which a follower gets its feed (WebSub §7); signed for those who gave a secret (§7.1)."""
    headers = {**_HUB, "content-type": f"{media_type}; charset=utf-8", "link": links(hubs, feed)}
    if secret is not None:
        headers["x-hub-signature"] = f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
    return headers
