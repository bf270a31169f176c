"""Mail → what it is: a reader's command, something automatic, a bounce, a complaint, or a letter to people. Pure.

The listener and the mailbox's poller hand it every mail, and so does ``syndicate inbound feed``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from syndicate.inbound.addresses import Addresses, Place
from syndicate.inbound.command import Command, Word, recognise
from syndicate.inbound.mime import Mail, read
from syndicate.inbound.reports import reading
from syndicate.inbound.reports.report import Report

_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "x-envelope-to")
_LISTS = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailing-list")
_MACHINE = re.compile(
    r"(?:mailer-daemon|postmaster|listserv|majordomo|mailman|root|daemon|no-?reply|do-?not-?reply|bounces?|owner-.*"
    r"|.*-(?:request|owner|bounces?|noreply))(?:[+=].*)?",
    re.IGNORECASE,
)
"""Local parts that machines write from (RFC 3834 §2)."""

_BOUNCE = re.compile(
    r"undeliver|non-?deliver|not (?:be )?delivered|delivery (?:status|failure|report|has failed|problem)"
    r"|returned (?:mail|to sender)|mail delivery|failure notice|unzustellbar",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a mail is, as far as can be told. ``unknown`` is for people."""

    COMMAND = "command"
    AUTO = "auto"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who handed it over for whom. ``sender`` is empty for ``<>``, None when nobody knows; so is ``recipient``."""

    sender: str | None = None
    recipient: str | None = None


Receive = Callable[[bytes, Envelope], Kind]
"""Does what a mail wants and says what it was. Called in threads; it may raise StoreError."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What was found. ``author`` is the one address in From, empty when there is none or more than one.

    What ``is_automatic`` is never answered. ``report`` is there for bounces and complaints that can be read.
    """

    kind: Kind
    place: Place | None
    author: str = ""
    command: Command | None = None
    is_automatic: bool = False
    message_id: str = ""
    report: Report | None = None


def sort(content: bytes, envelope: Envelope, addresses: Addresses) -> Sorted:
    """What that mail is. Whatever the bytes are, this is quick and does not raise.

    Automatic mail is never a command (RFC 3834 §2), with one exception: the bare subject of our own ``mailto:`` link,
    whose token proves the wish and which wants no answer.
    """
    mail = read(content)
    place = _place(mail, envelope, addresses)
    authors = mail.mailboxes("from")
    author = authors[0] if len(authors) == 1 else ""
    slugs = {one.slug for one in place.newsletters} if place else set()
    command = recognise(place.extension if place else "", mail.subject, mail.first_line, slugs)
    automatic = _is_automatic(mail, envelope, addresses, author)
    report = reading.read(content, is_null=_is_null(mail, envelope))
    kind = _kind(mail, envelope, author, command if place else None, report, is_automatic=automatic)
    return Sorted(
        kind,
        place,
        author,
        command if kind is Kind.COMMAND else None,
        is_automatic=automatic,
        message_id=_identity(mail.first("message-id")),
        report=report if kind in (Kind.BOUNCE, Kind.COMPLAINT) else None,
    )


def _kind(
    mail: Mail,
    envelope: Envelope,
    author: str,
    command: Command | None,
    report: Report | None,
    *,
    is_automatic: bool,
) -> Kind:
    if mail.report_type == "feedback-report" or (report and report.feedback):  # RFC 5965 §2
        return Kind.COMPLAINT
    if report:
        return Kind.BOUNCE if report.failures else Kind.AUTO
    if mail.report_type == "delivery-status":  # RFC 3464 §2
        return Kind.BOUNCE
    if command and command.word is Word.UNSUBSCRIBE and command.token and command.is_bare:
        return Kind.COMMAND
    if is_automatic:
        return Kind.BOUNCE if _is_bounce(mail, envelope, author) else Kind.AUTO
    return Kind.COMMAND if command and (author or command.token) else Kind.UNKNOWN


def _is_automatic(mail: Mail, envelope: Envelope, addresses: Addresses, author: str) -> bool:
    senders = [one for one in (envelope.sender, author) if one]
    return (
        _is_null(mail, envelope)
        or any(value.split(";")[0].strip().lower() != "no" for value in mail.all("auto-submitted"))  # RFC 3834 §5
        or any(value.strip().lower() in ("bulk", "list", "junk", "auto_reply") for value in mail.all("precedence"))
        or any(re.search(r"all|autoreply|oof", one, re.IGNORECASE) for one in mail.all("x-auto-response-suppress"))
        or any(mail.all(name) for name in _LISTS)
        or mail.content_type == "multipart/report"
        or any(addresses.find(one) for one in senders)
        or any(_MACHINE.fullmatch(one.rpartition("@")[0]) for one in senders)
    )


def _is_bounce(mail: Mail, envelope: Envelope, author: str) -> bool:
    from_daemon = author.rpartition("@")[0].lower() == "mailer-daemon"
    told = mail.all("x-failed-recipients") or _BOUNCE.search(mail.subject)
    return from_daemon or bool(_is_null(mail, envelope) and told)


def _is_null(mail: Mail, envelope: Envelope) -> bool:
    if envelope.sender is not None:
        return envelope.sender in ("", "<>")
    return any(value.strip() == "<>" for value in mail.all("return-path"))


def _place(mail: Mail, envelope: Envelope, addresses: Addresses) -> Place | None:
    if envelope.recipient is not None:
        return addresses.accepts(envelope.recipient)
    for names in (_DELIVERED, ("to", "cc")):
        for address in mail.mailboxes(*names):
            if place := addresses.accepts(address):
                return place
    return None


def _identity(text: str) -> str:
    """A Message-ID that may stand in a header of ours (RFC 5322 §3.6.4); empty for any other text."""
    match = re.fullmatch(r"\s*(<[!-;=?-~]{1,300}>)\s*", text)
    return match[1] if match and "@" in match[1] else ""
