"""Whose mail came back. Anyone can write a report, so nothing counts in it but what only our mail could bring.

In that order: the return path, which only that delivery had; the Message-ID, which nobody else can make; the link to
unsubscribe, with the mail's own number. What has none of them is about nobody, whatever address it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from syndicate.errors import TokenError
from syndicate.inbound.reports.report import Report
from syndicate.model import Return, ReturnKind
from syndicate.render.links import NOTICE_RETURNED, RETURNED, Signer
from syndicate.store import Connection, returns, subscribers
from syndicate.store.returns import Mailed

_OURS = re.compile(r"<?([0-9]{1,19}\.[0-9]{1,19}\.[0-9a-f]{32})@")
_OF_OLD = re.compile(r"<?([0-9]{1,19})\.([0-9]{1,19})\.[0-9]{9,11}@")
"""Message-IDs of before they could be told from forged ones."""

_LINK = re.compile(
    r"/unsubscribe/([0-9]{1,19}-[0-9a-f]{32})(?![0-9a-f])|subject=unsubscribe%20([0-9]{1,19}-[0-9a-f]{32})"
)


def mailed(connection: Connection, signer: Signer, extension: str, report: Report) -> Mailed | None:
    """To whom the mail went that a report is about; None when that can't be told for certain."""
    if delivery_id := _subject(signer.verify_short, "return", extension, RETURNED):
        return returns.mailed(connection, delivery_id)
    for identity in report.returned.all("message-id"):
        if match := _OURS.search(identity.lower()):
            try:
                digest_id, subscription_id = signer.verify_pair("message", match[1])
            except TokenError:
                continue
            return returns.mailed_in(connection, digest_id, subscription_id)
    for subscription_id in _linked(signer, report):
        match = _OF_OLD.search(report.returned.first("message-id"))
        if match and int(match[2]) == subscription_id:
            return returns.mailed_in(connection, int(match[1]), subscription_id)
        return returns.mailed_last(connection, [subscription_id])
    return None


def notice_id(signer: Signer, extension: str) -> int:
    """The notice that a report is about, 0 when it is about none."""
    return _subject(signer.verify, "notice", extension, NOTICE_RETURNED)


def mailed_to(connection: Connection, signer: Signer, report: Report, recipient: str) -> Mailed | None:
    """The same for one who may be believed, such as a provider: the address is enough, when one of ours has it."""
    held = subscribers.of_address(connection, recipient)
    found = mailed(connection, signer, "", report)
    if found and (not held or held[0].subscriber.id == found.subscriber_id):
        return found
    return returns.mailed_last(connection, [one.id for one in held]) if held else None


def came_back(report: Report, whom: Mailed, *, source: str, now: datetime) -> Return | None:
    """What a report says of one reader's mail; None when it says nothing that counts.

    The reader's own address goes first, for a report may be about several; an address that it was passed on to may be
    named in its place.
    """
    if report.feedback:
        if not report.feedback.is_unwelcome:
            return None
        return _return(ReturnKind.COMPLAINT, report.feedback.kind, whom, source, now)
    own = whom.email.casefold()
    named = [one for one in report.failures if own in (one.recipient.casefold(), one.original.casefold())]
    for one in (named or report.failures)[:1]:
        kind = ReturnKind.LATE if one.is_late else ReturnKind.HARD if one.is_hard else ReturnKind.SOFT
        return _return(kind, one.reason, whom, source, now, status=one.status, said=one.said)
    return None


def _return(
    kind: ReturnKind, reason: str, whom: Mailed, source: str, now: datetime, *, status: str = "", said: str = ""
) -> Return:
    return Return(
        kind=kind,
        subscriber_id=whom.subscriber_id,
        delivery_id=whom.delivery_id,
        reason=reason,
        status=status,
        said=said,
        source=source,
        came_at=now,
    )


def _subject(verify: Callable[[str, str], int], purpose: str, extension: str, prefix: str) -> int:
    if not extension.startswith(prefix):
        return 0
    try:
        return verify(purpose, extension.removeprefix(prefix))
    except TokenError:
        return 0


def _linked(signer: Signer, report: Report) -> Iterator[int]:
    for value in report.returned.all("list-unsubscribe"):
        for match in _LINK.finditer(value):
            try:
                subscription_id = signer.verify("unsubscribe", match[1] or match[2])
            except TokenError:
                continue
            if subscription_id:
                yield subscription_id
