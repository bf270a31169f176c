"""What is remembered of mail that came in, and of mailboxes, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syndicate.model import MailboxStatus
from syndicate.store import Store, mailboxes, received
from tests.newsroom import MONDAY


def test_a_mail_is_noted_once(store: Store) -> None:
    with store.write() as connection:
        assert received.kind(connection, "a") is None
        assert received.add(connection, "a", "command", now=MONDAY)
        assert not received.add(connection, "a", "bounce", now=MONDAY)
        assert received.add(connection, "b", "bounce", now=MONDAY)
        assert received.add(connection, "c", "bounce", now=MONDAY + timedelta(days=1))
    with store.read() as connection:
        assert received.kind(connection, "a") == "command"
        assert received.counts(connection, since=MONDAY) == {"bounce": 2, "command": 1}
        assert received.counts(connection, since=MONDAY + timedelta(hours=1)) == {"bounce": 1}


def test_what_is_old_is_forgotten(store: Store) -> None:
    with store.write() as connection:
        received.add(connection, "a", "command", now=MONDAY)
        received.add(connection, "b", "command", now=MONDAY + received.KEPT)
        assert received.kind(connection, "a") == "command"
        received.add(connection, "c", "command", now=MONDAY + received.KEPT + timedelta(seconds=1))
        assert received.kind(connection, "a") is None
        assert received.kind(connection, "b") == "command"


def test_a_mailbox_is_known_by_its_name(store: Store) -> None:
    blank = MailboxStatus(name="imaps://a@b")
    with store.write() as connection:
        assert mailboxes.status(connection, blank.name) == blank
        mailboxes.save(connection, blank)
        read = replace(blank, uid_validity=2**32 - 1, uid=2**32 - 1, checked_at=MONDAY, failures=2, error="no")
        mailboxes.save(connection, read)
    with store.read() as connection:
        assert mailboxes.status(connection, blank.name) == read
        assert mailboxes.status(connection, "imaps://c@d") == MailboxStatus(name="imaps://c@d")
