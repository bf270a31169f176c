"""What feedgen leaves out of a feed, as extensions that it calls with each finished element. Called by ``build``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lxml.etree import SubElement

from syndicate.feeds.context import FeedContext, Piece, plain
from syndicate.feeds.wording import line, rfc3339

_ATOM = "http://www.w3.org/2005/Atom"
_HISTORY = "http://purl.org/syndication/history/1.0"
_SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_HOUR = timedelta(hours=1)


class FeedParts:
    """A whole feed's links to other feeds and to hubs, its archive's mark, its pace and its tombstones.

    ``links`` have a relation, an address and a media type, which may be empty; the feed's own link is feedgen's.
    """

    feed: FeedContext
    links: tuple[tuple[str, str, str], ...]

    def extend_ns(self) -> dict[str, str]:
        """The prefixes of what is used."""
        return {"fh": _HISTORY} if self.feed.is_archived else {"sy": _SYNDICATION}

    def extend_rss(self, root: Any) -> None:
        """RSS has no tombstones: what is gone is just not there."""
        (channel,) = root
        self._link(channel, f"{{{_ATOM}}}link")
        if self.feed.is_archived:
            SubElement(channel, f"{{{_HISTORY}}}archive")
        else:
            period, frequency = pace(self.feed.every)
            SubElement(channel, f"{{{_SYNDICATION}}}updatePeriod").text = period
            SubElement(channel, f"{{{_SYNDICATION}}}updateFrequency").text = str(frequency)

    def extend_atom(self, root: Any) -> None:
        """Tombstones as RFC 6721 §3 has them."""
        self._link(root, "link")
        if self.feed.is_archived:
            SubElement(root, f"{{{_HISTORY}}}archive")
        for gone in self.feed.gone:
            when = rfc3339(gone.at)
            tag = f"{{{_TOMBSTONES}}}deleted-entry"
            SubElement(root, tag, ref=plain(gone.id), when=when, nsmap={"at": _TOMBSTONES})

    def _link(self, parent: Any, tag: str) -> None:
        for relation, address, media_type in self.links:
            kind = {"type": media_type} if media_type else {}
            SubElement(parent, tag, rel=relation, href=address, **kind)


class PieceParts:
    """A piece's enclosures in Atom, for feedgen 1.0 loses the kind of its own links, and its language."""

    piece: Piece

    def extend_rss(self, _element: Any) -> None:
        """There it is all said by feedgen."""

    def extend_atom(self, element: Any) -> None:
        """The length is only a hint, left out when unknown."""
        if self.piece.language:
            element.set(_LANG, line(self.piece.language))
        for one in self.piece.enclosures:
            length = {"length": str(one.length)} if one.length else {}
            SubElement(element, "link", rel="enclosure", href=plain(one.url), type=line(one.type), **length)


def pace(every: timedelta) -> tuple[str, int]:
    """How often a feed changes, as the syndication module of RSS 1.0 says it: a period, and how often within it."""
    if every <= _HOUR:
        return "hourly", max(1, int(_HOUR / every))
    return "daily", max(1, int(timedelta(days=1) / every))
