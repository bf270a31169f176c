"""Mailgun: its webhooks, whose timestamp and token are signed with HMAC, but not what they tell. Pure.

So a token counts once: with one that was overheard, anything could be told. https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.providers.brought import Brought, Event, check_age, object_in
from syndicate.inbound.providers.fields import about, mapping, text
from syndicate.inbound.reports.failure import judged
from syndicate.inbound.reports.fields import address_in
from syndicate.inbound.reports.reason import Reason
from syndicate.inbound.reports.report import Feedback, Report

NAME = "mailgun"

_NOT_FOR_US = frozenset(
    {"accepted", "delivered", "opened", "clicked", "unsubscribed", "stored", "list_member_uploaded"}
)
_REASONS = {"suppress-bounce": Reason.NO_MAILBOX, "suppress-unsubscribe": Reason.REFUSED, "espblock": Reason.BLOCKED}


def brought(body: bytes, key: str, now: datetime) -> Brought:
    """What a request brings.

    :raises ForgedError: when it is not Mailgun's, or was signed at another time.
    :raises UnknownEventError: when its event is not known.
    """
    told = object_in(body)
    return Brought(
        (Event(_verified(mapping(told.get("signature")), key, now), _report(mapping(told.get("event-data")))),)
    )


def _verified(signature: Mapping[str, Any], key: str, now: datetime) -> str:
    timestamp, token = str(signature.get("timestamp", ""))[:20], text(signature.get("token"))
    expected = hmac.new(key.encode(), f"{timestamp}{token}".encode("utf-8", "replace"), "sha256").hexdigest()
    given = text(signature.get("signature")).encode("utf-8", "replace")
    if not token or not hmac.compare_digest(given, expected.encode()):
        raise ForgedError("its signature does not hold")
    try:
        check_age(datetime.fromtimestamp(int(timestamp), UTC), now)
    except (ValueError, OverflowError, OSError):
        raise ForgedError("its timestamp can't be read") from None
    return token


def _report(data: Mapping[str, Any]) -> Report | None:
    kind, recipient = text(data.get("event")), address_in(text(data.get("recipient")))
    returned = about(text(mapping(mapping(data.get("message")).get("headers")).get("message-id")))
    if kind == "complained":
        return Report(feedback=Feedback("abuse", (recipient,)), returned=returned)
    if kind in _NOT_FOR_US:
        return None
    if kind != "failed":
        raise UnknownEventError(f"an event {kind[:40]!r} is not known")
    why = text(data.get("reason"))
    if why == "suppress-complaint":
        return Report(feedback=Feedback("abuse", (recipient,)), returned=returned)
    status = mapping(data.get("delivery-status"))
    said = " ".join(
        filter(None, (str(status.get("code") or ""), text(status.get("message")), text(status.get("description"))))
    )
    is_late = text(data.get("severity")) == "temporary"
    failure = judged(recipient, said, told=text(status.get("enhanced-code")), is_late=is_late, reason=_REASONS.get(why))
    return Report((failure,), returned=returned)
