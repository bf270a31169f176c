"""How feeds put what a piece says, in every format alike."""

from __future__ import annotations

import html
from datetime import UTC, datetime

from syndicate.feeds.context import Piece, plain
from syndicate.render.filters import clip

_TITLE_LENGTH = 90
_SUMMARY_LENGTH = 320


def line(text: str) -> str:
    """``plain`` text, on one line."""
    return " ".join(plain(text).split())


def title_of(piece: Piece) -> str:
    """Its title, else how its text begins; never empty."""
    return line(piece.title) or clip(line(piece.text), _TITLE_LENGTH) or "Untitled"


def summary_of(piece: Piece) -> str:
    """Its summary, else how its text begins; may be empty."""
    return piece.summary.strip() or clip(line(piece.text), _SUMMARY_LENGTH)


def body_of(piece: Piece) -> str:
    """Its HTML, under its picture when that is not in it."""
    if not piece.image or html.escape(piece.image) in piece.html or piece.image in piece.html:
        return piece.html
    return f'<p><img src="{html.escape(plain(piece.image))}" alt=""></p>\n{piece.html}'


def whole_seconds(instant: datetime) -> datetime:
    """In UTC; RSS knows no parts of a second."""
    return instant.astimezone(UTC).replace(microsecond=0)


def rfc3339(instant: datetime) -> str:
    """The same as Atom and JSON Feed write it."""
    return whole_seconds(instant).isoformat()
