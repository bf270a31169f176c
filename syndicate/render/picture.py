"""A title → a picture of 1200 × 630 pixels, for where links are shown (Open Graph ``og:image``).

Called by the web's pictures. Nothing is ever wider than the picture, whatever the words are.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from threading import Lock

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from syndicate.render.faces import BOLD, REGULAR, SEMIBOLD, Face, choose, is_right_to_left
from syndicate.render.filters import clip

WIDTH, HEIGHT = 1200, 630
KEPT = 100
"""Pictures that are kept drawn, each some 20 kB."""

_DESIGN = 1
"""Counts up when pictures come to look different, so that their addresses do too."""

_DESK, _INK, _MUTED, _ACCENT, _RULE = "#f3f1ec", "#1d1d1b", "#5c5a55", "#9a3412", "#d9d5cc"
_MARGIN = 84
_ROOM = WIDTH - 2 * _MARGIN
_TITLE_TOP, _TITLE_BOTTOM, _FOOT = 156, 512, 558
_SIZES = range(120, 39, -4)
_LEADING = 1.14
_LONGEST = 300
_ELLIPSIS = "…"
_UNIT = re.compile(r"(\s*)([\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]|[^\s\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]+)")
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on a picture, each on one line but for the title. All but ``site`` may be empty."""

    site: str
    title: str
    kicker: str = ""
    foot: str = ""

    @property
    def print_of_it(self) -> str:
        """Another card has another one: 64 bits of SHA-256."""
        return sha256(repr((_DESIGN, *astuple(self))).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@lru_cache(maxsize=KEPT)
def draw(card: Card) -> bytes:
    """The picture as PNG. It takes about 0.1 s and 5 MB; one is drawn at a time."""
    with _one_at_a_time:
        image = Image.new("RGB", (WIDTH, HEIGHT), _DESK)
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 0, WIDTH, 14), _INK)
        _line(pen, card.site, SEMIBOLD, 36, _INK, 58)
        pen.rectangle((_MARGIN, 122, WIDTH - _MARGIN, 124), _INK)
        kicker = _line(pen, card.kicker.upper(), BOLD, 26, _ACCENT, _TITLE_TOP)
        if not kicker:
            pen.rectangle((_MARGIN, _TITLE_TOP + 8, _MARGIN + 72, _TITLE_TOP + 15), _ACCENT)
        _title(pen, card, _TITLE_TOP + 48)
        if card.foot:
            pen.rectangle((_MARGIN, _FOOT - 16, WIDTH - _MARGIN, _FOOT - 15), _RULE)
            _line(pen, card.foot, REGULAR, 28, _MUTED, _FOOT)
        out = BytesIO()
        image.quantize(64).save(out, "PNG", optimize=True)
        return out.getvalue()


def _title(pen: ImageDraw.ImageDraw, card: Card, top: int) -> None:
    """As large as there is room for, in the middle of it; the site's name where no title can be drawn."""
    face, text = choose(clip(card.title, _LONGEST), BOLD)
    if not text:
        face, text = choose(clip(card.site, _LONGEST), BOLD)
    font, lines = _fitted(face, text, _TITLE_BOTTOM - top)
    height = int(font.size * _LEADING)
    above = (_TITLE_BOTTOM - top - height * len(lines)) // 2
    for number, line in enumerate(lines):
        _write(pen, line, font, _INK, top + above + number * height)


def _fitted(face: Face, text: str, room: int) -> tuple[FreeTypeFont, list[str]]:
    """The largest size at which it fits, in lines of about the same length; cut where none is small enough."""
    font, lines, most = face.at(_SIZES[-1]), [""], 1
    for size in _SIZES:
        font, most = face.at(size), int(room / (size * _LEADING))
        lines = wrapped(text, font, _ROOM)
        if len(lines) <= most:
            return font, _balanced(text, font, lines)
    kept = lines[:most]
    return font, [*kept[:-1], _clipped(f"{kept[-1]}{_ELLIPSIS}", font)]


def _balanced(text: str, font: FreeTypeFont, lines: list[str]) -> list[str]:
    for width in range(_ROOM // 2, _ROOM, 24):
        narrow = wrapped(text, font, width)
        if len(narrow) == len(lines):
            return narrow
    return lines


def wrapped(text: str, font: FreeTypeFont, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` pixels. A word that is longer than that is broken."""
    lines, line = [], ""
    for space, unit in _UNIT.findall(text):
        longer = f"{line}{' ' if space and line else ''}{unit}"
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = unit
        while (fits := _fits(line, font, width)) < len(line):
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines


def _fits(text: str, font: FreeTypeFont, width: int) -> int:
    """How many characters of it are at most that wide, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _clipped(text: str, font: FreeTypeFont) -> str:
    while len(text) > 1 and font.getlength(text) > _ROOM:
        text = text[:-2].rstrip() + _ELLIPSIS
    return text


def _line(pen: ImageDraw.ImageDraw, text: str, face: Face, size: int, ink: str, top: int) -> str:
    """Writes one line; returns what of it could be drawn."""
    face, text = choose(clip(text, _LONGEST), face)
    font = face.at(size)
    text = _clipped(text, font)
    _write(pen, text, font, ink, top)
    return text


def _write(pen: ImageDraw.ImageDraw, text: str, font: FreeTypeFont, ink: str, top: int) -> None:
    if is_right_to_left(text):
        pen.text((WIDTH - _MARGIN, top), text, ink, font, anchor="ra", direction="rtl")
    else:
        pen.text((_MARGIN, top), text, ink, font, anchor="la")
