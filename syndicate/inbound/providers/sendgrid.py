"""SendGrid: its event webhook, signed with ECDSA. Pure.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.providers.brought import Brought, Event, check_age, json_in
from syndicate.inbound.providers.fields import about, mappings, text
from syndicate.inbound.reports.failure import judged
from syndicate.inbound.reports.fields import address_in
from syndicate.inbound.reports.reason import Reason
from syndicate.inbound.reports.report import Feedback, Report

NAME = "sendgrid"

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_NOT_FOR_US = frozenset(
    {"processed", "delivered", "open", "click", "unsubscribe", "group_unsubscribe", "group_resubscribe"}
)
_CLASSES = {
    "invalid address": Reason.NO_MAILBOX,
    "mailbox unavailable": Reason.FULL,
    "content": Reason.CONTENT,
    "reputation": Reason.BLOCKED,
    "frequency/volume": Reason.TOO_MUCH,
    "technical": Reason.SYSTEM,
}
_DROPPED = {"bounced address": Reason.NO_MAILBOX, "invalid": Reason.NO_MAILBOX}


def brought(headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> Brought:
    """What a request brings. ``headers`` have their names in lower case.

    :raises ForgedError: when it is not SendGrid's, or was signed at another time.
    :raises UnknownEventError: when one of its events is not known.
    """
    _verify(headers.get(_SIGNATURE, ""), headers.get(_TIMESTAMP, ""), body, key, now)
    told = json_in(body)
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise UnknownEventError("the body is not a list of events")
    return Brought(tuple(_event(one) for one in mappings(told)))


def _verify(signature: str, timestamp: str, body: bytes, key: str, now: datetime) -> None:
    try:
        known = load_der_public_key(base64.b64decode(key))
        if not isinstance(known, EllipticCurvePublicKey):
            raise ForgedError("webhooks.sendgrid_key is no ECDSA key")
        known.verify(base64.b64decode(signature, validate=True), timestamp.encode() + body, ECDSA(SHA256()))
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError, InvalidSignature):
        raise ForgedError("its signature does not hold") from None
    check_age(signed_at, now)


def _event(one: Mapping[str, Any]) -> Event:
    identity, kind = text(one.get("sg_event_id")), text(one.get("event"))
    recipient, returned = address_in(text(one.get("email"))), about(text(one.get("smtp-id")))
    said, status = text(one.get("reason")), text(one.get("status"))
    reason: Reason | None = None
    match kind:
        case "spamreport":
            return Event(identity, Report(feedback=Feedback("abuse", (recipient,)), returned=returned))
        case "dropped":
            if said.lower() == "spam reporting address":
                return Event(identity, Report(feedback=Feedback("abuse", (recipient,)), returned=returned))
            reason = _DROPPED.get(said.lower(), Reason.REFUSED)
        case "bounce":
            reason = _CLASSES.get(text(one.get("bounce_classification")).lower())
            if one.get("type") == "blocked" and reason is Reason.NO_MAILBOX:
                reason = Reason.BLOCKED
        case "deferred":
            said = said or text(one.get("response"))
        case _ if kind in _NOT_FOR_US:
            return Event(identity, None)
        case _:
            raise UnknownEventError(f"an event {kind[:40]!r} is not known")
    failure = judged(recipient, said, told=status, is_late=kind == "deferred", reason=reason)
    return Event(identity, Report((failure,), returned=returned))
