"""What was given to one reader → their private feed. Called by the page that answers for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import lxml.html
from lxml import etree

from syndicate.feeds.context import FeedContext, Piece
from syndicate.feeds.heads import style_from
from syndicate.feeds.ids import Ids
from syndicate.model import Subscription
from syndicate.render.holes import fill, reader_values
from syndicate.render.links import Links
from syndicate.settings.schema import Settings
from syndicate.store.private import Given

FOLDER = "private"
"""Where these are among the feeds; no newsletter has that name."""

MOST = 2_000_000
"""Characters of HTML in one feed, about; what is older is left out, but for the newest piece."""

_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def private_feed(
    settings: Settings, links: Links, ids: Ids, held: Subscription, token: str, given: Sequence[Given]
) -> FeedContext:
    """The feed at that token's address. ``given`` comes newest first."""
    newsletter = settings.newsletter(held.newsletter)
    folder = folder_of(token)
    pieces: list[Piece] = []
    size = 0
    for one in given:
        piece = _piece(links, ids, held, one)
        size += len(piece.html)
        if pieces and size > MOST:
            break
        pieces.append(piece)
    return FeedContext(
        id=ids.feed(f"{FOLDER}/{held.id}"),
        title=newsletter.title if newsletter else held.newsletter,
        description=newsletter.description if newsletter else "",
        language=(newsletter and newsletter.language) or settings.site.language,
        author=settings.site.name,
        address=links.feeds(folder),
        home_url=links.newsletter(newsletter.slug) if newsletter else f"{settings.site.url}/",
        stylesheet=style_from(folder),
        pieces=tuple(pieces),
    )


def folder_of(token: str) -> str:
    """Where the feed of that token is."""
    return f"{FOLDER}/{token}"


def _piece(links: Links, ids: Ids, held: Subscription, given: Given) -> Piece:
    """As the mail would be. Its link to the preferences is that of its day, so that nothing in it moves by itself."""
    person, parts = held.subscriber, given.parts.for_name(held.subscriber.name)
    values = reader_values(
        person, unsubscribe_url=links.unsubscribe(held.id), preferences_url=links.preferences(held.id, given.given_at)
    )
    return Piece(
        id=ids.feed(f"{FOLDER}/{held.id}/{given.digest_id}"),
        url=links.view(held.newsletter, given.digest_id),
        title=fill(parts.subject, parts.nonce, values, escape=False),
        html=body_of(fill(parts.html, parts.nonce, values, escape=True)),
        text=fill(parts.text, parts.nonce, values, escape=False),
        summary=" · ".join(given.titles),
        published_at=given.given_at,
        updated_at=given.given_at,
    )


def body_of(html: str) -> str:
    """What a mail shows: the inside of its body, without what is hidden, such as the line that inboxes preview."""
    document = lxml.html.document_fromstring(html)
    for element in list(document.iter()):
        if element.tag is etree.Comment or _HIDDEN.search(element.get("style", "")):
            element.drop_tree()
    body = document.find("body")
    if body is None:
        return ""
    inside = [etree.tostring(one, method="html", encoding="unicode") for one in body]
    return escape(body.text or "", quote=False) + "".join(inside)
