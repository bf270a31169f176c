"""The kinds of feed there are. Called by ``publish``, by pages that announce feeds, and by whoever serves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from syndicate.feeds.build import ATOM, ATOM_TYPE, RSS, RSS_TYPE, build_atom, build_rss
from syndicate.feeds.context import FeedContext
from syndicate.feeds.jsonfeed import JSON, JSON_TYPE, build_json


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of feed: the file it is, what readers call it, how it is served and how it is made."""

    file: str
    title: str
    media_type: str
    build: Callable[[FeedContext], bytes]


FORMATS = (
    Format(RSS, "RSS", RSS_TYPE, build_rss),
    Format(ATOM, "Atom", ATOM_TYPE, build_atom),
    Format(JSON, "JSON Feed", JSON_TYPE, build_json),
)
"""Every kind of feed there is."""

ARCHIVED = tuple(one for one in FORMATS if one.file != JSON)
"""Those that can say that they are a page of an archive (RFC 5005)."""

PAGE_TYPE = "application/xml"
"""As what a browser must be given RSS and Atom to show them with their stylesheet: their own media types it shows as
the text that they are (Chromium). Feed readers take either; a browser's navigation accepts ``text/html``, theirs
does not."""
