"""Amazon SES: its notifications of bounces and complaints, which SNS brings by webhook or by mail. Pure.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syndicate.inbound.providers.fields import headers_in, mapping, mappings, text
from syndicate.inbound.reports.failure import Failure, judged
from syndicate.inbound.reports.fields import address_in
from syndicate.inbound.reports.reason import Reason
from syndicate.inbound.reports.report import Feedback, Report

_SUBTYPES = {
    "noemail": Reason.NO_MAILBOX,
    "suppressed": Reason.NO_MAILBOX,
    "mailboxfull": Reason.FULL,
    "messagetoolarge": Reason.TOO_BIG,
    "contentrejected": Reason.CONTENT,
    "attachmentrejected": Reason.CONTENT,
}


_KINDS = frozenset(
    {
        *("bounce", "complaint", "delivery", "send", "reject", "open", "click", "rendering failure", "deliverydelay"),
        "subscription",
    }
)


def is_known(notification: Mapping[str, Any]) -> bool:
    """Whether a notification tells of something that SES is known to tell."""
    return _kind(notification) in _KINDS


def _kind(notification: Mapping[str, Any]) -> str:
    return text(notification.get("notificationType") or notification.get("eventType")).lower()


def report_of(notification: Mapping[str, Any]) -> Report | None:
    """The report in one notification, None when it tells of something else, such as a delivery."""
    returned = headers_in(mappings(mapping(notification.get("mail")).get("headers")))
    match _kind(notification):
        case "bounce":
            return Report(tuple(_failures(mapping(notification.get("bounce")))), returned=returned)
        case "deliverydelay":
            delayed = mappings(mapping(notification.get("deliveryDelay")).get("delayedRecipients"))
            return Report(tuple(_failure(one, None, is_late=True) for one in delayed), returned=returned)
        case "complaint":
            complaint = mapping(notification.get("complaint"))
            who = mappings(complaint.get("complainedRecipients"))
            kind = text(complaint.get("complaintFeedbackType")).lower() or "abuse"
            found = filter(None, (address_in(text(one.get("emailAddress"))) for one in who))
            return Report(feedback=Feedback(kind, tuple(found)), returned=returned)
    return None


def _failures(bounce: Mapping[str, Any]) -> list[Failure]:
    kind, subtype = text(bounce.get("bounceType")).lower(), text(bounce.get("bounceSubType")).lower()
    reason = _SUBTYPES.get(subtype)
    if kind != "permanent" and reason is Reason.NO_MAILBOX:
        reason = Reason.UNCLEAR
    return [_failure(one, reason) for one in mappings(bounce.get("bouncedRecipients"))]


def _failure(one: Mapping[str, Any], reason: Reason | None, *, is_late: bool = False) -> Failure:
    return judged(
        address_in(text(one.get("emailAddress"))),
        text(one.get("diagnosticCode")),
        told=text(one.get("status")),
        is_late=is_late,
        reason=reason,
    )
