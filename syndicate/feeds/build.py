"""A feed → its bytes as RSS 2.0 or as Atom (RFC 4287), by feedgen. Called by ``formats``.

The same feed always gives the same bytes: nothing in it says when it was built.
"""

from __future__ import annotations

import html
from threading import Lock
from typing import Any

from feedgen.feed import FeedGenerator

from syndicate.feeds.context import FeedContext, Piece, plain
from syndicate.feeds.extensions import FeedParts, PieceParts
from syndicate.feeds.jsonfeed import JSON, JSON_TYPE
from syndicate.feeds.wording import body_of, line, summary_of, title_of, whole_seconds
from syndicate.model import Enclosure

RSS, RSS_TYPE = "rss.xml", "application/rss+xml"
ATOM, ATOM_TYPE = "atom.xml", "application/atom+xml"

_MEDIA = ("image", "audio", "video")
_SPOKEN = ("audio", "video")
_DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"

# feedgen formats RSS dates under locale.setlocale, which changes the whole process: one feed is built at a time.
_one_at_a_time = Lock()


def build_rss(feed: FeedContext) -> bytes:
    """RSS 2.0 with ``content:encoded`` and ``dc:creator``: an RSS ``author`` would have to be a mail address."""
    with _one_at_a_time:
        out = _begin(feed, RSS, RSS_TYPE)
        out.load_extension("dc", atom=False)
        if any(_kind(one.type) in _SPOKEN for piece in feed.pieces for one in piece.enclosures):
            out.load_extension("podcast", atom=False)
            out.podcast.itunes_author(line(feed.author))
            out.podcast.itunes_summary(line(feed.description or feed.title))
        for piece in feed.pieces:
            element = _add(out, piece)
            element.guid(plain(piece.id), permalink=piece.id == piece.url)
            # A description is HTML by custom, a summary is plain text.
            element.summary(html.escape(summary_of(piece), quote=False) or None)
            if piece.authors:
                element.dc.dc_creator([line(author) for author in piece.authors])
            if piece.language:
                element.dc.dc_language(line(piece.language))
            for enclosure in piece.enclosures[:1]:
                # RSS 2.0 knows one enclosure, and wants a length even where nobody knows it.
                element.enclosure(plain(enclosure.url), str(enclosure.length), line(enclosure.type))
        return _styled(feed, bytes(out.rss_str(pretty=True)))


def build_atom(feed: FeedContext) -> bytes:
    """Atom; pieces without an author are the feed's (RFC 4287 §4.1.2), what is gone has its tombstone (RFC 6721)."""
    with _one_at_a_time:
        out = _begin(feed, ATOM, ATOM_TYPE)
        out.id(feed.id)
        out.author({"name": line(feed.author)})
        for piece in feed.pieces:
            element = _add(out, piece)
            element.id(plain(piece.id))
            element.updated(whole_seconds(piece.updated_at))
            if piece.summary.strip():
                element.summary(piece.summary)
            for author in piece.authors:
                element.author({"name": line(author)})
            element.parts.piece = piece
        return _styled(feed, bytes(out.atom_str(pretty=True)))


def _begin(feed: FeedContext, file: str, media_type: str) -> Any:
    """A feed without pieces. Its date is that of its newest change; feedgen would say *now*."""
    out = FeedGenerator()
    out.title(line(feed.title))
    out.description(line(feed.description or feed.title))
    out.language(feed.language)
    out.generator("syndicate")
    out.link(href=feed.address + file, rel="self", type=media_type)
    out.link(href=feed.home_url, rel="alternate", type="text/html")
    others = [(RSS, RSS_TYPE), (ATOM, ATOM_TYPE)] + ([] if feed.is_archived else [(JSON, JSON_TYPE)])
    links = [("alternate", feed.address + name, kind) for name, kind in others if name != file]
    links += [(relation, folder + file, media_type) for relation, folder in feed.around.items()]
    links += [("hub", hub, "") for hub in feed.hubs]
    out.updated(whole_seconds(feed.updated_at))
    out.register_extension("parts", FeedParts, PieceParts)
    out.parts.feed, out.parts.links = feed, tuple(links)
    if any(piece.image or _shown(piece) for piece in feed.pieces):
        out.load_extension("media")
    return out


def _add(out: Any, piece: Piece) -> Any:
    """What both formats say of a piece. Content goes in escaped, never as CDATA, which ``]]>`` would end."""
    element = out.add_entry(order="append")
    element.title(title_of(piece))
    element.link(href=plain(piece.url), rel="alternate", type="text/html")
    element.content(body_of(piece), type="html")
    element.published(whole_seconds(piece.published_at))
    for tag in piece.tags:
        element.category(term=line(tag))
    for one in _shown(piece):
        size = {"fileSize": str(one.length)} if one.length else {}
        facts = {"url": plain(one.url), "type": line(one.type), "medium": _kind(one.type)}
        element.media.content(facts | size, group=None)
    if piece.image:
        element.media.thumbnail({"url": plain(piece.image)}, group=None)
    return element


def _shown(piece: Piece) -> list[Enclosure]:
    """The enclosures that one looks at or listens to."""
    return [one for one in piece.enclosures if _kind(one.type) in _MEDIA]


def _kind(media_type: str) -> str:
    return media_type.partition("/")[0].strip().lower()


def _styled(feed: FeedContext, document: bytes) -> bytes:
    """With the stylesheet that makes it a page for people (W3C, Associating Style Sheets with XML)."""
    style = f'<?xml-stylesheet type="text/css" href="{html.escape(feed.stylesheet)}"?>\n'
    return document.replace(_DECLARATION, _DECLARATION + style.encode(), 1)
