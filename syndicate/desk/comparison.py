"""What cleaning took from an article: its markup before and after, line by line. Pure. Called by the console."""

from __future__ import annotations

import re
from difflib import unified_diff

MOST_LINES = 800
"""Of each side; a comparison takes time with the square of it, and an article is what somebody sent us."""

_LONGEST_LINE = 2000
_BLOCK = (
    "address|article|aside|audio|blockquote|body|br|dd|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|h[1-6]|"
    "head|header|hr|html|iframe|img|input|li|link|main|meta|nav|noscript|object|ol|p|pre|script|section|source|style|"
    "svg|table|tbody|td|tfoot|th|thead|title|tr|ul|video"
)
_BEFORE = re.compile(rf"(?=<(?:{_BLOCK})\b)", re.IGNORECASE)
_CLOSED = re.compile(rf"(</(?:{_BLOCK})\s*>)", re.IGNORECASE)


def changes(before: str, after: str) -> tuple[list[str], bool]:
    """The lines that differ, as a unified diff with some around them, and whether all of both was compared."""
    old, new = _lines(before), _lines(after)
    found = unified_diff(old[:MOST_LINES], new[:MOST_LINES], "original", "cleaned", n=2, lineterm="")
    return list(found), max(len(old), len(new)) <= MOST_LINES


def _plain(markup: str) -> str:
    """Quotes that are written in two ways are the same."""
    return markup.replace("&quot;", '"').replace("&#39;", "'")


def _lines(markup: str) -> list[str]:
    """Every block on lines of its own, white space as HTML has it."""
    spread = _CLOSED.sub(r"\1\n", _BEFORE.sub("\n", " ".join(_plain(markup).split())))
    lines = (line.strip()[:_LONGEST_LINE] for line in spread.split("\n"))
    return [line for line in lines if line]
