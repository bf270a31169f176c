from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import HeaderError, TemplateError
from syndicate.model import Parts
from syndicate.render.headers import ReaderHeaders, SharedHeaders
from syndicate.render.message import build_message, compile_message

PARTS = Parts(
    subject="The Daily Brief: it’s saved",
    html='<p>h1_greeting_</p><p><a href="h1_unsubscribe_">Unsubscribe</a></p>\n',
    text="h1_greeting_\n\nThe ferry sails.\n\nh1_unsubscribe_\n",
    nonce="h1",
)
VALUES = {
    "greeting": "Hello Ana & Jon,",
    "name": "Ana & Jon",
    "unsubscribe": "1-x?a=1&b=2",
}
SHARED = SharedHeaders(
    sender="Lakeside Courier <news@lakeside.example>",
    reply_to='"Šarić, Mira" <desk@lakeside.example>',
    date=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
    list_id="daily.lakeside.example",
    unsubscribe_url="https://news.lakeside.example/unsubscribe/",
    unsubscribe_mailto="mailto:unsubscribe@lakeside.example?subject=",
    help_url="https://news.lakeside.example/preferences/",
    feedback_id="7:daily:digest:lakeside",
    auto_submitted="auto-generated",
)
READER = ReaderHeaders(
    to_name="Ana Petrović",
    to_email="ana@reader.example",
    message_id="<7.1.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@lakeside.example>",
    unsubscribe_token="1-abcdefghijklmnopqrstuvwxyz",
    preferences_token="1-abcdefghijklmnopqrstuvwxyz",
)
Headers = tuple[SharedHeaders, ReaderHeaders]
HEADERS: Headers = (SHARED, READER)
# Every character but those that no header may hold.
LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
HOSTILE = st.sampled_from(
    [
        "=?utf-8?B?QQ==?= evil@x.example",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        '"Ana", (Jon) <evil@x.example>; group: a@b.example',
        "\u202eexample.evil\u202c moc",
        "👩🏽‍🚀" * 60,
        "é" * 300,
        "x" * 300,
        "a " * 150,
        '\\"\\',
        "שרה כהן",
        "Petrović, Ana “the boss”",
        "a=?b",
        "O'Neil",
    ]
)


def with_values(**values: str) -> Headers:
    for_reader: dict[str, Any] = {name: value for name, value in values.items() if name in READER._fields}
    shared: dict[str, Any] = {name: value for name, value in values.items() if name not in for_reader}
    return dataclasses.replace(SHARED, **shared), READER._replace(**for_reader)


def built(headers: Headers = HEADERS, parts: Parts = PARTS) -> bytes:
    raw = build_message(*headers, parts, VALUES)
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    assert all(len(line) <= 998 for line in lines)
    return raw


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not any(part.defects for part in message.walk())
    return message


def header(raw: bytes, name: str) -> str:
    """The header as it stands, unfolded as RFC 5322 §2.2.3 says."""
    match = re.search(rf"^{name}: (.*?)\r\n(?![ \t])", raw.decode("ascii"), re.MULTILINE | re.DOTALL)
    assert match
    return match[1].replace("\r\n", "")


def body(raw: bytes, subtype: str) -> str:
    part = parsed(raw).get_body((subtype,))
    assert part
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_parts_become_this_message(data: Path) -> None:
    assert built() == (data / "message.eml").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_the_holes_are_filled_and_escaped_in_html_only() -> None:
    raw = built()
    assert "Hello Ana & Jon," in body(raw, "plain")
    assert "<p>Hello Ana &amp; Jon,</p>" in body(raw, "html")
    assert 'href="https://news.lakeside.example/unsubscribe/1-x?a=1&amp;b=2"' in body(raw, "html")
    assert header(raw, "Subject").startswith("=?utf-8?")
    named = built(parts=dataclasses.replace(PARTS, subject="h1_name_: saved"))
    assert header(named, "Subject") == "Ana & Jon: saved"


def test_a_hole_without_a_value_is_an_error() -> None:
    with pytest.raises(TemplateError):
        build_message(*HEADERS, PARTS, {})


def test_what_is_empty_is_left_out() -> None:
    message = parsed(built(with_values(reply_to="", help_url="", feedback_id="", auto_submitted="")))
    assert not {"Reply-To", "List-Help", "Feedback-ID", "Auto-Submitted"} & set(message.keys())


@given(LINE | HOSTILE)
@settings(max_examples=150, deadline=None)
def test_a_name_comes_back_and_adds_no_address(name: str) -> None:
    raw = built(with_values(to_name=name))
    phrase, address = parseaddr(header(raw, "To"))
    assert address == "ana@reader.example"
    assert str(make_header(decode_header(phrase))) == " ".join(name.split())
    assert len(parsed(raw)["To"].addresses) == 1
    assert all(
        len(line) <= 78 for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith((b"To:", b" =?"))
    )


@given(LINE | HOSTILE)
@settings(max_examples=150, deadline=None)
def test_a_subject_comes_back(subject: str) -> None:
    raw = built(parts=dataclasses.replace(PARTS, subject=subject))
    assert str(make_header(decode_header(header(raw, "Subject")))) == subject
    assert parsed(raw)["To"] == "Ana Petrović <ana@reader.example>"


