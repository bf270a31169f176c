"""JSON Feed: whatever JSON stands in it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.pickup.jsonfeed import parse_json_feed

URL = "https://wire.example/feed.json"
KEYS = ("id", "url", "title", "content_html", "content_text", "image", "authors", "tags", "attachments", "language")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "url"]), inner, max_size=2),
    max_leaves=5,
)


def feed(*items: Any, **keys: Any) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1", "items": items, **keys}).encode()


def test_author_of_version_1_0_and_of_the_feed() -> None:
    body = feed({"id": 1, "title": "a", "author": {"name": "Ana"}}, {"id": 2, "title": "b"}, author={"name": "Bo"})
    mine, theirs = parse_json_feed(body, URL).contents
    assert (mine.authors, theirs.authors) == (("Ana",), ("Bo",))
    assert (mine.guid, theirs.guid) == ("1", "2")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), values), max_size=3))
def test_values_of_wrong_types_are_left_out(items: list[dict[str, Any]]) -> None:
    contents = parse_json_feed(feed(*items), URL).contents
    assert len({content.guid for content in contents}) == len(contents) <= len(items)
