"""Plain text → a real article: title, lead, headings, lists, takeaways. The folder reader calls it for ``.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

from syndicate.pickup.clean import clean, cut_at_word, one_line, summarise
from syndicate.render.text import printable

TITLE_LIMIT = 90
"""Longest title that is made from a lead, in characters."""
_CLAUSE_FROM = 24
"""A clause that ends before this many characters ("On Tuesday,") says too little to be a title."""
_SUMMARY_LIMIT = 600
_HEADING_LIMIT = 90
_UNWRAPPED = 120
"""A line longer than this was not wrapped by hand: in such a text each line is a paragraph of its own."""

_BULLET = re.compile(r"(?:[•‣◦▪●⁃]\s*|[*-]\s+)(?=\S)")
_NUMBER = re.compile(r"(\d{1,3})[.)]\s+(?=\S)")
_RULE = re.compile(r"[=_*~–—-]{3,}|(?:[*_-] ){2,}[*_-]")
_END = re.compile(r"[.!?:;,…][\"'”’»)\]]*$")
_CLAUSE_END = re.compile(
    r"[,;:](?=\s)|\s[–—-](?=\s)|(?<=[^\W_]{3})[.!?…]+[\"”’»]?(?=\s+[\"“‘«]?[A-ZÀ-ÞĀ-ŽА-Я])|[.!?…]+$"
)
_TAKEAWAYS = re.compile(
    r"(?:the\s+)?(?:key\s+(?:takeaways?|points?|facts?|findings?)|takeaways?|main\s+points?|highlights"
    r"|at\s+a\s+glance|in\s+(?:brief|short))\s*:?",
    re.IGNORECASE,
)
_RELATED = re.compile(
    r"(?:See also|SEE ALSO|Read (?:also|more|next)|READ (?:ALSO|MORE|NEXT)|Also read|Related(?: \w+)?|RELATED)"
    r"(?P<colon>\s*[:：|])?(?P<what>.*)"
)

Kind = Literal["text", "ul", "ol"]


@dataclass(frozen=True, slots=True)
class PlainText:
    """What a plain text says. ``html`` is clean and without the title; all else is plain text on one line each."""

    title: str
    lead: str
    summary: str
    html: str
    takeaways: tuple[str, ...]
    related: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    kind: Kind
    text: str
    number: int
    alone: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph or heading (one text), or a list (its points). ``alone``: a single line between two blank ones."""

    kind: Literal["p", "h2", "ul", "ol"]
    texts: tuple[str, ...]
    start: int = 1
    alone: bool = False


def parse_plaintext(text: str) -> PlainText:
    """Read ``text`` as a person would. Never raises; an empty text has an empty title.

    The first line is the title when it is short, stands alone and has no end punctuation; otherwise the title is made
    from the lead. The first paragraph is the lead, and the summary unless it is longer than 600 characters.
    """
    lines, related = _take_related(_lines(printable(text).removeprefix("\ufeff")))
    blocks = _headings(_blocks(lines))
    title = ""
    if blocks and blocks[0].kind == "h2" and not _TAKEAWAYS.fullmatch(blocks[0].texts[0]):
        title, blocks = blocks[0].texts[0], blocks[1:]
    lead = next((block.texts[0] for block in blocks if block.kind == "p"), "")
    first = lead or next((block.texts[0] for block in blocks), "")
    return PlainText(
        title=title or title_from(first),
        lead=lead,
        summary=summarise(lead, _SUMMARY_LIMIT),
        html=clean("\n".join(_markup(block) for block in blocks), None),
        takeaways=_takeaways(blocks),
        related=related,
    )


def title_from(lead: str) -> str:
    """The first clause of ``lead``, cut at a word, at most ``TITLE_LIMIT`` characters, without trailing comma."""
    lead = one_line(lead[: 10 * TITLE_LIMIT])
    ends = (end for end in _CLAUSE_END.finditer(lead) if end.start() >= _CLAUSE_FROM)
    end = next(ends, None)
    clause = lead[: end.end()] if end else lead
    return cut_at_word(clause, TITLE_LIMIT).rstrip(".…") or clause[:TITLE_LIMIT]