@given(st.text(max_size=500) | st.text(alphabet="абв \n=.", max_size=500) | st.text("ab =.\r\n\t", max_size=500))
@settings(max_examples=150, deadline=None)
def test_bodies_come_back(text: str) -> None:
    raw = built(parts=dataclasses.replace(PARTS, text=text, html=text))
    expected = re.sub(r"\r\n?|\n", "\r\n", text).encode("utf-8", "replace").decode()
    assert body(raw, "plain") == expected
    assert body(raw, "html") == expected
    assert all(len(line) <= 76 for line in raw.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))


@pytest.mark.parametrize(
    "text", ["x" * 5000, "a ferry, and another — " * 300, "паром " * 900, "--=_h1--\n.\nFrom me\n"]
)
def test_long_lines_and_boundaries(text: str) -> None:
    raw = built(parts=dataclasses.replace(PARTS, text=text))
    assert body(raw, "plain") == text.replace("\n", "\r\n")
    encoding = parsed(raw).get_body(("plain",))
    assert encoding
    assert encoding["Content-Transfer-Encoding"] == ("base64" if "паром" in text else "quoted-printable")


FIELDS = [*ReaderHeaders._fields, *(one.name for one in dataclasses.fields(SharedHeaders) if one.name != "date")]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\x85", "\u2028", "\x0b", "\t", "\x7f", "\ud800"])
def test_no_header_can_be_injected(field: str, break_: str) -> None:
    value = getattr(SHARED if hasattr(SHARED, field) else READER, field)
    for bad in (f"{value}{break_}Bcc: evil@x.example", f"{value[:3]}{break_}{value[3:]}", f"{value}{break_}"):
        with pytest.raises(HeaderError):
            build_message(*with_values(**{field: bad}), PARTS, VALUES)


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\0"])
def test_a_name_cannot_break_the_subject(break_: str) -> None:
    parts = dataclasses.replace(PARTS, subject="For h1_name_")
    with pytest.raises(HeaderError, match="Subject"):
        build_message(*HEADERS, parts, {**VALUES, "name": f"Ana{break_}Bcc: evil@x.example"})


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("to_email", "ana@reader.example, evil@x.example"),
        ("to_email", "Ana <ana@reader.example>"),
        ("to_email", "ana@čitalac.example"),
        ("to_email", "nobody"),
        ("to_email", ""),
        ("sender", "nobody"),
        ("sender", "a@x.example, b@x.example"),
        ("message_id", "7@lakeside.example"),
        ("message_id", "<7 @lakeside.example>"),
        ("message_id", "<7>"),
        ("list_id", "<daily>"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("unsubscribe_url", "https://x.example/>,<mailto:evil@x.example"),
        ("unsubscribe_url", "https://x.example/" + "a" * 1000),
        ("help_url", "https://x.example/é"),
        ("unsubscribe_token", ""),
        ("unsubscribe_token", "1-x>"),
        ("unsubscribe_token", "1-x,"),
        ("preferences_token", "1" * 76),
        ("preferences_token", "1 2"),
        ("feedback_id", "a:é"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(field: str, bad: str) -> None:
    with pytest.raises(HeaderError):
        build_message(*with_values(**{field: bad}), PARTS, VALUES)


@given(st.text("abcdef0123456789.-", min_size=1, max_size=400), st.text("abcdef0123456789-", min_size=1, max_size=75))
@settings(max_examples=50, deadline=None)
def test_ids_and_addresses_are_never_broken(left: str, token: str) -> None:
    message_id, url = f"<{left}@lakeside.example>", f"https://news.lakeside.example/unsubscribe/{token}"
    lines = built(with_values(message_id=message_id, unsubscribe_token=token)).decode().split("\r\n")
    assert f"Message-ID: {message_id}" in lines
    assert f"List-Unsubscribe: <{url}>," in lines
    assert f" <{SHARED.unsubscribe_mailto}{token}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_readers_without_a_name_get_their_own_parts() -> None:
    unnamed = dataclasses.replace(PARTS, subject="Saved", text="Dear reader\n")
    letter = compile_message(SHARED, dataclasses.replace(PARTS, unnamed=unnamed))
    known, blank = (letter.fill(READER, {**VALUES, "name": name}) for name in ("Ana", " "))
    assert known.whole == compile_message(SHARED, PARTS).fill(READER, VALUES).whole
    assert blank.whole == compile_message(SHARED, unnamed).fill(READER, VALUES).whole


def test_a_name_in_the_subject_is_the_readers() -> None:
    letter = compile_message(SHARED, dataclasses.replace(PARTS, subject="For h1_name_"))
    for name in ("Ana", "Željko", "=?utf-8?q?x?="):
        raw = letter.fill(READER, {**VALUES, "name": name}).whole
        assert str(make_header(decode_header(header(raw, "Subject")))) == f"For {name}"
    assert (
        letter.fill(READER, {**VALUES, "name": "Jon"}).body == compile_message(SHARED, PARTS).fill(READER, VALUES).body
    )
