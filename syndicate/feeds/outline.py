"""All feeds as OPML 2.0, which feed readers import. Called by ``front``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from syndicate.feeds.build import ATOM
from syndicate.feeds.context import FeedContext
from syndicate.feeds.wording import line


@dataclass(frozen=True, slots=True)
class Listed:
    """The feeds of one newsletter, or of all: its articles, its digests if it has any, and its topics by tag."""

    folder: str
    articles: FeedContext
    digests: FeedContext | None
    tags: Sequence[tuple[str, str, FeedContext]]
    """Tag, folder and feed, by the alphabet."""


def outline(title: str, listed: Sequence[Listed]) -> bytes:
    """One outline for each newsletter, its feeds inside; each feed once, as Atom. The date of nothing is in it."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = line(title)
    body = etree.SubElement(root, "body")
    for one in listed:
        group = etree.SubElement(body, "outline", text=line(one.articles.title), title=line(one.articles.title))
        for feed in (one.articles, one.digests, *(feed for _, _, feed in one.tags)):
            if feed:
                etree.SubElement(
                    group,
                    "outline",
                    type="rss",
                    text=line(feed.title),
                    title=line(feed.title),
                    description=line(feed.description),
                    language=feed.language,
                    xmlUrl=feed.address + ATOM,
                    htmlUrl=feed.home_url,
                )
    return bytes(etree.tostring(root, pretty_print=True, encoding="UTF-8", xml_declaration=True))
