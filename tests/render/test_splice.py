from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from html import escape as escaped

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import TemplateError
from syndicate.model import Parts
from syndicate.render.headers import ReaderHeaders, SharedHeaders
from syndicate.render.holes import NAMES, fill, hole, split
from syndicate.render.message import Message, compile_message

NONCE = "h0123456789"
SHARED = SharedHeaders(
    sender="news@lakeside.example",
    date=datetime(2026, 11, 23, tzinfo=UTC),
    list_id="daily.example",
    unsubscribe_url="https://u.example/?u=",
    unsubscribe_mailto="mailto:u@lakeside.example?subject=",
    help_url="https://p.example/?a&p=",
)
URLS = {"unsubscribe": SHARED.unsubscribe_url, "preferences": SHARED.help_url}
READER = ReaderHeaders(
    to_name="Ana",
    to_email="ana@reader.example",
    message_id="<1@lakeside.example>",
    unsubscribe_token="1-0a",
    preferences_token="1-0b",
)
VALUES = {
    "greeting": "Hello Ana,",
    "name": "Ana",
    "email": "ana@reader.example",
    "unsubscribe": "https://news.lakeside.example/unsubscribe/1-abcdefghijklmnopqrstuvwxyz",
    "preferences": "https://news.lakeside.example/preferences/1-abcdefghijklmnopqrstuvwxyz",
}

HOSTILE = [
    "Ana\r\nBcc: evil@x.example",
    "\u202eexample.evil\u202c moc",
    "👩🏽‍🚀" * 75,
    "x" * 300,
    "a " * 150,
    "." * 300,
    "=?utf-8?B?QQ==?=",
    "...",
    ".",
    "a\r\n.\r\nb",
    "\r\n.\r\n",
    "\r\n\r\n",
    "=" * 100,
    "=20=\r\n=3D",
    "trailing   ",
    "   leading",
    " ",
    "\t\t",
    "",
    f"\r\n--=_{NONCE}--\r\n",
    f"--=_{NONCE}",
    hole(NONCE, "email"),
    "</p><script>'\"&amp;",
    "\ud800",
    "паром",
]
value = st.sampled_from(HOSTILE) | st.text(max_size=200) | st.text("ab. =\t\r\n", max_size=200)
static = value | st.text("абв\n .", max_size=200)
holes = st.sampled_from(sorted(NAMES)).map(lambda name: hole(NONCE, name))
texts = st.lists(static.filter(lambda text: NONCE not in text) | holes, max_size=12).map("".join)
readers = st.fixed_dictionaries(dict.fromkeys(sorted(NAMES), value))


def spliced(text: str, values: dict[str, str], html: str = "") -> Message:
    return compile_message(SHARED, Parts("s", html or text, text, NONCE)).fill(READER, values)


def normal(text: str) -> str:
    """What a body may be expected to come back as: CRLF, and no lone surrogates."""
    return re.sub(r"\r\n?|\n", "\r\n", text).encode("utf-8", "replace").decode()


def expected(text: str, values: dict[str, str], *, escape: bool) -> str:
    """Each piece's line ends are its own: a CR that ends one and an LF that begins the next are two."""
    pieces = split(text, NONCE)
    pieces[1::2] = [_value(name, values, escape=escape) for name in pieces[1::2]]
    return "".join(normal(piece) for piece in pieces)


def _value(name: str, values: dict[str, str], *, escape: bool) -> str:
    """A link's address is shared, and its end the reader's."""
    value = URLS.get(name, "") + values[name]
    return escaped(value) if escape else value


def decoded(raw: bytes) -> tuple[str, str]:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    bodies = [part.get_payload(decode=True) for part in message.iter_parts()]
    plain, html = (body.decode() for body in bodies if isinstance(body, bytes))
    return plain, html


def unstuffed(wire: bytes) -> bytes:
    """As a server does it, RFC 5321 §4.5.2."""
    return b"\r\n".join(line.removeprefix(b".") for line in wire.split(b"\r\n"))


def relaxed(body: bytes) -> bytes:
    """RFC 6376 §3.4.4."""
    lines = [re.sub(rb"[ \t]+$", b"", line) for line in body.split(b"\r\n")]
    return re.sub(rb"(\r\n)*\Z", b"", b"\r\n".join(re.sub(rb"[ \t]+", b" ", line) for line in lines)) + b"\r\n"


