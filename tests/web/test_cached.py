"""Validators as RFC 9110 §13 has them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.web.cached import answer, etag_of, http_date, is_known

CONTENT = b"<rss/>"
ETAG = etag_of(CONTENT)
THEN = datetime(2026, 3, 2, 12, 0, 0, 700_000, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_a_known_tag_is_not_sent_again(tags: str) -> None:
    assert is_known(ETAG, THEN, tags=tags)


@pytest.mark.parametrize("tags", ['"x"', ETAG.strip('"'), "nonsense"])
def test_another_tag_decides_alone(tags: str) -> None:
    assert not is_known(ETAG, THEN, tags=tags, since=DATE)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (DATE, True),
        ("Mon, 02 Mar 2026 12:00:00 -0000", True),
        ("Mon, 02 Mar 2026 11:59:59 GMT", False),
        ("Mon, 99 Mar 2026 12:00:00 GMT", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_a_date_decides_by_the_second(since: str, *, expected: bool) -> None:
    assert is_known(ETAG, THEN, since=since) is expected
    assert not is_known(ETAG, None, since=since)
    assert http_date(THEN) == DATE


@given(
    name=st.sampled_from(["tags", "since"]),
    text=st.text(st.characters(max_codepoint=255))
    | st.from_regex(r"(Mon, )?[0-9]{1,30} (Mar|x) -?[0-9]{1,30} [0-9:]{1,30} ?([+-][0-9]{1,30}|GMT)?", fullmatch=True),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_gets_an_answer(name: str, text: str) -> None:
    assert is_known(ETAG, THEN, **{name: text}) in (False, True)


@pytest.mark.parametrize(("tags", "status"), [("", 200), (ETAG, 304)])
def test_says_what_it_is(tags: str, status: int) -> None:
    request = Request({"type": "http", "headers": [(b"if-none-match", tags.encode())] if tags else []})
    response = answer(request, CONTENT, "text/xml", "no-cache")
    assert (response.status_code, response.headers["etag"]) == (status, ETAG)
    assert response.body == (CONTENT if status == 200 else b"")
    assert response.headers.get("content-type", "text/xml; charset=utf-8") == "text/xml; charset=utf-8"
