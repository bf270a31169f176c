"""Brevo: its transactional webhooks, which carry a token that we chose. Pure.

https://developers.brevo.com/docs/transactional-webhooks
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.providers.brought import Brought, Event, json_in
from syndicate.inbound.providers.fields import about, mappings, text
from syndicate.inbound.reports.failure import judged
from syndicate.inbound.reports.fields import address_in
from syndicate.inbound.reports.reason import Reason
from syndicate.inbound.reports.report import Feedback, Report

NAME = "brevo"

_COMPLAINTS = ("spam", "complaint")
_FAILURES: Mapping[str, Reason | None] = {
    "hard_bounce": Reason.NO_MAILBOX,
    "invalid_email": Reason.NO_MAILBOX,
    "soft_bounce": None,
    "blocked": Reason.BLOCKED,
    "error": Reason.SYSTEM,
    "deferred": None,
}
_NOT_FOR_US = frozenset(
    {"request", "delivered", "click", "opened", "unique_opened", "proxy_open", "unique_proxy_open", "unsubscribed"}
)


def brought(headers: Mapping[str, str], body: bytes, token: str) -> Brought:
    """What a request brings.

    :raises ForgedError: when it does not carry the token.
    :raises UnknownEventError: when one of its events is not known.
    """
    given = headers.get("authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise ForgedError("it does not carry webhooks.brevo_token")
    told = json_in(body)
    several = told if isinstance(told, list) else [told]
    if not several or not all(isinstance(one, dict) for one in several):
        raise UnknownEventError("the body is neither an event nor a list of them")
    return Brought(tuple(_event(one) for one in mappings(several)))


def _event(one: Mapping[str, Any]) -> Event:
    kind, email, message = text(one.get("event")), text(one.get("email")), text(one.get("message-id"))
    named = "\0".join((kind, email, message, str(one.get("ts_event"))))
    identity = sha256(named.encode("utf-8", "replace")).hexdigest()  # the ``id`` of an event is the webhook's
    recipient, returned = address_in(email), about(message)
    if kind in _COMPLAINTS:
        return Event(identity, Report(feedback=Feedback("abuse", (recipient,)), returned=returned))
    if kind in _NOT_FOR_US:
        return Event(identity, None)
    if kind not in _FAILURES:
        raise UnknownEventError(f"an event {kind[:40]!r} is not known")
    failure = judged(recipient, text(one.get("reason")), is_late=kind == "deferred", reason=_FAILURES[kind])
    return Event(identity, Report((failure,), returned=returned))
