"""HTML pages → articles. The folder reader calls it for ``.html``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import escape

import lxml.html
from lxml.etree import ParserError

from syndicate.errors import ParseError
from syndicate.model import Content, Original
from syndicate.pickup.clean import absolute_url, clean, first_paragraph, one_line, summarise
from syndicate.pickup.markdown import as_utc
from syndicate.pickup.plaintext import title_from
from syndicate.render.text import html_to_text, printable

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_FURNITURE = ("nav", "form", "script", "style", "template")
_PAGE_FURNITURE = ("header", "footer", "aside")


def declared_charset(data: bytes) -> str | None:
    """The encoding that a page names in its first 1,024 bytes (HTML standard §4.2.5.4)."""
    match = _CHARSET.search(data[:1024])
    return match[1].decode("ascii", "replace") if match else None


def parse_html(text: str, guid: str, published_at: datetime) -> Content:
    """The article of one page: the longest ``<article>``, else ``<main>``, else the body without its furniture.

    ``published_at`` holds when the page names no date. Raises ParseError when there is neither title nor text.
    """
    try:
        page = lxml.html.document_fromstring(_XML_DECLARATION.sub("", printable(text)))
    except (ParserError, ValueError):
        raise ParseError(guid, "is empty; write a page with a title and an <article>") from None
    meta = _Meta(page)
    url = absolute_url(meta.link("canonical") or meta.first("og:url"), None)
    base = absolute_url(next(iter(page.xpath("//base/@href")), None), url) or url
    language = meta.language()
    article = _article(page)
    times = [str(value) for value in article.xpath(".//time/@datetime")]
    title = _take_title(article, meta)
    html = clean(_inner_html(article), base)
    lead = first_paragraph(html)
    title = title or title_from(lead)
    if not title:
        raise ParseError(guid, "has neither a title nor a text; write a <title> and an <article>")
    published = _instant(*meta.all("article:published_time", "date", "dcterms.date", "dc.date", "pubdate"), *times[:1])
    return Content(
        guid=guid,
        title=title,
        html=html,
        text=html_to_text(html),
        summary=meta.first("description", "og:description") or summarise(lead),
        url=url,
        authors=tuple(dict.fromkeys(a for a in meta.all("author", "article:author") if not a.startswith("http"))),
        tags=meta.tags(),
        language=language,
        image=absolute_url(meta.first("og:image", "og:image:url", "twitter:image"), base),
        published_at=published or published_at,
        updated_at=_instant(*meta.all("article:modified_time", "dcterms.modified", "last-modified")),
        original=Original.of(printable(text), "html"),
    )


class _Meta:
    """What a page's head says of it."""

    def __init__(self, page: lxml.html.HtmlElement) -> None:
        self._page = page
        self._values = [
            ((tag.get("name") or tag.get("property") or "").strip().lower(), one_line(tag.get("content") or ""))
            for tag in page.iter("meta")
        ]
        self.title = one_line(next((tag.text_content() for tag in page.iter("title")), ""))

    def all(self, *names: str) -> Iterator[str]:
        """Every non-empty value of ``names``, in the order of ``names``."""
        return (value for name in names for known, value in self._values if known == name and value)

    def first(self, *names: str) -> str:
        return next(self.all(*names), "")

    def tags(self) -> tuple[str, ...]:
        words = [word for value in self.all("keywords", "news_keywords") for word in value.split(",")]
        tags = [*(one_line(word) for word in words), *self.all("article:tag")]
        return tuple(dict.fromkeys(tag for tag in tags if tag))

    def link(self, rel: str) -> str | None:
        links = (tag.get("href") for tag in self._page.iter("link") if rel in (tag.get("rel") or "").lower().split())
        return next((href for href in links if href), None)

    def language(self) -> str | None:
        language = (self._page.get("lang") or self.first("language")).strip()
        return language if _LANGUAGE.fullmatch(language) else None


def _article(page: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    found = max(page.iter("article"), key=lambda one: len(one.text_content()), default=None)
    if found is None:
        found = next(page.iter("main"), None)
    unwanted: tuple[str, ...] = _FURNITURE
    if found is None:
        found, unwanted = page.find("body"), _FURNITURE + _PAGE_FURNITURE
    if found is None:
        return lxml.html.Element("body")
    for tag in list(found.iter(*unwanted)):
        tag.drop_tree()
    return found


def _take_title(article: lxml.html.HtmlElement, meta: _Meta) -> str:
    """The title: OpenGraph's, else the ``<h1>`` that ``<title>`` begins with, else ``<title>``, else the ``<h1>``.

    The ``<h1>`` that says the same is taken out of the article.
    """
    heading = next(article.iter("h1"), None)
    said = one_line(heading.text_content()) if heading is not None else ""
    title = meta.first("og:title") or meta.title
    if said and (not title or title.casefold().startswith(said.casefold())):
        title = said
    if heading is not None and said.casefold() == title.casefold():
        heading.drop_tree()
    return title


def _inner_html(element: lxml.html.HtmlElement) -> str:
    children = (lxml.html.tostring(child, encoding="unicode") for child in element)
    return escape(element.text or "", quote=False) + "".join(children)


def _instant(*values: str) -> datetime | None:
    """The first of ``values`` that is an instant (ISO 8601), in UTC."""
    for value in values:
        try:
            return as_utc(datetime.fromisoformat(value.strip()))
        except (ValueError, OverflowError):
            continue
    return None
