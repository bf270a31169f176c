"""Complaints: feedback reports as RFC 5965 has them, with the kinds that came later, and as large providers send them.

A report tells of one mail. Its recipients stand in it, or in the mail that comes with it. Pure.
"""

from __future__ import annotations

import re

from syndicate.inbound.reports.fields import address_in, addresses_in, groups_of
from syndicate.inbound.reports.parts import Headers, Part
from syndicate.inbound.reports.report import Feedback

_TYPES = frozenset({"message/feedback-report", "message/x-feedback-report"})
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "redacted-address", "original-recipient")
_KIND = re.compile(r"[\w-]*")
_SUBJECT = re.compile(r"^\s*(?:fw:)?\s*complaint about message from", re.IGNORECASE)
_STAFF = ("staff@hotmail.com", "staff@outlook.com", "staff@live.com")
_IN_HEADERS = ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "x-envelope-to", "envelope-to", "x-rcpt-to")


def tells(part: Part) -> bool:
    """Whether this part is a feedback report's machine-readable one."""
    return part.type in _TYPES


def feedback_in(text: str, returned: Headers) -> Feedback:
    """What such a part says of the mail whose headers came with it."""
    groups = groups_of(text) or [Headers()]
    fields = Headers(tuple(pair for group in groups for pair in group.values))
    found = [one for name in _RECIPIENTS for value in fields.all(name) if (one := address_in(value))]
    kinds = _KIND.match(fields.first("feedback-type").strip().lower())
    return Feedback((kinds[0] if kinds else "") or "abuse", tuple(dict.fromkeys(found)) or recipients_of(returned))


def by_habit(headers: Headers, subject: str, returned: Headers) -> Feedback | None:
    """A complaint that is no report: Hotmail's, which comes from ``staff@`` with the mail that it is about."""
    if not returned.values or not _SUBJECT.search(subject):
        return None
    told = returned.first("x-hmxmroriginalrecipient")
    is_staff = address_in(headers.first("from")).casefold() in _STAFF
    return Feedback("abuse", recipients_of(returned)) if told or is_staff else None


def recipients_of(returned: Headers) -> tuple[str, ...]:
    """To whom a mail went that is complained about."""
    for name in _IN_HEADERS:
        for value in returned.all(name):
            if one := address_in(value):
                return (one,)
    return tuple(one for value in returned.all("to") for one in addresses_in(value))[:1]
