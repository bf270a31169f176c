"""Articles → the bytes of a feed, RSS 2.0 or Atom (RFC 4287). Called by ``publish``.

The same articles always give the same bytes: nothing in a feed says when it was built.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

from feedgen.feed import FeedGenerator
from lxml.etree import SubElement

from syndicate.model import Article, Enclosure
from syndicate.render.filters import clip
from syndicate.render.links import Links
from syndicate.settings.schema import Newsletter, Site

RSS = "rss.xml"
ATOM = "atom.xml"

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLE_LENGTH = 90

# feedgen formats RSS dates under locale.setlocale, which changes the whole process: one feed is built at a time.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContext:
    """A newsletter's feed: ``articles`` are newest first, as many as the feed shall hold."""

    site: Site
    newsletter: Newsletter
    articles: tuple[Article, ...]
    links: Links


def build_rss(feed: FeedContext) -> bytes:
    """RSS 2.0 with ``content:encoded`` and ``dc:creator``: an RSS ``author`` would have to be a mail address."""
    with _one_at_a_time:
        out = _begin(feed, RSS, "application/rss+xml")
        out.load_extension("dc", atom=False)
        for article in feed.articles:
            element = _add(out, article, feed)
            guid = guid_of(article, feed.site)
            element.guid(_xml(guid), permalink=guid == article.url)
            if article.summary.strip():
                # A description is HTML by custom, a summary is plain text.
                element.summary(html.escape(_xml(article.summary), quote=False))
            if article.authors:
                element.dc.dc_creator([_line(author) for author in article.authors])
            for enclosure in article.enclosures[:1]:
                # RSS 2.0 knows one enclosure, and wants a length even where nobody knows it.
                element.enclosure(_xml(enclosure.url), str(enclosure.length), _line(enclosure.type))
        return bytes(out.rss_str(pretty=True))


def build_atom(feed: FeedContext) -> bytes:
    """Atom; articles without an author are the site's (RFC 4287 §4.1.2)."""
    with _one_at_a_time:
        out = _begin(feed, ATOM, "application/atom+xml")
        out.id(feed.links.feed(feed.newsletter.slug, ATOM))
        out.author({"name": _line(feed.site.name)})
        for article in feed.articles:
            element = _add(out, article, feed)
            element.guid(_xml(guid_of(article, feed.site)))
            element.updated(_whole_seconds(changed_at(article)))
            if article.summary.strip():
                element.summary(_xml(article.summary))
            for author in article.authors:
                element.author({"name": _line(author)})
            element.register_extension("enclosures", _Enclosures, rss=False)
            element.enclosures.given = article.enclosures
        return bytes(out.atom_str(pretty=True))


def guid_of(article: Article, site: Site) -> str:
    """What readers' programs know the article by: its own address, else a tag URI (RFC 4151).

    It is made of nothing that an edit changes, nor of row ids, so it is the same in a database that was built anew.
    """
    if article.url:
        return article.url
    # The year is the first in which a site can have run this program; the tag only needs one that never moves.
    host = quote(urlsplit(site.url).hostname or "", safe=".-")
    return f"tag:{host},2026:{quote(article.source)}/{quote(article.guid, errors='replace')}"


def changed_at(article: Article) -> datetime:
    """When readers last got another text of it: as this program saw it, else as the article says of itself."""
    if article.changed_at > article.picked_up_at:
        return article.changed_at
    return article.updated_at or article.dated_at


class _Enclosures:
    """Writes an Atom article's enclosures. An extension: feedgen 1.0 loses the kind of its own links."""

    given: tuple[Enclosure, ...] = ()

    def extend_atom(self, element: Any) -> None:
        """Called by feedgen with the finished element. The length is only a hint, left out when unknown."""
        for one in self.given:
            length = {"length": str(one.length)} if one.length else {}
            SubElement(element, "link", rel="enclosure", href=_xml(one.url), type=_line(one.type), **length)


def _begin(feed: FeedContext, file: str, media_type: str) -> Any:
    """A feed without articles. Its date is that of its newest change; feedgen would say *now*."""
    newsletter, site = feed.newsletter, feed.site
    out = FeedGenerator()
    out.title(_line(newsletter.title))
    out.description(_line(newsletter.description or newsletter.title))
    out.language(feed.newsletter.language or site.language)
    out.generator("syndicate")
    out.link(href=feed.links.feed(newsletter.slug, file), rel="self", type=media_type)
    out.link(href=f"{site.url}/", rel="alternate", type="text/html")
    out.updated(_whole_seconds(max(map(changed_at, feed.articles), default=_NEVER)))
    return out


def _add(out: Any, article: Article, feed: FeedContext) -> Any:
    """What both formats say of an article. Content goes in escaped, never as CDATA, which ``]]>`` would end."""
    element = out.add_entry(order="append")
    element.title(_line(article.title) or clip(_line(article.text), _TITLE_LENGTH) or "Untitled")
    element.link(href=_xml(feed.links.article(article)), rel="alternate", type="text/html")
    element.content(_content(article), type="html")
    element.published(_whole_seconds(article.dated_at))
    for tag in article.tags:
        element.category(term=_line(tag))
    return element


def _content(article: Article) -> str:
    """The body, under the article's picture when that is not in it."""
    body = _xml(article.html)
    if not article.image or html.escape(article.image) in body or article.image in body:
        return body
    return f'<p><img src="{html.escape(_xml(article.image))}" alt=""></p>\n{body}'


def _whole_seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _xml(text: str) -> str:
    """``text`` without the characters that no XML 1.0 document can hold (§2.2)."""
    return _NOT_XML.sub("", text)


def _line(text: str) -> str:
    """The same, on one line."""
    return " ".join(_xml(text).split())
