"""What a mail is: one of each kind as the world sends them, and anything at all."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.inbound.command import Command, Word
from syndicate.inbound.sort import Envelope, Kind, sort
from tests.inbound.letters import ADDRESSES, letter

READER = Envelope("ana@reader.example", "news@lake.example")
NOBODY = Envelope("", "news@lake.example")
TOKEN = "17-" + "0a" * 16
DSN = (
    "--b\r\nContent-Type: text/plain\r\n\r\nunsubscribe\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.reader.example\r\n\r\nFinal-Recipient: rfc822; ana@reader.example\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\n--b--"
)


def report(kind: str) -> str:
    return f'multipart/report; report-type={kind}; boundary="b"'


def kind(content: bytes, envelope: Envelope = READER) -> Kind:
    return sort(content, envelope, ADDRESSES).kind


def test_a_command_has_its_author_place_and_thread() -> None:
    found = sort(letter("subscribe", References="<0@lake.example>"), READER, ADDRESSES)
    assert found.kind is Kind.COMMAND
    assert found.command == Command(Word.SUBSCRIBE, is_bare=True)
    assert found.author == "ana@reader.example"
    assert found.place is not None
    assert [one.slug for one in found.place.newsletters] == ["brief", "sport"]
    assert found.message_id == "<1@reader.example>"


def test_without_an_envelope_the_headers_tell() -> None:
    content = letter("hello", to="Ana <ana@reader.example>, Brief <brief+subscribe@lake.example>")
    found = sort(content, Envelope(), ADDRESSES)
    assert found.kind is Kind.COMMAND
    delivered = letter("hello", to="undisclosed-recipients:;", Delivered_To="brief+help@lake.example")
    assert sort(delivered, Envelope(), ADDRESSES).command == Command(Word.HELP)
    assert kind(letter("subscribe", to="ana@reader.example"), Envelope()) is Kind.UNKNOWN
    assert kind(letter("subscribe", Return_Path="<>"), Envelope()) is Kind.AUTO


@pytest.mark.parametrize(
    "content",
    [
        letter("", "unsubscribe\r\n\r\n-- \r\nAna"),
        letter("", "\r\n\r\n  Subscribe"),
        letter("=?utf-8?B?c3Vic2NyaWJl?="),
        letter("=?iso-8859-1?Q?unsub?=\r\n =?iso-8859-1?Q?scribe?="),
        letter("", "dW5zdWJzY3JpYmU=", Content_Transfer_Encoding="base64"),
        letter("", "<html><style>p{}</style><p>&#117;nsubscribe</p><p>x", Content_Type="text/html"),
        letter(
            "",
            "--x\r\nContent-Type: text/plain\r\n\r\n\r\nhelp\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>no\r\n--x--",
            Content_Type="multipart/alternative; boundary=x",
        ),
        letter("subscribe", Content_Type="multipart/mixed; boundary=missing"),
        letter("subscribe", Auto_Submitted="no"),
        letter("subscribe", Precedence="normal"),
    ],
)
def test_commands_in_many_shapes(content: bytes) -> None:
    assert kind(content) is Kind.COMMAND


@pytest.mark.parametrize(
    ("content", "envelope"),
    [
        (letter("subscribe"), NOBODY),
        (letter("subscribe", Auto_Submitted="auto-replied"), READER),
        (letter("help", Auto_Submitted="auto-generated; owner-email=x@y.example"), READER),
        (letter("subscribe", Precedence="Bulk"), READER),
        (letter("subscribe", Precedence="list"), READER),
        (letter("subscribe", Precedence="junk"), READER),
        (letter("subscribe", List_Id="<brief.lake.example>"), READER),
        (letter("subscribe", List_Post="<mailto:x@y.example>"), READER),
        (letter("subscribe", X_Auto_Response_Suppress="DR, OOF, AutoReply"), READER),
        (letter("subscribe", author="news@lake.example"), READER),
        (letter("subscribe", author="brief+bounce@LAKE.example"), READER),
        (letter("subscribe"), Envelope("news@lake.example", "brief@lake.example")),
        (letter("subscribe", author="no-reply@shop.example"), READER),
        (letter("subscribe", author="friends-request@lists.example"), READER),
        (letter("subscribe", Content_Type=report("disposition-notification")), READER),
        (letter(to="news+confirm-abc@lake.example"), Envelope("", "news+confirm-abc@lake.example")),
        (letter(f"Re: unsubscribe {TOKEN}", Auto_Submitted="auto-replied"), READER),
    ],
)
def test_automatic_mail_is_no_command(content: bytes, envelope: Envelope) -> None:
    found = sort(content, envelope, ADDRESSES)
    assert (found.kind, found.command, found.is_automatic) == (Kind.AUTO, None, True)


def test_a_mail_program_may_leave_for_its_reader() -> None:
    for envelope in (READER, NOBODY):
        found = sort(letter(f"unsubscribe {TOKEN}", Auto_Submitted="auto-generated"), envelope, ADDRESSES)
        assert found.command == Command(Word.UNSUBSCRIBE, TOKEN, is_bare=True)
        assert found.is_automatic


@pytest.mark.parametrize(
    ("content", "envelope"),
    [
        (letter("Undelivered Mail", DSN, Content_Type=report("delivery-status")), NOBODY),
        (letter("subscribe", DSN, Content_Type=report("Delivery-Status")), READER),
        (letter("failure notice", author="MAILER-DAEMON@mx.reader.example"), READER),
        (letter("Mail delivery failed: returning message to sender"), NOBODY),
        (letter("Your message", X_Failed_Recipients="ana@reader.example"), NOBODY),
    ],
)
def test_bounces(content: bytes, envelope: Envelope) -> None:
    assert kind(content, envelope) is Kind.BOUNCE


def test_complaints() -> None:
    assert kind(letter("complaint", Content_Type=report("feedback-report"))) is Kind.COMPLAINT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        letter("Thank you for the article", "I liked it."),
        letter("subscribe", author="nobody"),
        letter("subscribe", author="a@x.example, b@x.example"),
        letter("unsubscribe please"),
        letter("", "unsubscribe", Content_Type="text/plain", Content_Disposition="attachment"),
    ],
)
def test_letters_are_for_people(content: bytes) -> None:
    assert kind(content) is Kind.UNKNOWN


HEADERS = st.sampled_from(
    [
        b"From: ",
        b"To: news@lake.example\r\n",
        b"Subject: =?utf-8?B?",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b"Content-Type: text/plain; charset=",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Auto-Submitted: ",
        b"References: <",
        b"Return-Path: <>\r\n",
        b"\r\n\r\n",
        b"--x\r\n",
        b"((((((((",
        b"\x00\xff\xfe",
        b"?=",
        b"@",
        b"<",
    ]
)


@given(st.lists(st.one_of(HEADERS, st.binary(max_size=40))).map(b"".join), st.sampled_from([READER, Envelope()]))
def test_any_bytes_have_a_kind(content: bytes, envelope: Envelope) -> None:
    found = sort(content, envelope, ADDRESSES)
    assert (found.command is not None) == (found.kind is Kind.COMMAND)
    assert "\n" not in found.author + found.message_id


def nested(depth: int) -> bytes:
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return b"From: a@reader.example\r\n" + parts + b"\r\n" * 100_000


@pytest.mark.parametrize(
    "content",
    [
        letter("subscribe", "x" * 12_000_000),
        letter("x" * 12_000_000),
        letter("subscribe", "\r\n" * 6_000_000),
        b"A: b\r\n" * 2_000_000,
        b"From: " + b"(" * 12_000_000,
        b"From: " + b"a@b.example," * 1_000_000,
        b"Subject: " + b"=?utf-8?Q?=" * 1_000_000,
        b"Content-Type: text/plain" + b"; a=b" * 2_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<head" * 2_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 10_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<p " * 4_000_000,
        nested(10),
        nested(50),
        nested(100_000),
        b"\x00" * 12_000_000,
    ],
)
def test_huge_and_deep_mail_costs_little(content: bytes) -> None:
    tracemalloc.start()
    started = time.process_time()
    sort(content, READER, ADDRESSES)
    took = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 5
    assert peak < 64_000_000
