"""Which single-byte encoding some bytes are in, by how the text would look. Pure. Called by ``encoding``.

Each candidate's letters are weighed: common ones count for it, what no text has counts against it. In a Latin text,
letters with marks stand alone among plain ones; in a Cyrillic one they never stand beside plain ones, and a capital
never follows a small letter.
"""

from __future__ import annotations

from itertools import pairwise

_MOST = 20_000
"""Bytes that are looked at."""

_WESTERN = frozenset("éèàçêâîôûùëïüöäßñóíáúãõøåæœ")
_CENTRAL = tuple(map(frozenset, ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäľĺŕô", "čćšžđ", "áéíóöőúüű", "ăâîşţ")))
"""Of Polish, Czech and Slovak, South Slavic languages, Hungarian, Romanian: no text has letters of all of them."""

_CYRILLIC, _FREQUENT = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяђјљњћџіїєґў"), frozenset("оеаинтсрвл")
_MARKS = frozenset("’‘“”„«»–—…€£№§°\u00a0")

LATIN = {"cp1252": (_WESTERN,), "cp1250": _CENTRAL, "iso8859-2": _CENTRAL}
CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac_cyrillic")


def guess(data: bytes) -> str:
    """The encoding that fits best; Windows-1252 when none is better."""
    head = data[:_MOST]
    scores = {
        name: max(_latin(text, one) for one in alphabets)
        for name, alphabets in LATIN.items()
        for text in [head.decode(name, "replace")]
    }
    scores |= {name: _cyrillic(head.decode(name, "replace")) for name in CYRILLIC}
    return max(scores, key=lambda name: scores[name])


def _latin(text: str, alphabet: frozenset[str]) -> float:
    score = 0.0
    for before, one in pairwise(f" {text}"):
        if one.isascii():
            continue
        if one.isalpha():
            score += 1 if one.lower() in alphabet else -1
            score -= 1.5 if before.isalpha() and not before.isascii() else 0
        else:
            score += _mark(one)
    return score


def _cyrillic(text: str) -> float:
    score = 0.0
    for before, one in pairwise(f" {text}"):
        if one.isascii():
            score -= 2 if one.isalpha() and before.isalpha() and not before.isascii() else 0
        elif one.lower() in _CYRILLIC:
            score += 1 if one.lower() in _FREQUENT else 0.3
            score -= 2 if before.isascii() and before.isalpha() else 0
            score -= 1.5 if one.isupper() and before.islower() else 0
        else:
            score += -1 if one.isalpha() else _mark(one)
    return score


def _mark(one: str) -> float:
    return 0.3 if one in _MARKS else -1
