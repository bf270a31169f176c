"""What is read of a mail is what its author wrote, however their program encoded it."""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.inbound.mime import read

LINE = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufeff"), min_size=1, max_size=60)


@given(LINE)
def test_a_subject_is_read_as_it_was_written(text: str) -> None:
    header = Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")
    assert read(f"Subject: {header}\r\n\r\n".encode()).subject == text


@given(LINE)
def test_a_subject_in_raw_utf8_is_too(text: str) -> None:
    content = f"Subject: {text}\r\n\r\n".encode()
    assert read(content).subject == text or "=?" in text


@given(LINE, st.sampled_from(["7bit", "8bit", "base64", "quoted-printable"]), st.booleans())
def test_the_first_line_is_read_however_it_is_encoded(text: str, encoding: str, with_html: bool) -> None:
    message = EmailMessage(policy=SMTP)
    safe = text.isascii() or encoding != "7bit"
    message.set_content(f"\n\n  {text}  \nmore\n", cte=encoding if safe else "8bit")
    if with_html:
        message.add_alternative("<p>other</p>", subtype="html")
    assert read(message.as_bytes()).first_line == text.strip()


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        ('"Ana, A." <ana@reader.example>', ("ana@reader.example",)),
        ("ana@reader.example (Ana)", ("ana@reader.example",)),
        ("a@x.example, B <b@x.example>", ("a@x.example", "b@x.example")),
        ("=?utf-8?Q?=C3=84?= <ana@reader.example>", ("ana@reader.example",)),
        ("nobody, <>, undisclosed-recipients:;", ()),
        ("(" * 5000, ()),
    ],
)
def test_addresses(header: str, addresses: tuple[str, ...]) -> None:
    assert read(f"From: {header}\r\n\r\n".encode()).mailboxes("from") == addresses


def test_an_author_cannot_hide_another_address_in_an_encoded_name() -> None:
    name = "=?utf-8?Q?=3Cvictim=40x.example=3E=2C?="
    assert read(f"From: {name} <ana@reader.example>\r\n\r\n".encode()).mailboxes("from") == ("ana@reader.example",)