@given(texts, texts, readers)
@settings(max_examples=300, deadline=None)
def test_bodies_come_back_whatever_is_in_them(text: str, html: str, values: dict[str, str]) -> None:
    message = compile_message(SHARED, Parts("s", html, text, NONCE)).fill(READER, values)
    assert message.whole.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", message.whole)
    assert max(map(len, message.body.split(b"\r\n"))) <= 76
    assert decoded(message.whole) == (
        expected(text, values, escape=False),
        expected(html, values, escape=True),
    )


@given(texts, readers, st.from_regex(r"[0-9A-Za-z-]{1,75}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_a_token_is_the_same_as_octets(text: str, values: dict[str, str], token: str) -> None:
    written = {**values, "unsubscribe": token, "preferences": token}
    message = compile_message(SHARED, Parts("s", text, text, NONCE)).fill(
        READER, {**values, "unsubscribe": token.encode(), "preferences": token.encode()}
    )
    assert message.whole == spliced(text, written).whole


@given(texts, readers)
@settings(max_examples=200, deadline=None)
def test_it_goes_over_the_wire_and_is_signed_as_it_is(text: str, values: dict[str, str]) -> None:
    message = spliced(text, values)
    assert unstuffed(message.whole) == message.whole
    assert relaxed(message.body) == message.body
    assert message.body_digest == sha256(message.body).digest()


@given(texts, readers, readers)
@settings(max_examples=200, deadline=None)
def test_outside_of_the_holes_readers_get_the_same_bytes(text: str, one: dict[str, str], other: dict[str, str]) -> None:
    letter = compile_message(SHARED, Parts("s", text, text, NONCE))
    first, second = (letter.fill(READER, values) for values in (one, other))
    assert first.prefix is second.prefix
    assert first.body.startswith(first.prefix)
    assert second.body.startswith(first.prefix)
    assert first.prefix.endswith(b"\r\n")
    if not NAMES & set(split(text, NONCE)[1::2]):
        assert first.body == second.body == first.prefix
    if b"base64" not in first.body:
        marks = [spliced(text, dict.fromkeys(NAMES, mark)).body.split(mark.encode()) for mark in ("Qq7Zz", "Zz7Qq")]
        assert marks[0] == marks[1]


@pytest.mark.parametrize("length", range(10))
def test_base64_fits_whatever_the_length_of_a_value(length: int) -> None:
    text = f"паром{hole(NONCE, 'name')}б{hole(NONCE, 'name')}{hole(NONCE, 'name')} по озеру {hole(NONCE, 'name')}x" * 5
    values = {"name": "x" * length}
    message = spliced(text, values)
    assert message.body.count(b"base64") == 2
    assert decoded(message.whole) == (fill(text, NONCE, values, escape=False),) * 2


def test_holes_cost_little_in_either_encoding() -> None:
    for word, most in (("ferry ", 1.1), ("паром ", 1.45)):
        text = f"{word * 3000}{hole(NONCE, 'greeting')}{word * 3000}"
        body = spliced(text, VALUES).body
        assert len(body) < 2 * most * len(fill(text, NONCE, VALUES, escape=False).encode())


def test_a_plain_value_stands_on_a_line_of_its_own() -> None:
    text = f"a {hole(NONCE, 'greeting')} b {hole(NONCE, 'name')}\n{hole(NONCE, 'email')}{hole(NONCE, 'email')}"
    lines = spliced(text, VALUES).body.decode().split("\r\n")
    at = lines.index("a=20=")
    assert lines[at : at + 8] == [
        "a=20=",
        "Hello Ana,=",
        " b=20=",
        "Ana",
        "ana@reader.example=",
        "ana@reader.example",
        f"--=_{NONCE}",
        "Content-Type: text/html; charset=utf-8",
    ]


def test_a_hole_without_a_value_is_an_error() -> None:
    for text in ("a", "паром"):
        with pytest.raises(TemplateError, match="'greeting'"):
            spliced(text + hole(NONCE, "greeting"), {})
