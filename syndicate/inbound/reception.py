"""Deals with one mail: what it is, what it wants, and what is answered. The listener and the mailbox hand it over.

1. A mail that was dealt with before, to the same address, is recognised by its fingerprint, and nothing more happens.
2. ``sort`` says what it is. Whatever is neither a command nor a report is only counted.
3. What a command wants is done through the audience, whose functions change nothing the second time. What a report
   says is done in the transaction of step 4, if it is about our mail for certain (``matching``).
4. The fingerprint is kept and the answer queued, if there is one, in one transaction; the jobs send the answer. A crash
   before that has the mail handed over again, and step 3 bears it.

Anyone can write anything into From, so it proves nothing: who subscribes is asked back, and who wants to leave without
a token is sent one. A token needs no From: it came to its reader's mailbox and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256

import structlog

from syndicate.audience import requests
from syndicate.audience.address import normalise
from syndicate.audience.limits import Gate
from syndicate.audience.returns import take_back
from syndicate.audience.subscribe import unsubscribe, wish
from syndicate.errors import AddressError, NotFoundError, TokenError
from syndicate.inbound.addresses import Addresses
from syndicate.inbound.command import Word
from syndicate.inbound.matching import came_back, mailed, notice_id
from syndicate.inbound.reports.report import Report
from syndicate.inbound.sort import Envelope, Kind, Sorted, sort
from syndicate.model import SubscriptionState, Via
from syndicate.render.links import Signer
from syndicate.settings import Newsletter, Settings
from syndicate.store import Connection, Store, notices, received, subscribers, suppressions
from syndicate.store.notices import Notice

_TEST_COPY = 0
_DAY = timedelta(days=1)

log = structlog.get_logger()


class Reception:
    """Called with each mail, from any thread; says what it was. :raises StoreError: when the database can't be used."""

    def __init__(
        self, settings: Settings, store: Store, signer: Signer, gate: Gate, clock: Callable[[], datetime]
    ) -> None:
        self.addresses = Addresses(settings.newsletters)
        self._settings, self._store, self._signer, self._gate, self._clock = settings, store, signer, gate, clock

    def __call__(self, content: bytes, envelope: Envelope) -> Kind:
        now = self._clock()
        fingerprint = sha256((envelope.recipient or "").encode("utf-8", "replace") + b"\0" + content).hexdigest()
        with self._store.read() as connection:
            known = received.kind(connection, fingerprint)
        if known is not None:
            return Kind(known)
        found = sort(content, envelope, self.addresses)
        kind, answer = found.kind, None
        if kind is Kind.COMMAND:
            try:
                answer = self._act(found, now)
            except AddressError:
                kind = Kind.UNKNOWN
        with self._store.write() as connection:
            is_new = received.add(connection, fingerprint, kind, now=now)
            if is_new and answer:
                self._queue(connection, answer)
            if is_new and found.report:
                self._returned(connection, found.report, found.place.extension if found.place else "", now)
        return kind

    def _returned(self, connection: Connection, report: Report, extension: str, now: datetime) -> None:
        """Does what a report says, if it is about mail that went out here."""
        if number := notice_id(self._signer, extension):
            email = notices.email_of(connection, number)
            if email and any(one.is_hard for one in report.failures):
                suppressions.add(connection, email, f"bounced: {report.failures[0].reason}", now=now)
            return
        whom = mailed(connection, self._signer, extension, report)
        came = came_back(report, whom, source="mail", now=now) if whom else None
        if whom is None or came is None:
            log.info("a report is not about our mail", recipients=len(report.recipients))
            return
        is_banned = take_back(connection, self._settings.bounces, whom, came)
        log.info("mail came back", subscriber=whom.subscriber_id, kind=came.kind, banned=is_banned)

    def _act(self, found: Sorted, now: datetime) -> Notice | None:
        """Does what a command wants, and returns what there is to say.

        :raises AddressError: when its author is nobody who can be answered, and it has no other proof.
        """
        assert found.command is not None
        match found.command.word:
            case Word.SUBSCRIBE:
                return self._subscribe(found, now)
            case Word.UNSUBSCRIBE:
                return self._unsubscribe(found, now)
            case Word.CONFIRM:
                return self._confirm(found, found.command.token, now)
            case Word.HELP:
                return self._help(found, now)

    def _subscribe(self, found: Sorted, now: datetime) -> Notice | None:
        wanted, email = _newsletters(found), normalise(found.author)
        if len(wanted) > 1:
            return self._help(found, now)
        if refusal := self._gate.admit(None, email):
            log.info("a request by mail is not taken", limit=refusal)
        else:
            asked = wish(self._settings.newsletters, email=email, slugs=[wanted[0].slug])
            requests.ask(self._store, self._settings, asked, via=Via.MAIL, in_reply_to=found.message_id, now=now)
        return None

    def _unsubscribe(self, found: Sorted, now: datetime) -> Notice | None:
        assert found.command is not None
        try:
            subscription_id = self._signer.verify("unsubscribe", found.command.token)
            if subscription_id != _TEST_COPY:
                unsubscribe(self._store, subscription_id, now=now, via=Via.MAIL)
        except (TokenError, NotFoundError):
            return None if found.is_automatic else self._ask_to_leave(found, now)
        return None

    def _ask_to_leave(self, found: Sorted, now: datetime) -> Notice:
        """The links that end what this address gets from there, for From alone must not end it."""
        email, wanted = normalise(found.author), {one.slug: one.title for one in _newsletters(found)}
        with self._store.read() as connection:
            held = subscribers.of_address(connection, email)
        going_on = [one for one in held if one.newsletter in wanted and one.state is not SubscriptionState.UNSUBSCRIBED]
        leaving = [{"id": one.id, "title": wanted[one.newsletter]} for one in going_on]
        titles = [one["title"] for one in leaving] or list(wanted.values())
        language = held[0].subscriber.language if held else None
        return _answer(notices.LEAVE, found, now, language=language, titles=titles, leaving=leaving)

    def _confirm(self, found: Sorted, token: str, now: datetime) -> Notice:
        try:
            confirmed = requests.confirm(self._store, self._settings, token, now=now)
        except TokenError:
            return _answer(notices.NOT_CONFIRMED, found, now)
        facts: dict[str, object] = {"titles": [self._title(one.newsletter) for one in confirmed.subscriptions]}
        language = None
        for first in confirmed.subscriptions[:1]:
            facts["subscription_id"], language = first.id, first.subscriber.language
        return _answer(notices.CONFIRMED, found, now, email=confirmed.email, language=language, **facts)

    def _title(self, slug: str) -> str:
        newsletter = self._settings.newsletter(slug)
        return newsletter.title if newsletter else slug

    def _help(self, found: Sorted, now: datetime) -> Notice:
        assert found.place is not None
        offered = [{"slug": one.slug, "title": one.title} for one in found.place.newsletters]
        first = found.place.newsletters[0]
        people = parseaddr(first.reply_to or "")[1]
        return _answer(notices.HELP, found, now, address=first.address, newsletters=offered, people=people)

    def _queue(self, connection: Connection, answer: Notice) -> None:
        """Has it sent, unless its address had too many answers in the last 24 hours, or all have too many now."""
        today = notices.count(connection, answer.email, notices.ANSWERS, since=answer.planned_at - _DAY)
        if today < self._settings.inbound.replies_per_day and not self._gate.admit(None, answer.email):
            notices.queue(connection, answer)
        else:
            log.info("a mail is not answered, there were too many", newsletter=answer.newsletter)


def _answer(
    kind: str, found: Sorted, now: datetime, *, email: str = "", language: str | None = None, **facts: object
) -> Notice:
    """A notice in answer to a mail, to its author unless ``email`` says otherwise. :raises AddressError: for nobody."""
    return Notice(
        kind=kind,
        email=email or normalise(found.author),
        newsletter=_newsletters(found)[0].slug,
        language=language,
        facts=facts,
        in_reply_to=found.message_id,
        planned_at=now,
    )


def _newsletters(found: Sorted) -> tuple[Newsletter, ...]:
    """The newsletters that a command is about: the one that was named, or all that share the address."""
    assert found.place is not None
    assert found.command is not None
    named = tuple(one for one in found.place.newsletters if one.slug == found.command.newsletter)
    return named or found.place.newsletters