def _lines(text: str) -> list[_Line | None]:
    """Each line, classified; None for blank ones and for those that only draw a rule."""
    raw = [line.rstrip() for line in text.expandtabs(4).split("\n")]
    drawn = [None if not line.strip() or _RULE.fullmatch(line.strip()) else line for line in raw]
    numbered = sum(1 for line in drawn if line and _NUMBER.match(line.strip())) > 1
    unwrapped = any(len(line) > _UNWRAPPED and " " in line.strip() for line in raw)
    lines: list[_Line | None] = []
    for before, line, after in zip([None, *drawn], drawn, [*drawn[1:], None], strict=False):
        if line is None:
            lines.append(None)
            continue
        kind, words, number = _classify(line.strip(), numbered)
        ends_block = after is None or _classify(after.strip(), numbered)[0] != "text"
        alone = kind == "text" and (unwrapped or (before is None and ends_block))
        lines.append(_Line(kind, words, number, alone))
        if unwrapped:
            lines.append(None)
    return lines


def _classify(line: str, numbered: bool) -> tuple[Kind, str, int]:
    if bullet := _BULLET.match(line):
        return "ul", one_line(line[bullet.end() :]), 0
    if numbered and (number := _NUMBER.match(line)):
        return "ol", one_line(line[number.end() :]), int(number[1])
    return "text", one_line(line), 0


def _take_related(lines: Sequence[_Line | None]) -> tuple[list[_Line | None], tuple[str, ...]]:
    """Separate what a site's widget left in ("See also …") from the article."""
    kept: list[_Line | None] = []
    related: list[str] = []
    expected: Literal["", "any", "points"] = ""
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        if line is None:
            kept.append(None)
            continue
        match = _RELATED.fullmatch(line.text)
        stray = match and (match["colon"] or (line.alone and not _END.search(line.text) and _unsaid(match)))
        if match and stray:
            what = match["what"].strip()
            expected = "" if what else "any"
            related += [what] if what else []
        elif expected and line.kind != "text":
            related.append(line.text)
            expected = "points"
        elif expected == "any" and after is None and not _END.search(line.text):
            related.append(line.text)
            expected = ""
        else:
            expected = ""
            kept.append(line)
    return kept, tuple(related)


def _unsaid(match: re.Match[str]) -> bool:
    """Whether a line without colon can only be a widget's: "Related talks go on" is a heading like any other."""
    return not match["what"] or not match[0].casefold().startswith("related")


def _blocks(lines: Sequence[_Line | None]) -> Iterator[_Block]:
    """Join wrapped lines into paragraphs, and points into lists, across the blank lines between them."""
    texts: list[str] = []
    first: _Line | None = None
    gap = True
    for line in lines:
        if line is None:
            gap = True
            continue
        if first and line.kind == "text" and not gap:
            texts[-1] += f" {line.text}"
        elif first and line.kind == first.kind != "text":
            texts.append(line.text)
        else:
            if first:
                yield _block(first, texts)
            first, texts = line, [line.text]
        gap = False
    if first:
        yield _block(first, texts)


def _block(first: _Line, texts: Sequence[str]) -> _Block:
    return _Block("p" if first.kind == "text" else first.kind, tuple(texts), first.number, first.alone)


def _headings(blocks: Iterator[_Block]) -> list[_Block]:
    """Short lines that stand alone, without end punctuation, above something, are headings."""
    found = list(blocks)
    titled = [
        _Block("h2", (block.texts[0].rstrip(" :"),)) if _is_heading(block, below) else block
        for block, below in pairwise(found)
    ]
    return titled + found[-1:]


def _is_heading(block: _Block, below: _Block) -> bool:
    text = block.texts[0]
    if not block.alone or len(text) > _HEADING_LIMIT or not any(character.isalpha() for character in text):
        return False
    return not _END.search(text) or (below.kind in ("ul", "ol") and _TAKEAWAYS.fullmatch(text) is not None)


def _takeaways(blocks: Sequence[_Block]) -> tuple[str, ...]:
    for heading, points in pairwise(blocks):
        if heading.kind == "h2" and points.kind in ("ul", "ol") and _TAKEAWAYS.fullmatch(heading.texts[0]):
            return points.texts
    return ()


def _markup(block: _Block) -> str:
    texts = [escape(text, quote=False) for text in block.texts]
    if block.kind in ("p", "h2"):
        return f"<{block.kind}>{texts[0]}</{block.kind}>"
    start = f' start="{block.start}"' if block.kind == "ol" and block.start != 1 else ""
    points = "".join(f"<li>{text}</li>" for text in texts)
    return f"<{block.kind}{start}>{points}</{block.kind}>"
