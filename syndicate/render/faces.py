"""Typefaces for pictures: the bundled one, and for what it lacks those that this machine has. Called by ``picture``."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from PIL import ImageFont, features
from PIL.ImageFont import FreeTypeFont

_BUNDLED = files("font_source_serif_pro") / "files"
_ELSEWHERE = (
    *("NotoSerif-Bold.ttf", "DejaVuSerif-Bold.ttf", "NotoSans-Bold.ttf", "DejaVuSans-Bold.ttf"),
    *("NotoNaskhArabic-Bold.ttf", "NotoSansArabic-Bold.ttf", "NotoSerifHebrew-Bold.ttf", "NotoSansHebrew-Bold.ttf"),
    *("NotoSerifCJK-Bold.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifDevanagari-Bold.ttf", "NotoSerifGeorgian-Bold.ttf"),
    *("NotoSerifArmenian-Bold.ttf", "NotoSerifThai-Bold.ttf", "FreeSerifBold.ttf", "LiberationSerif-Bold.ttf"),
    *("Arial Unicode.ttf", "arialuni.ttf", "timesbd.ttf", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf"),
)
"""Files to look for in the system's folders, as Pillow does; most machines have one or two of them."""

_NOWHERE = "\U0010ffff"
"""No typeface has this, so how it is drawn is how any missing character is."""

_MEASURED = 24


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface, by its file."""

    file: str

    def at(self, size: int) -> FreeTypeFont:
        """At that size in pixels."""
        return _open(self.file, size)

    def has(self, character: str) -> bool:
        """Whether there is a drawing for it."""
        return character.isspace() or _drawn(self.file, character) != _drawn(self.file, _NOWHERE)


BOLD, SEMIBOLD, REGULAR = (
    Face(str(_BUNDLED / f"SourceSerifPro-{name}.ttf")) for name in ("Bold", "Semibold", "Regular")
)


def choose(text: str, first: Face) -> tuple[Face, str]:
    """The face that has most of the text's letters, ``first`` when it has them all, and what of the text it can draw.

    That is nothing when it lacks half of the letters, or where nothing here can shape a script that wants it.
    """
    text = "".join(one for one in text if unicodedata.category(one)[0] != "C")
    if not features.check("raqm") and any(map(_is_shaped, text)):
        return first, ""
    letters = {one for one in text if unicodedata.category(one)[0] in "LN"}
    if all(map(first.has, letters)):
        face = first
    else:
        face = max((first, *_elsewhere()), key=lambda one: sum(map(one.has, letters)))
        if 2 * sum(map(face.has, letters)) < len(letters):
            return first, ""
    return face, " ".join("".join(one for one in text if face.has(one)).split())


def is_right_to_left(text: str) -> bool:
    """What its first strong character says (Unicode Standard Annex 9, P2 and P3)."""
    strong = (unicodedata.bidirectional(one) for one in text)
    return next((one for one in strong if one in ("L", "R", "AL")), "L") != "L"


def _is_shaped(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL") or unicodedata.category(character) == "Mc"


@cache
def _elsewhere() -> tuple[Face, ...]:
    found = []
    for file in _ELSEWHERE:
        try:
            _open(file, _MEASURED)
        except OSError:
            continue
        found.append(Face(file))
    return tuple(found)


@lru_cache(maxsize=60)
def _open(file: str, size: int) -> FreeTypeFont:
    return ImageFont.truetype(file, size)


@lru_cache(maxsize=4000)
def _drawn(file: str, character: str) -> tuple[tuple[int, int], bytes]:
    plain = _open(file, _MEASURED).getmask(character, mode="L")
    return plain.size, bytes(plain)
