"""Text that any feed can hold: what XML can't is left out, in every format alike."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

from syndicate.feeds.context import Piece
from syndicate.render.filters import clip

_NOT_XML = re.compile("[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLE_LENGTH = 90
_SUMMARY_LENGTH = 320


def plain(text: str) -> str:
    """``text`` without what no XML 1.0 document can hold, or should (§2.2: controls), its line ends as XML reads them."""
    return _NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def line(text: str) -> str:
    """The same, on one line."""
    return " ".join(plain(text).split())


def title_of(piece: Piece) -> str:
    """Its title, else how its text begins; never empty."""
    return line(piece.title) or clip(line(piece.text), _TITLE_LENGTH) or "Untitled"


def summary_of(piece: Piece) -> str:
    """Its summary, else how its text begins; may be empty."""
    return plain(piece.summary).strip() or clip(line(piece.text), _SUMMARY_LENGTH)


def body_of(piece: Piece) -> str:
    """Its HTML, under its picture when that is not in it."""
    body = plain(piece.html)
    if not piece.image or html.escape(piece.image) in body or piece.image in body:
        return body
    return f'<p><img src="{html.escape(plain(piece.image))}" alt=""></p>\n{body}'


def whole_seconds(instant: datetime) -> datetime:
    """In UTC; RSS knows no parts of a second."""
    return instant.astimezone(UTC).replace(microsecond=0)


def rfc3339(instant: datetime) -> str:
    """The same as Atom and JSON Feed write it."""
    return whole_seconds(instant).isoformat()
