"""Posts of WordPress's REST API (https://developer.wordpress.org/rest-api/reference/posts/) → articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from syndicate.errors import ParseError
from syndicate.pickup.build import Raw, Said, newest_of
from syndicate.pickup.clean import absolute_url
from syndicate.pickup.reading import Reading

POSTS = "/wp-json/wp/v2/posts?per_page=50&_embed=author,wp:term,wp:featuredmedia"
"""Behind a site's address: the newest posts, with what they refer to."""


def parse_wordpress(body: bytes, url: str, _content_type: str | None) -> Reading:
    """The posts, but for those with a password. :raises ParseError: when it is something else."""
    try:
        posts = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ParseError(url, f"is not readable JSON ({error}); is this a WordPress site with its REST API?") from None
    if not isinstance(posts, list):
        raise ParseError(url, "is not a list of posts; is this a WordPress site with its REST API?")
    return newest_of([_said(post, url) for post in posts if isinstance(post, dict) and not _is_protected(post)])


def _is_protected(post: dict[str, Any]) -> bool:
    return any(_dict(post, key).get("protected") is True for key in ("content", "excerpt"))


def _said(post: dict[str, Any], url: str) -> Said:
    link = absolute_url(_text(post, "link"), url)
    base = link or url
    embedded = _dict(post, "_embedded")
    pictures = (absolute_url(_text(one, "source_url"), base) for one in _dicts(embedded.get("wp:featuredmedia")))
    return Said(
        guid=_text(_dict(post, "guid"), "rendered") or link or "",
        title=Raw(_text(_dict(post, "title"), "rendered")),
        body=Raw(_text(_dict(post, "content"), "rendered"), base_url=base),
        summary=Raw(_text(_dict(post, "excerpt"), "rendered"), base_url=base),
        url=link,
        authors=[_text(author, "name") for author in _dicts(embedded.get("author"))],
        tags=list(_terms(embedded)),
        image=next(filter(None, pictures), None),
        published_at=_instant(post, "date_gmt"),
        updated_at=_instant(post, "modified_gmt"),
    )


def _terms(embedded: dict[str, Any]) -> Iterator[str]:
    """Categories and tags, but for the category that posts have that were given none."""
    groups = embedded.get("wp:term")
    for group in groups if isinstance(groups, list) else ():
        yield from (_text(term, "name") for term in _dicts(group) if _text(term, "slug") != "uncategorized")


def _instant(post: dict[str, Any], key: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(post, key)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _text(thing: dict[str, Any], key: str) -> str:
    value = thing.get(key)
    return value if isinstance(value, str) else ""


def _dict(thing: dict[str, Any], key: str) -> dict[str, Any]:
    value = thing.get(key)
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
