"""The header of a notice: what it holds, and that nothing can add to it."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import HeaderError
from syndicate.render.headers import NoticeHeaders, notice_header

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
ANSWERED = ["In-Reply-To", "References"]


def header(**given: str) -> bytes:
    values: dict[str, str] = {"sender": "Courier <n@example.org>", "to_email": "a@example.org", "message_id": "<1@n>"}
    subject = given.pop("subject", "Please confirm")
    return notice_header(NoticeHeaders(date=NOW, **values | given), subject, "text/plain")


def names(octets: bytes) -> list[str]:
    assert not [line for line in octets.split(b"\r\n") if b"\n" in line or b"\r" in line]
    return list(email.message_from_bytes(octets, policy=policy.default).keys())


def test_what_it_holds() -> None:
    assert names(header()) == NAMES
    assert b"Auto-Submitted: auto-generated\r\n" in header()
    answer = header(in_reply_to="<q@example.org>")
    assert sorted(names(answer)) == sorted(NAMES + ANSWERED)
    assert b"Auto-Submitted: auto-replied\r\n" in answer


@pytest.mark.parametrize("field", ["to_email", "in_reply_to", "sender", "reply_to", "subject"])
@given(text=st.text(min_size=1, max_size=40))
def test_no_value_adds_a_header(field: str, text: str) -> None:
    try:
        made = header(**{field: text})
    except HeaderError:
        return
    extra = {"reply_to": ["Reply-To"], "in_reply_to": ANSWERED}.get(field, [])
    assert sorted(names(made)) == sorted(NAMES + extra)


@pytest.mark.parametrize("field", ["to_email", "in_reply_to", "sender", "reply_to", "subject"])
def test_line_breaks_are_refused(field: str) -> None:
    with pytest.raises(HeaderError):
        header(**{field: "<a@example.org>\r\nBcc: b@example.org"})
