"""The poller against a real Dovecot: nothing is lost and nothing done twice, wherever it is cut off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.errors import BusyError
from syndicate.inbound import mailbox as mailboxes
from syndicate.inbound.mailbox import poll
from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.sort import Envelope, Kind, sort
from syndicate.model import MailboxStatus
from syndicate.settings import Inbound
from syndicate.store import Store
from syndicate.store import mailboxes as kept
from tests.inbound.dovecot import PASSWORD, Dovecot, dovecot, dovecot_is_there
from tests.inbound.letters import ADDRESSES, letter
from tests.inbound.reports.mails import dsn, failed
from tests.tables import ready

NOW = datetime.now(UTC)


class Killed(BaseException):
    """What the operating system does to us."""


class Desk:
    """What the poller hands mail to: the subjects it saw, in order."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.fails: BaseException | None = None

    def __call__(self, content: bytes, envelope: Envelope) -> Kind:
        assert envelope == Envelope()
        self.subjects.append(content.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode())
        if self.fails:
            raise self.fails
        return sort(content, envelope, ADDRESSES).kind


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    if not dovecot_is_there():
        pytest.skip("an IMAP server for tests is not installed: apt-get install dovecot-imapd")
    with dovecot() as started:
        yield started


@pytest.fixture
def imap(server: Dovecot) -> Iterator[Dovecot]:
    """The server, its folders empty again afterwards."""
    yield server
    with server.client() as client:
        for folder in ("INBOX", "Done"):
            if client.select(folder)[0] == "OK":
                client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
                client.expunge()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{ready(tmp_path)}")
    yield opened
    opened.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def settings(imap: Dovecot, **more: Any) -> Inbound:
    given = {"mailbox": imap.url, "password": PASSWORD, "ca_file": imap.ca_file, **more}
    return Inbound.model_validate(given)


def status(store: Store, inbound: Inbound) -> MailboxStatus:
    with store.read() as connection:
        return kept.status(connection, inbound.mailbox or "")


def test_commands_are_marked_and_letters_left(imap: Dovecot, store: Store, desk: Desk) -> None:
    imap.deliver(letter("subscribe"), letter("Dear editors"), letter("Away", Auto_Submitted="auto-replied"))
    polled = poll(settings(imap), store, desk, now=NOW)
    assert polled.kinds == {Kind.COMMAND: 1, Kind.UNKNOWN: 1, Kind.AUTO: 1}
    assert [(subject, flags) for _, subject, flags in imap.look()] == [
        ("subscribe", r"\Seen"),
        ("Dear editors", ""),
        ("Away", ""),
    ]
    imap.deliver(letter("help"))
    assert poll(settings(imap), store, desk, now=NOW).kinds == {Kind.COMMAND: 1}
    assert poll(settings(imap), store, desk, now=NOW).kinds == {}
    assert desk.subjects == ["subscribe", "Dear editors", "Away", "help"]


def test_commands_and_reports_are_moved(imap: Dovecot, store: Store, desk: Desk) -> None:
    with imap.client() as client:
        client.create("Done")
    bounce = dsn(failed("ana@reader.example", "5.1.1", "550 No such user")).replace("\n", "\r\n").encode()
    imap.deliver(letter("subscribe"), letter("Dear editors"), bounce)
    poll(settings(imap, done="Done"), store, desk, now=NOW)
    assert [subject for _, subject, _ in imap.look()] == ["Dear editors"]
    assert [subject for _, subject, _ in imap.look("Done")] == ["subscribe", "Delivery failure"]


def test_another_folder_with_a_name_beyond_ascii(imap: Dovecot, store: Store, desk: Desk) -> None:
    with imap.client() as client:
        client.create("Pri&AWE-teno")
        client.append("Pri&AWE-teno", "", None, letter("subscribe"))
    assert poll(settings(imap, mailbox=f"{imap.url}/Pri%C5%A1teno"), store, desk, now=NOW).error == ""
    assert desk.subjects == ["subscribe"]


