"""Delivery reports as RFC 3464 and RFC 6533 have them, and nearly so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from syndicate.inbound.reports.failure import Failure, judged
from syndicate.inbound.reports.fields import address_in, groups_of, unwritten
from syndicate.inbound.reports.parts import Headers, Part
from syndicate.inbound.reports.reason import Reason, status_in

_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "message/xdelivery-status"})
_NAMES = ("final-recipient", "original-recipient", "x-actual-recipient", "x-original-recipient")
_FIELDS = re.compile(r"^(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(
    r"^(?:reporting-mta|original-envelope-id|(?:final|original)-recipient)[ \t]*:", re.IGNORECASE | re.MULTILINE
)
_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_TYPE = re.compile(r"^\s*[\w-]{1,40}\s*;\s*")
_CATEGORIES = {
    "bad-mailbox": Reason.NO_MAILBOX,
    "bad-domain": Reason.NO_HOST,
    "inactive-mailbox": Reason.SUSPENDED,
    "quota-issues": Reason.FULL,
    "spam-related": Reason.SPAM,
    "virus-related": Reason.SPAM,
    "policy-related": Reason.POLICY,
    "no-answer-from-host": Reason.NETWORK,
    "routing-errors": Reason.NETWORK,
    "relaying-issues": Reason.RELAYING,
    "message-expired": Reason.LATE,
}
"""What PowerMTA makes of the answer."""

_DONE = ("delivered", "relayed", "expanded", "deliverable")
_WITHOUT_DOT = re.compile(r"@[^.]*$")


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient's fields: ``action`` and ``status`` are empty where they are not given."""

    recipient: str
    original: str
    action: str
    status: str
    said: str
    comment: str
    category: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it is told that the mail arrived, or would (RFC 3464 §2.3.3)."""
        return self.action in _DONE or (self.status.startswith("2") and self.action not in ("failed", "delayed"))


def tells(part: Part) -> bool:
    """Whether this part is a delivery report's machine-readable one; some send it as text."""
    if part.type in _TYPES:
        return True
    return part.type == "text/plain" and bool(_FIELDS.search(part.text)) and "action:" in part.text.lower()


def before(text: str) -> str:
    """What a text tells people, which has the fields behind it."""
    match = _BEGIN.search(text)
    return text[: match.start()] if match and _FIELDS.search(text) else text


def told_in(text: str) -> list[Told]:
    """The recipients in such a part. A group that a blank line cuts in two is one."""
    found: list[Headers] = []
    for group in _divided(groups_of(text)):
        is_new = any(group.first(name) for name in _NAMES)
        if is_new or not found:
            found.append(group)
        else:
            found[-1] = Headers(found[-1].values + group.values)
    return [one for one in map(_told, found) if one.recipient]


def envelopes_in(text: str) -> list[str]:
    """The names that the sender gave to its mail (RFC 3464 §2.2.1); ours are Message-IDs."""
    return [unwritten(value) for group in groups_of(text) for value in group.all("original-envelope-id")]


def _divided(groups: Iterable[Headers]) -> Iterator[Headers]:
    """Groups, divided where the blank line between two recipients is missing."""
    for group in groups:
        starts = [at for at, (name, _) in enumerate(group.values) if name == "final-recipient"]
        if len(starts) < 2:
            yield group
            continue
        for start, end in pairwise([0, *starts[1:], len(group.values)]):
            yield Headers(group.values[start:end])


def failures(told: Sequence[Told], contexts: Mapping[str, str], context: str) -> list[Failure]:
    """What did not arrive; ``contexts`` is what people are told of each address, ``context`` what they are told."""
    return [
        judged(
            one.recipient,
            one.said,
            told=one.status,
            context=" ".join((one.comment, contexts.get(one.recipient.casefold(), context))),
            is_late=one.action == "delayed" or (not one.action and one.status.startswith("4")),
            original=one.original,
            reason=_CATEGORIES.get(one.category),
        )
        for one in told
        if not one.is_done
    ]


def _told(group: Headers) -> Told:
    final, original, *others = (address_in(group.first(name)) for name in _NAMES)
    recipient = final or original or next(filter(None, others), "")
    if original and _WITHOUT_DOT.search(recipient):
        recipient = original
    status, comment = group.first("status"), ""
    match = _STATUS.match(status)
    if match:
        comment, status = status[match.end() :].strip(" ()"), f"{match[1]}.{int(match[2])}.{int(match[3])}"
    else:
        status = status_in(status)
    said = " ".join(_TYPE.sub("", value) for value in group.all("diagnostic-code"))
    action = re.match(r"[a-z]*", group.first("action").lower().strip("<( "))
    words = action[0] if action else ""
    action_name = {"error": "failed", "failure": "failed", "fail": "failed", "delay": "delayed"}.get(words, words)
    return Told(
        recipient,
        original if original != recipient else "",
        action_name,
        status,
        said,
        comment,
        group.first("x-powermta-bouncecategory").strip().lower(),
    )
