"""Validators as RFC 9110 §13 has them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.web.cached import answer, etag_of

CONTENT = b"<rss/>"
ETAG = etag_of(CONTENT)
THEN = datetime(2026, 3, 2, 12, 0, 0, 700_000, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"


def status(**headers: str) -> int:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "headers": raw})
    return answer(request, CONTENT, "text/xml", "no-cache", modified_at=THEN).status_code


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_a_known_tag_is_not_sent_again(tags: str) -> None:
    assert status(if_none_match=tags) == 304


@pytest.mark.parametrize("tags", ['"x"', ETAG.strip('"'), "nonsense"])
def test_another_tag_decides_alone(tags: str) -> None:
    assert status(if_none_match=tags, if_modified_since=DATE) == 200


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (DATE, 304),
        ("Mon, 02 Mar 2026 12:00:00 -0000", 304),
        ("Mon, 02 Mar 2026 11:59:59 GMT", 200),
        ("Mon, 99 Mar 2026 12:00:00 GMT", 200),
        ("yesterday", 200),
    ],
)
def test_a_date_decides_by_the_second(since: str, expected: int) -> None:
    assert status(if_modified_since=since) == expected


@given(
    name=st.sampled_from(["if_none_match", "if_modified_since"]),
    text=st.text(st.characters(max_codepoint=255))
    | st.from_regex(r"(Mon, )?[0-9]{1,30} (Mar|x) -?[0-9]{1,30} [0-9:]{1,30} ?([+-][0-9]{1,30}|GMT)?", fullmatch=True),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_gets_an_answer(name: str, text: str) -> None:
    assert status(**{name: text}) in (200, 304)


def test_says_what_it_is() -> None:
    response = answer(Request({"type": "http", "headers": []}), CONTENT, "text/xml", "no-cache", modified_at=THEN)
    assert response.headers["etag"] == ETAG
    assert response.headers["last-modified"] == DATE
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
