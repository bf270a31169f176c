"""The text of an article's own page, without what stands around it. Needs the extra ``syndicate[fulltext]``."""

from __future__ import annotations

import re
from importlib.util import find_spec

from syndicate.errors import ParseError
from syndicate.model import Content
from syndicate.pickup.clean import clean
from syndicate.pickup.reading import Reading
from syndicate.render.text import html_to_text

_HEADING = re.compile(r"^\s*<h1>.*?</h1>", re.DOTALL)


def can_read_pages() -> bool:
    """Whether the extra is installed."""
    return find_spec("trafilatura") is not None


def parse_page(body: bytes, url: str, _content_type: str | None) -> Reading:
    """One content, of which ``html`` and ``text`` count. :raises ParseError: when the page has no text of its own."""
    import trafilatura

    found = trafilatura.extract(
        body,
        url=url,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
        favor_precision=True,
    )
    html = clean(_HEADING.sub("", clean(found or "", url)), url)
    if not html:
        raise ParseError(url, "has no text that could be told from what stands around it")
    return Reading(contents=(Content(guid=url, title=url, html=html, text=html_to_text(html)),))
