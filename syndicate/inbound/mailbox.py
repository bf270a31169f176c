"""Looks into a mailbox on an IMAP server, for those who have no MTA; `serve` does it by the clock, `run` once.

Mail is taken in the order of its UIDs. Each is first dealt with, then its UID is remembered (RFC 9051 §2.3.1.1):
whatever a crash cuts off is done at the next look, and what was done already is recognised by its fingerprint.
Commands, bounces and complaints are moved or marked in between; all else is left as it is, for people may read that
mailbox too.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from imaplib import IMAP4

import structlog
from imap_tools import ImapToolsError, MailBox

from syndicate.errors import StoreError
from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.sort import Envelope, Kind, Receive
from syndicate.model import MailboxStatus
from syndicate.settings import Inbound
from syndicate.store import Store, mailboxes
from syndicate.store.received import KEPT

AT_ONCE = 200
"""At most so many mails in one look; the next one goes on."""

_TIMEOUT_SECONDS = 30
_LONGEST_WAIT = timedelta(hours=1)
_TROUBLE = (ImapToolsError, IMAP4.error, OSError, UnicodeError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look found: how many mails of each kind, and what went wrong, if anything did."""

    kinds: Counter[str] = field(default_factory=Counter)
    error: str = ""


def poll(settings: Inbound, store: Store, receive: Receive, *, now: datetime, even_if_failing: bool = False) -> Polled:
    """Deals with the mail that came since the last look; ``settings.mailbox`` must be set.

    A mailbox that failed is left alone for a while, longer with each failure, unless ``even_if_failing``.

    :raises StoreError: when the database can't be used.
    """
    name = settings.mailbox or ""
    with store.read() as connection:
        known = mailboxes.status(connection, name)
    if known.retry_at and now < known.retry_at and not even_if_failing:
        return Polled()
    polled, reading = Polled(), _Reading(settings, store, receive, known, now)
    try:
        with _signed_in(settings) as mailbox:
            reading.all_new(mailbox, polled.kinds)
    except _TROUBLE as error:
        polled = replace(polled, error=_reason(error, settings))
    reading.save(_after(reading.known, settings, polled.error, now))
    return polled


def _after(known: MailboxStatus, settings: Inbound, error: str, now: datetime) -> MailboxStatus:
    """What is known after a look; failures put the next one off."""
    if not error:
        return replace(known, checked_at=now, succeeded_at=now, retry_at=None, failures=0, error="")
    wait = min(settings.every * 2 ** min(known.failures, 10), _LONGEST_WAIT)
    return replace(known, checked_at=now, retry_at=now + wait, failures=known.failures + 1, error=error)


class _Reading:
    """One look: ``known`` moves on with each mail."""

    def __init__(self, settings: Inbound, store: Store, receive: Receive, known: MailboxStatus, now: datetime) -> None:
        self._settings, self._store, self._receive, self._now = settings, store, receive, now
        self.known = known

    def save(self, known: MailboxStatus) -> None:
        self.known = known
        with self._store.write() as connection:
            mailboxes.save(connection, known)

    def all_new(self, mailbox: MailBox, kinds: Counter[str]) -> None:
        validity, next_uid = (_number(mailbox, name) for name in ("UIDVALIDITY", "UIDNEXT"))
        recent = f"SINCE {(self._now - KEPT):%d-%b-%Y}"
        if validity != self.known.uid_validity:
            # The UIDs known so far mean nothing here: what people have read stays theirs.
            self.known = replace(self.known, uid_validity=validity, uid=0)
            recent += " UNSEEN"
        found = mailbox.uids(f"UID {self.known.uid + 1}:* {recent}", charset=None)
        waiting = sorted(uid for uid in map(int, found) if uid > self.known.uid)
        for uid in waiting[:AT_ONCE]:
            kind = self._one(mailbox, uid)
            if kind is not None:
                kinds[kind] += 1
            self.save(replace(self.known, uid=uid))
        if len(waiting) <= AT_ONCE:
            self.save(replace(self.known, uid=max(self.known.uid, next_uid - 1)))

    def _one(self, mailbox: MailBox, uid: int) -> Kind | None:
        content = _fetched(mailbox, uid)
        if content is None:
            return None
        try:
            kind = self._receive(content, Envelope())
        except StoreError:
            raise
        except Exception:
            log.exception("a mail can't be dealt with and is left in the mailbox", uid=uid)
            return Kind.UNKNOWN
        if kind in (Kind.COMMAND, Kind.BOUNCE, Kind.COMPLAINT):
            _put_away(mailbox, uid, self._settings.done)
        return kind


@contextmanager
def _signed_in(settings: Inbound) -> Iterator[MailBox]:
    account, password = settings.account, settings.password
    assert account is not None
    assert password is not None
    trusted = ssl.create_default_context(cafile=settings.ca_file)
    mailbox = MailBox(account.host, account.port, timeout=_TIMEOUT_SECONDS, ssl_context=trusted)
    try:
        secret = password.get_secret_value()
        sign_in = mailbox.login if (account.user + secret).isascii() else mailbox.login_utf8
        sign_in(account.user, secret, initial_folder=None)
        mailbox.client.capabilities = tuple(mailbox.client.capability()[1][0].decode().upper().split())
        mailbox.folder.set(account.folder)
        yield mailbox
    finally:
        with suppress(*_TROUBLE):
            mailbox.logout()


def _number(mailbox: MailBox, name: str) -> int:
    """A number that the server told when the folder was opened (RFC 9051 §6.3.2)."""
    _, told = mailbox.client.response(name)
    if not told or not told[0]:
        raise IMAP4.error(f"the server does not tell {name}")
    return int(told[0])


def _fetched(mailbox: MailBox, uid: int) -> bytes | None:
    """The beginning of a mail, which stays unread; None when it is gone."""
    _, answer = mailbox.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{ENOUGH}>)")
    return next((bytes(part[1]) for part in answer or () if isinstance(part, Sequence) and len(part) == 2), None)


def _put_away(mailbox: MailBox, uid: int, folder: str) -> None:
    """Moves a mail, or marks it as read.

    Without MOVE (RFC 6851) it is copied and marked as deleted: others' marks in that folder are not ours to expunge.
    """
    if folder and "MOVE" in mailbox.client.capabilities:
        mailbox.move(str(uid), folder)
        return
    if folder:
        mailbox.copy(str(uid), folder)
    flags = r"(\Seen \Deleted)" if folder else r"(\Seen)"
    status, said = mailbox.client.uid("STORE", str(uid), "+FLAGS.SILENT", flags)
    if status != "OK":
        raise IMAP4.error(f"the mail can't be marked: {said[0]!r}")


def _reason(error: BaseException, settings: Inbound) -> str:
    said = str(error) or type(error).__name__
    assert settings.password is not None
    return " ".join(said.replace(settings.password.get_secret_value(), "…").split())[:300]
