"""Forms as anyone may send them."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import urlencode

import anyio
import pytest
from fastapi import HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from syndicate.web.accept import languages_of, wants_json
from syndicate.web.fields import MOST, Fields, from_json, from_multipart, from_urlencoded

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PAIRS = st.lists(st.tuples(st.sampled_from(["email", "topics", "ë"]), TEXT), max_size=20)


def gathered(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {name: [text for one, text in pairs if one == name and text.strip()] for name, _ in pairs}


def read(fields: Fields, names: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: list(fields.all(name)) for name in names}


@given(PAIRS)
def test_what_a_browser_sends_is_read(pairs: list[tuple[str, str]]) -> None:
    expected = gathered(pairs)
    fields = from_urlencoded(urlencode(pairs).encode())
    assert read(fields, expected) == expected
    assert all(fields.one(name) == next(iter(texts), "") for name, texts in expected.items())
    assert all(name in fields for name in expected)


@given(PAIRS)
@settings(deadline=None)
def test_what_a_script_sends_is_read(pairs: list[tuple[str, str]]) -> None:
    expected = gathered(pairs)
    assert (
        read(from_json(json.dumps({name: [t for n, t in pairs if n == name] for name, _ in pairs}).encode()), expected)
        == expected
    )


@given(st.lists(st.tuples(st.sampled_from(["email", "topics"]), st.text("ab ë\n", max_size=9)), max_size=9))
@settings(deadline=None)
def test_what_a_mail_program_sends_is_read(pairs: list[tuple[str, str]]) -> None:
    body = "".join(f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in pairs)
    headers = Headers({"content-type": "multipart/form-data; boundary=xyz"})
    fields = anyio.run(from_multipart, headers, f"{body}--xyz--\r\n".encode())
    assert read(fields, gathered(pairs)) == gathered(pairs)


@given(st.binary())
@settings(deadline=None)
def test_anything_else_is_refused_or_read(body: bytes) -> None:
    for reader in (from_urlencoded, from_json):
        with suppress(HTTPException):
            assert isinstance(reader(body).one("email"), str)


def test_a_form_has_an_end() -> None:
    with pytest.raises(HTTPException):
        from_urlencoded(b"a=1&" * (MOST + 1))
    with pytest.raises(HTTPException):
        from_json(json.dumps({str(n): "1" for n in range(MOST + 1)}).encode())


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de-AT, de;q=0.9, en;q=0.5", ["de-AT", "de", "en"]),
        ("en;q=0.1,sq", ["sq", "en"]),
        ("*, fr;q=0", []),
        ("sr-Latn-RS;q=1.000 , sr ; q=0.8", ["sr-Latn-RS", "sr"]),
        ("nonsense!, de", ["de"]),
        ("", []),
    ],
)
def test_languages_come_in_the_order_of_their_weight(header: str, tags: list[str]) -> None:
    assert languages_of(header) == tags


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert len(languages_of(header)) <= 20
    assert wants_json(header) in (True, False)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("text/html,application/xhtml+xml,application/json;q=0.9", False),
        ("application/json;q=0.2, text/html", False),
        ("application/json;q=0", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_programs_are_told_from_browsers(header: str, wanted: bool) -> None:
    assert wants_json(header) is wanted
