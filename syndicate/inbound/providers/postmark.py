"""Postmark: its webhooks, which sign in with a user name and a password that we chose. Pure.

https://postmarkapp.com/developer/webhooks/bounce-webhook
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from syndicate.errors import ForgedError, UnknownEventError
from syndicate.inbound.providers.brought import Brought, Event, object_in
from syndicate.inbound.providers.fields import text
from syndicate.inbound.reports.failure import judged
from syndicate.inbound.reports.fields import address_in
from syndicate.inbound.reports.reason import Reason
from syndicate.inbound.reports.report import Feedback, Report

NAME = "postmark"

_NOT_FOR_US = frozenset({"Delivery", "Open", "Click", "SubscriptionChange"})
_TYPES: Mapping[str, Reason | None] = {
    "HardBounce": Reason.NO_MAILBOX,
    "BadEmailAddress": Reason.NO_MAILBOX,
    "SoftBounce": None,
    "Transient": None,
    "DnsError": Reason.NETWORK,
    "SpamNotification": Reason.SPAM,
    "VirusNotification": Reason.SPAM,
    "Blocked": Reason.BLOCKED,
    "DMARCPolicy": Reason.UNAUTHENTICATED,
    "ManuallyDeactivated": Reason.REFUSED,
    "Unconfirmed": Reason.REFUSED,
    "TemplateRenderingFailed": Reason.SYSTEM,
    "SMTPApiError": Reason.SYSTEM,
    "InboundError": Reason.SYSTEM,
    "Unknown": None,
}
_ANSWERS = frozenset(
    {"AutoResponder", "ChallengeVerification", "OpenRelayTest", "AddressChange", "Subscribe", "Unsubscribe"}
)
"""What Postmark counts among bounces, and tells nothing of whether mail arrived."""


def brought(headers: Mapping[str, str], body: bytes, login: str) -> Brought:
    """What a request brings.

    :raises ForgedError: when it does not sign in.
    :raises UnknownEventError: when it is of a kind that is not known.
    """
    expected = "Basic " + base64.b64encode(login.encode()).decode()
    given = headers.get("authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, expected.encode()):
        raise ForgedError("it does not sign in with webhooks.postmark_login")
    told = object_in(body)
    kind = text(told.get("RecordType"))
    if kind in _NOT_FOR_US:
        return Brought((Event("", None),))
    return Brought((Event(f"{kind}:{told.get('ID')}"[:100], _report(kind, told)),))


def _report(kind: str, told: Mapping[str, Any]) -> Report | None:
    recipient, sort = address_in(text(told.get("Email"))), text(told.get("Type"))
    if kind == "SpamComplaint" or (kind == "Bounce" and sort == "SpamComplaint"):
        return Report(feedback=Feedback("abuse", (recipient,)))
    if kind != "Bounce" or (sort not in _TYPES and sort not in _ANSWERS):
        raise UnknownEventError(f"a {kind[:40]!r} of type {sort[:40]!r} is not known")
    if sort in _ANSWERS:
        return None
    said = text(told.get("Details")) or text(told.get("Description"))
    failure = judged(recipient, said, reason=_TYPES[sort])
    return Report((failure,))