@pytest.mark.parametrize("at", ["fetched", "done", "put away"])
def test_killed_in_the_middle(
    imap: Dovecot, store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Between fetching and doing, between doing and marking, between marking and remembering."""
    imap.deliver(letter("help"), letter("subscribe"), letter("unsubscribe"))
    real = mailboxes._put_away
    seen = []

    def put_away(mailbox: Any, uid: int, folder: str) -> None:
        seen.append(uid)
        if len(seen) == 2:
            if at == "put away":
                real(mailbox, uid, folder)
            raise Killed
        real(mailbox, uid, folder)

    def receive(content: bytes, envelope: Envelope) -> Kind:
        if len(desk.subjects) == 1:
            raise Killed
        return desk(content, envelope)

    with monkeypatch.context() as patched:
        if at != "fetched":
            patched.setattr(mailboxes, "_put_away", put_away)
        with pytest.raises(Killed):
            poll(settings(imap), store, receive if at == "fetched" else desk, now=NOW)
    poll(settings(imap), store, desk, now=NOW)
    repeated = [] if at == "fetched" else ["subscribe"]
    assert desk.subjects == ["help", "subscribe", *repeated, "unsubscribe"]
    assert {flags for _, _, flags in imap.look()} == {r"\Seen"}


def test_a_busy_database_loses_nothing(imap: Dovecot, store: Store, desk: Desk) -> None:
    imap.deliver(letter("subscribe"))
    desk.fails = BusyError("sqlite:///x", "locked")
    with pytest.raises(BusyError):
        poll(settings(imap), store, desk, now=NOW)
    desk.fails = None
    assert poll(settings(imap), store, desk, now=NOW).kinds == {Kind.COMMAND: 1}


def test_a_mail_that_breaks_us_is_left_and_passed(imap: Dovecot, store: Store, desk: Desk) -> None:
    imap.deliver(letter("subscribe"))
    desk.fails = ZeroDivisionError()
    assert poll(settings(imap), store, desk, now=NOW).kinds == {Kind.UNKNOWN: 1}
    desk.fails = None
    imap.deliver(letter("help"))
    assert poll(settings(imap), store, desk, now=NOW).kinds == {Kind.COMMAND: 1}
    assert [flags for _, _, flags in imap.look()] == ["", r"\Seen"]


def test_what_people_had_read_before_is_theirs(imap: Dovecot, store: Store, desk: Desk) -> None:
    imap.deliver(letter("subscribe"), flags=r"(\Seen)")
    imap.deliver(letter("help"))
    poll(settings(imap), store, desk, now=NOW)
    assert desk.subjects == ["help"]
    imap.deliver(letter("unsubscribe"), flags=r"(\Seen)")
    poll(settings(imap), store, desk, now=NOW)
    assert desk.subjects == ["help", "unsubscribe"]


def test_a_mailbox_that_was_made_anew_is_read_anew(imap: Dovecot, store: Store, desk: Desk) -> None:
    imap.deliver(letter("help"))
    inbound = settings(imap)
    poll(inbound, store, desk, now=NOW)
    with store.write() as connection:
        kept.save(connection, replace(status(store, inbound), uid_validity=1, uid=10_000))
    imap.deliver(letter("subscribe"))
    poll(inbound, store, desk, now=NOW)
    assert desk.subjects == ["help", "subscribe"]


def test_many_mails_are_taken_in_turns(
    imap: Dovecot, store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "AT_ONCE", 2)
    imap.deliver(*(letter("help", str(number)) for number in range(5)))
    assert [sum(poll(settings(imap), store, desk, now=NOW).kinds.values()) for _ in range(4)] == [2, 2, 1, 0]


def test_only_the_beginning_of_a_huge_mail_is_fetched(imap: Dovecot, store: Store) -> None:
    sizes = []

    def receive(content: bytes, envelope: Envelope) -> Kind:
        sizes.append(len(content))
        return Kind.COMMAND

    imap.deliver(letter("subscribe", "line\r\n" * 2_000_000), b"\r\n")
    assert poll(settings(imap), store, receive, now=NOW).error == ""
    assert sizes == [ENOUGH, 2]


def test_failures_wait_longer_each_time_and_say_why(imap: Dovecot, store: Store, desk: Desk) -> None:
    wrong = settings(imap, password="another secret")
    assert "AUTHENTICATIONFAILED" in poll(wrong, store, desk, now=NOW).error
    first = status(store, wrong)
    assert (first.failures, first.retry_at) == (1, NOW + timedelta(minutes=1))
    assert poll(wrong, store, desk, now=NOW + timedelta(seconds=59)).error == ""
    assert poll(wrong, store, desk, now=NOW + timedelta(seconds=60)).error
    later = status(store, wrong)
    assert later.retry_at == NOW + timedelta(minutes=3)
    assert "another secret" not in later.error
    imap.deliver(letter("help"))
    polled = poll(settings(imap), store, desk, now=NOW, even_if_failing=True)
    assert polled.kinds == {Kind.COMMAND: 1}
    assert status(store, wrong).error == ""
    assert status(store, wrong).failures == 0


def test_servers_that_are_not_there_or_not_who_they_say(imap: Dovecot, store: Store, desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "refused" in poll(settings(imap, mailbox=f"imaps://a@127.0.0.1:{port}"), store, desk, now=NOW).error
    assert "certificate" in poll(settings(imap, ca_file=None), store, desk, now=NOW).error
    missing = settings(imap, mailbox=f"{imap.url}/Nowhere")
    assert "Nowhere" in poll(missing, store, desk, now=NOW).error
    assert status(store, missing).failures == 1
