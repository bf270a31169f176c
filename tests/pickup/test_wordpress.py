"""Posts of WordPress's REST API, and whatever else an address may answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ParseError
from syndicate.pickup.wordpress import parse_wordpress

URL = "https://blog.example/wp-json/wp/v2/posts?per_page=50&_embed=author,wp:term,wp:featuredmedia"
POST: dict[str, Any] = {
    "id": 7,
    "date_gmt": "2026-03-01T10:00:00",
    "modified_gmt": "2026-03-01T11:00:00",
    "guid": {"rendered": "https://blog.example/?p=7"},
    "link": "https://blog.example/ferry/",
    "title": {"rendered": "Ferry &#8220;returns&#8221;"},
    "content": {"rendered": "<p>It is <a href='/back'>back</a>.</p><script>x</script>", "protected": False},
    "excerpt": {"rendered": "<p>Back.</p>", "protected": False},
    "_embedded": {
        "author": [{"name": "Ana"}],
        "wp:term": [
            [{"name": "Town", "slug": "town"}, {"name": "Uncategorized", "slug": "uncategorized"}],
            [{"name": "a"}],
        ],
        "wp:featuredmedia": [{"source_url": "https://blog.example/a.jpg"}],
    },
}


def test_a_post_becomes_an_article() -> None:
    (article,) = parse_wordpress(json.dumps([POST]).encode(), URL, None).contents
    assert (article.guid, article.url, article.title) == (
        "https://blog.example/?p=7",
        "https://blog.example/ferry/",
        "Ferry “returns”",
    )
    assert article.html == '<p>It is <a href="https://blog.example/back">back</a>.</p>'
    assert (article.summary, article.authors, article.tags) == ("Back.", ("Ana",), ("Town", "a"))
    assert article.image == "https://blog.example/a.jpg"
    assert article.published_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_post_with_a_password_is_nobodys_business() -> None:
    hidden = POST | {"content": {"rendered": "", "protected": True}}
    assert parse_wordpress(json.dumps([hidden]).encode(), URL, None).contents == ()


@pytest.mark.parametrize("body", [b"<html>", b'{"code": "rest_no_route"}', b"[" * 100_000, b""])
def test_what_is_no_list_of_posts(body: bytes) -> None:
    with pytest.raises(ParseError, match="is this a WordPress site"):
        parse_wordpress(body, URL, None)


values = st.none() | st.integers() | st.text(max_size=9) | st.lists(st.none() | st.text(max_size=3), max_size=2)


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from([*POST, "x"]), values | st.dictionaries(st.sampled_from(["rendered", "author"]), values)
    )
)
def test_values_of_wrong_types_are_left_out(post: dict[str, Any]) -> None:
    parse_wordpress(json.dumps([POST | post]).encode(), URL, None)
