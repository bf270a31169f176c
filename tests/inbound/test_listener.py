"""The listener as an MTA sees it: real SMTP and LMTP, what is refused, and what a bad client can't do."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from syndicate.errors import BusyError, SyndicateError
from syndicate.inbound import listener as listening
from syndicate.inbound.listener import Listener
from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.sort import Envelope, Kind, Receive
from syndicate.settings import Inbound
from tests.inbound.letters import ADDRESSES, letter

pytestmark = pytest.mark.anyio

NEWS, BRIEF = "news@lake.example", "brief+help@lake.example"


class Desk:
    """What the listener hands mail to; ``says`` is the answer, or what is raised."""

    def __init__(self) -> None:
        self.mails: list[tuple[bytes, Envelope]] = []
        self.says: Callable[[Envelope], Kind] = lambda _: Kind.COMMAND

    def __call__(self, content: bytes, envelope: Envelope) -> Kind:
        self.mails.append((content, envelope))
        return self.says(envelope)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@asynccontextmanager
async def listen(receive: Receive, scheme: str = "lmtp", max_bytes: int = 100_000) -> AsyncIterator[Listener]:
    settings = Inbound(listen=f"{scheme}://127.0.0.1:0", max_bytes=max_bytes)
    async with Listener(settings, ADDRESSES, receive) as listener:
        yield listener


async def talk(listener: Listener, *commands: bytes) -> list[bytes]:
    """Sends each of these and reads the answer to it, after the greeting."""
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    answers = [await reader.readline()]
    for command in commands:
        writer.write(command)
        answers.append(await reader.readline())
        while answers[-1][3:4] == b"-":
            answers[-1] = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answers[1:]


def lmtp(listener: Listener) -> smtplib.LMTP:
    return smtplib.LMTP(listener.host, listener.port, timeout=10)


def smtp(listener: Listener) -> smtplib.SMTP:
    return smtplib.SMTP(listener.host, listener.port, timeout=10)


@pytest.mark.parametrize("scheme", ["lmtp", "smtp"])
async def test_a_mail_arrives_as_it_was_sent(desk: Desk, scheme: str) -> None:
    content = letter("subscribe", ".a line\r\n..\r\n.\r\nwith dots, and ä")

    def send(listener: Listener) -> None:
        with (lmtp if scheme == "lmtp" else smtp)(listener) as client:
            client.sendmail("ana@reader.example", [NEWS], content, ["BODY=8BITMIME"])
            client.sendmail("", [BRIEF], b"")
            client.sendmail("", [BRIEF], b".\r\n")

    async with listen(desk, scheme) as listener:
        await asyncio.to_thread(send, listener)
    assert desk.mails == [
        (content, Envelope("ana@reader.example", NEWS)),
        (b"\r\n", Envelope("", BRIEF)),
        (b".\r\n", Envelope("", BRIEF)),
    ]


async def test_strangers_are_refused_one_by_one(desk: Desk) -> None:
    def send(listener: Listener) -> dict[str, tuple[int, bytes]]:
        with lmtp(listener) as client:
            recipients = ["ana@reader.example", NEWS, "news+other@lake.example", "<@lake.example:a@reader.example>"]
            return client.sendmail("ana@reader.example", recipients, letter())

    async with listen(desk) as listener:
        refused = await asyncio.to_thread(send, listener)
    assert {code for code, _ in refused.values()} <= {550, 553}
    assert len(refused) == 3
    assert [envelope.recipient for _, envelope in desk.mails] == [NEWS]


async def test_lmtp_has_a_reply_for_each_recipient(desk: Desk) -> None:
    desk.says = lambda envelope: Kind.UNKNOWN if envelope.recipient == NEWS else Kind.COMMAND
    async with listen(desk) as listener:
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        lines = [b"LHLO mta", b"MAIL FROM:<>", b"RCPT TO:<%s>", b"RCPT TO:<%s>", b"DATA"]
        writer.write(b"\r\n".join(lines) % (NEWS.encode(), BRIEF.encode()) + b"\r\n")
        while not (line := await reader.readline()).startswith(b"354"):
            assert line[:3] in (b"220", b"250"), line
        writer.write(b"Subject: x\r\n\r\n.\r\nQUIT\r\n")
        answers = (await reader.read()).splitlines()
        writer.close()
    assert [answer[:9] for answer in answers] == [b"550 5.7.1", b"250 2.0.0", b"221 Bye"]


async def test_what_is_offered_is_what_lmtp_wants(desk: Desk) -> None:
    def look(listener: Listener) -> set[str]:
        with lmtp(listener) as client:
            client.ehlo()
            return set(client.esmtp_features)

    async with listen(desk) as listener:
        offered = await asyncio.to_thread(look, listener)
        assert {"pipelining", "enhancedstatuscodes", "size", "8bitmime"} <= offered
        assert "auth" not in offered
        assert (await talk(listener, b"EHLO x\r\n"))[0].startswith(b"500")


@pytest.mark.parametrize("scheme", ["lmtp", "smtp"])
async def test_letters_to_people_are_refused_with_the_reason(desk: Desk, scheme: str) -> None:
    desk.says = lambda _: Kind.UNKNOWN

    def send(listener: Listener) -> object:
        with (lmtp if scheme == "lmtp" else smtp)(listener) as client:
            with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused)) as caught:
                client.sendmail("ana@reader.example", [NEWS], letter("Hello"))
            return caught.value.args

    async with listen(desk, scheme) as listener:
        refused = str(await asyncio.to_thread(send, listener))
    assert "550" in refused
    assert "reads commands only" in refused


async def test_a_database_that_is_busy_puts_the_mail_off(desk: Desk) -> None:
    def fail(_: Envelope) -> Kind:
        raise BusyError("sqlite:///x", "locked")

    def crash(_: Envelope) -> Kind:
        raise ZeroDivisionError

    talked = [b"LHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<news@lake.example>\r\n", b"DATA\r\n", b"x\r\n.\r\n"]
    async with listen(desk) as listener:
        for desk.says in (fail, crash):
            assert (await talk(listener, *talked))[-1] == b"451 4.3.0 not now; try again later\r\n"


async def test_one_reply_in_smtp_is_the_one_that_loses_nothing(desk: Desk) -> None:
    def some(envelope: Envelope) -> Kind:
        if envelope.recipient == BRIEF:
            raise BusyError("sqlite:///x", "locked")
        return Kind.COMMAND

    desk.says = some
    talked = [b"EHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<%s>\r\n" % NEWS.encode()]
    talked += [b"RCPT TO:<%s>\r\n" % BRIEF.encode(), b"DATA\r\n", b"x\r\n.\r\n"]
    async with listen(desk, "smtp") as listener:
        assert (await talk(listener, *talked))[-1][:9] == b"451 4.3.0"


async def test_size_is_limited_and_only_the_beginning_kept(desk: Desk) -> None:
    begin = [b"LHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<news@lake.example>\r\n", b"DATA\r\n"]
    lines = (b"x" * 98 + b"\r\n") * 15_000
    async with listen(desk, max_bytes=len(lines)) as listener:
        assert (await talk(listener, b"LHLO mta\r\n", b"MAIL FROM:<> SIZE=9999999\r\n"))[-1][:3] == b"552"
        assert (await talk(listener, *begin, lines + b"y\r\n.\r\n"))[-1][:9] == b"552 5.3.4"
        assert desk.mails == []
        assert (await talk(listener, *begin, lines + b".\r\n"))[-1][:9] == b"250 2.0.0"
    (kept, _) = desk.mails[0]
    assert ENOUGH <= len(kept) <= ENOUGH + 5
    assert lines.startswith(kept)


async def test_nonsense_is_answered_and_ends(desk: Desk) -> None:
    async with listen(desk) as listener:
        answers = await talk(
            listener, b"\x00\xff\r\n", b'MAIL FROM:<"\r\n', b"LHLO x\r\n", b'MAIL FROM:<"\r\n', b"DATA\r\n"
        )
        assert all(answer[:1] in b"25" for answer in answers)
        assert answers[-1][:3] == b"503"
        answers = await talk(listener, b"LHLO x\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<(\r\n", b"DATA x\r\n")
        assert [answer[:1] for answer in answers] == [b"2", b"2", b"5", b"5"]
        answers = await talk(listener, b"x" * 5000 + b"\r\n", b"LHLO x\r\n")
        assert [answer[:1] for answer in answers] == [b"5", b"2"]


async def test_who_talks_on_before_the_answer_to_data_is_cut_off(desk: Desk) -> None:
    async with listen(desk, "smtp") as listener:
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<news@lake.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n")
        answers = (await reader.read()).splitlines()
        writer.close()
    assert answers[-1][:9] == b"554 5.5.0"
    assert desk.mails == []


async def test_a_client_that_goes_away_leaves_nothing(desk: Desk) -> None:
    async with listen(desk) as listener:
        begin = [b"LHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<news@lake.example>\r\n", b"DATA\r\n"]
        await talk(listener, *begin)
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        await reader.readline()
        writer.write(b"".join(begin))
        while not (await reader.readline()).startswith(b"354"):
            pass
        writer.write(b"Subject: subscribe\r\n\r\n")
        await writer.drain()
        ended = [one._ended for one in listener.conversations]
        writer.close()
        await asyncio.wait(ended)
    assert desk.mails == []


async def test_ten_million_bytes_of_nothing_cost_little(desk: Desk) -> None:
    begin = [b"LHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<news@lake.example>\r\n", b"DATA\r\n"]
    content = b"\r\n" * 5_000_000
    async with listen(desk, max_bytes=len(content)) as listener:
        tracemalloc.start()
        started = time.process_time()
        assert (await talk(listener, *begin, content + b".\r\n"))[-1][:3] == b"250"
        took = time.process_time() - started
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert took < 3
    assert peak < len(content) * 3  # what the test itself sends is among it


async def test_connections_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST_CONNECTIONS", 2)
    async with listen(desk) as listener:
        held = [await asyncio.open_connection(listener.host, listener.port) for _ in range(2)]
        for reader, _ in held:
            assert (await reader.readline())[:3] == b"220"
        reader, writer = await asyncio.open_connection(listener.host, listener.port)
        assert (await reader.read())[:9] == b"421 4.3.2"
        writer.close()
        held[0][1].close()
        ended = [one._ended for one in listener.conversations]
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        assert (await talk(listener, b"LHLO x\r\n"))[0][:3] == b"250"
        held[1][1].close()


async def test_stopping_answers_what_was_taken(desk: Desk) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def slowly(_: Envelope) -> Kind:
        begun.set()
        assert let_go.wait(30)
        return Kind.COMMAND

    desk.says = slowly
    async with listen(desk) as listener:
        idle = await asyncio.open_connection(listener.host, listener.port)
        half = await asyncio.open_connection(listener.host, listener.port)
        half[1].write(b"LHLO mta\r\nMAIL FROM:<>\r\nRCPT TO:<news@lake.example>\r\nDATA\r\n")
        while not (await half[0].readline()).startswith(b"354"):
            pass
        half[1].write(b"Subject: half\r\n")
        begin = [b"LHLO mta\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<news@lake.example>\r\n", b"DATA\r\n", b"x\r\n.\r\n"]
        talking = asyncio.create_task(talk(listener, *begin))
        await asyncio.to_thread(begun.wait, 30)
        asyncio.get_running_loop().call_later(0.05, let_go.set)
    assert (await talking)[-1][:3] == b"250"
    assert len(desk.mails) == 1
    for _, writer in (idle, half):
        writer.close()


async def test_a_place_that_is_taken_says_so(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Inbound(listen=f"lmtp://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(SyndicateError, match=r"can't listen for mail.*change inbound\.listen"):
            async with Listener(settings, ADDRESSES, desk):
                pass
