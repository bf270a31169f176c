"""What a feed says of one article, in whatever format → ``Content``; the feed parsers end here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

from syndicate.model import Content, Enclosure
from syndicate.pickup.clean import absolute_url, clean, first_paragraph, one_line, plain, summarise
from syndicate.pickup.plaintext import title_from
from syndicate.render.text import html_to_text

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")


@dataclass(frozen=True, slots=True)
class Raw:
    """Text as it stands in a feed, which may be markup; relative links in it hang from ``base_url``."""

    value: str = ""
    is_html: bool = True
    base_url: str | None = None

    @property
    def html(self) -> str:
        """Clean HTML; text without markup becomes paragraphs at its blank lines."""
        if self.is_html and _MARKUP.search(self.value):
            return clean(self.value, self.base_url)
        text = self.value if self.is_html else escape(self.value, quote=False)
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
        return clean("\n".join(f"<p>{part}</p>" for part in paragraphs if part), self.base_url)

    @property
    def line(self) -> str:
        """Plain text on one line."""
        return plain(self.value) if self.is_html else one_line(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One article as a feed gives it, before any of it is trusted."""

    guid: str
    title: Raw
    body: Raw
    summary: Raw = Raw()
    url: str | None = None
    authors: Iterable[str] = ()
    tags: Iterable[str] = ()
    language: str | None = None
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None


def build(said: Said) -> Content | None:
    """The article, or None when there is neither title nor text. Identity: guid, else link, else a hash of both."""
    html = said.body.html or said.summary.html
    lead = first_paragraph(html)
    text = html_to_text(html)
    title = said.title.line or title_from(lead or text)
    if not title:
        return None
    url = absolute_url(said.url, None)
    digest = hashlib.sha256(f"{title}\n{html}".encode()).hexdigest()
    return Content(
        guid=one_line(said.guid) or url or f"sha256:{digest}",
        title=title,
        html=html,
        text=text,
        summary=summarise(said.summary.line or lead or text),
        url=url,
        authors=_each_once(said.authors),
        tags=_each_once(said.tags),
        language=said.language if said.language and _LANGUAGE.fullmatch(said.language) else None,
        image=absolute_url(said.image, None),
        enclosures=said.enclosures,
        published_at=said.published_at or said.updated_at,
        updated_at=said.updated_at,
    )


def first_of_each(contents: Iterable[Content | None]) -> tuple[Content, ...]:
    """The contents that are any, one for each guid: the first."""
    found: dict[str, Content] = {}
    for content in contents:
        if content:
            found.setdefault(content.guid, content)
    return tuple(found.values())


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    lines = (plain(name) for name in names)
    return tuple(dict.fromkeys(line for line in lines if line))
