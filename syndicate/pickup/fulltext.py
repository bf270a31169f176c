"""Fetches what a feed leaves out: articles of which it has only a beginning are read from their own pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from syndicate.errors import FetchError, ParseError, PickupError
from syndicate.model import Content
from syndicate.pickup.bounded.children import parse
from syndicate.pickup.bounded.wire import Task
from syndicate.pickup.fetch import Fetcher
from syndicate.pickup.page import can_read_pages
from syndicate.render.text import html_to_text
from syndicate.store.pages import PageText

PAGES_AT_ONCE = 30
"""So many pages are fetched at one look; the next look goes on."""
_WHOLE_WORDS = 250
"""A text of so many words is taken to be all of it."""
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\b(?:read|continue|view)\b[^.]{0,40})\s*[\])»→>]*\s*$", re.IGNORECASE)
_HTML = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class Filled:
    """``contents`` with the texts of their pages, which are in ``texts`` where they are new; ``left`` wait."""

    contents: tuple[Content, ...]
    texts: tuple[PageText, ...]
    problems: tuple[PickupError, ...]
    left: int


def is_teaser(content: Content) -> bool:
    """Whether this can only be a beginning: it is short, or ends as texts do that go on elsewhere."""
    words = len(content.text.split())
    is_cut_off = words < _WHOLE_WORDS and _CUT_OFF.search(content.text) is not None
    return content.url is not None and (is_cut_off or words < _WHOLE_WORDS // 2)


async def fill(contents: Sequence[Content], known: Mapping[str, PageText], fetcher: Fetcher) -> Filled:
    """Puts the pages' texts in place of teasers. What can't be had stays as it is, and is not asked for again."""
    if not can_read_pages():
        missing = ParseError("full_text", "needs more than is installed: pip install 'syndicate[fulltext]'")
        return Filled(tuple(contents), (), (missing,), 0)
    texts = dict(known)
    wanted = [one for one in contents if is_teaser(one) and not _is_known(one, texts)]
    fetched = await asyncio.gather(*(_fetch(one, fetcher) for one in wanted[:PAGES_AT_ONCE]))
    texts |= {text.guid: text for text, _ in fetched}
    return Filled(
        tuple(_filled(one, texts) for one in contents),
        tuple(text for text, _ in fetched),
        tuple(problem for _, problem in fetched if problem),
        max(0, len(wanted) - PAGES_AT_ONCE),
    )


def _is_known(content: Content, texts: Mapping[str, PageText]) -> bool:
    text = texts.get(content.guid)
    return text is not None and text.teaser_hash == content.content_hash


def _filled(content: Content, texts: Mapping[str, PageText]) -> Content:
    text = texts.get(content.guid)
    if text is None or not text.html or text.teaser_hash != content.content_hash:
        return content
    return replace(content, html=text.html, text=html_to_text(text.html))


async def _fetch(content: Content, fetcher: Fetcher) -> tuple[PageText, PickupError | None]:
    """The page's text, if there is more of it than in the feed."""
    nothing = PageText(content.guid, content.content_hash, "")
    answer = await fetcher.get(content.url or "", accept=_HTML)
    if answer.problem:
        return nothing, FetchError(answer.url, answer.problem)
    try:
        (page,) = (await parse(Task("page", answer.body, answer.url, answer.content_type))).contents
    except ParseError as error:
        return nothing, error
    return (nothing._replace(html=page.html) if len(page.text) > len(content.text) else nothing), None
