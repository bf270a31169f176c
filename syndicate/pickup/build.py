"""What a feed says of one article, in whatever format → ``Content``; the feed parsers end here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import unquote, urlsplit

from syndicate.model import Content, Enclosure, Original
from syndicate.pickup.clean import absolute_url, clean, first_paragraph, one_line, plain, summarise
from syndicate.pickup.plaintext import title_from
from syndicate.pickup.reading import Reading
from syndicate.render.text import html_to_text, printable

MOST = 2000
"""So many articles of one document are read; a feed that has more is an archive."""

_OLDEST = datetime.min.replace(tzinfo=UTC)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_FOOTER = re.compile(r"\s*The post .{1,400} (?:appeared first|first appeared) on .{1,300}$", re.DOTALL)
"""What WordPress writes below each article of its feeds."""
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

    @property
    def dated_at(self) -> datetime:
        """When it says it was published; what does not say comes before all others."""
        return self.published_at or self.updated_at or _OLDEST


def build(said: Said) -> Content | None:
    """The article, or None when there is nothing to show: no title, text, enclosure or link.

    Identity: guid, else link, else a hash of title and text.
    """
    html = said.body.html or said.summary.html
    lead = first_paragraph(html)
    text = html_to_text(html)
    url = absolute_url(said.url, None)
    title = said.title.line or title_from(lead or text) or _name_in(url, said.enclosures)
    if not title:
        return None
    digest = hashlib.sha256(f"{title}\n{html}".encode()).hexdigest()
    return Content(
        guid=one_line(said.guid) or url or f"sha256:{digest}",
        title=title,
        html=html,
        text=text,
        summary=summarise(_FOOTER.sub("", said.summary.line) or lead or text),
        url=url,
        authors=_each_once(said.authors),
        tags=_each_once(said.tags),
        language=said.language if said.language and _LANGUAGE.fullmatch(said.language) else None,
        image=absolute_url(said.image, None),
        enclosures=said.enclosures,
        published_at=said.published_at or said.updated_at,
        updated_at=said.updated_at,
        original=_original(said.body if said.body.html else said.summary),
    )


def _name_in(url: str | None, enclosures: Sequence[Enclosure]) -> str:
    """What an address calls the thing that it leads to, for an article that says nothing itself."""
    address = enclosures[0].url if enclosures else url or ""
    parts = urlsplit(address)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2], errors="replace")
    return one_line(re.sub(r"[-_+]+", " ", name.removesuffix(".html"))) or parts.netloc


def newest_of(said: Sequence[Said]) -> Reading:
    """The articles in their order, one for each guid: the first. Of more than ``MOST`` only the newest are built."""
    by_age = sorted(range(len(said)), key=lambda n: said[n].dated_at, reverse=True)
    found: dict[str, Content] = {}
    for number in sorted(by_age[:MOST]):
        content = build(said[number])
        if content:
            found.setdefault(content.guid, content)
    return Reading(contents=tuple(found.values()), left_out=max(0, len(said) - MOST))


def _original(raw: Raw) -> Original:
    """What was cleaned, but for characters that nobody can see."""
    return Original.of(printable(raw.value), "html" if raw.is_html else "text")


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    lines = (plain(name) for name in names)
    return tuple(dict.fromkeys(line for line in lines if line))
