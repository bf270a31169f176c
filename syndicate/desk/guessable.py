"""Is a password easy to guess? Pure, and asks nobody: what people choose is counted in pieces that guessers know.

Lists of common passwords are made of few things: words that everyone chooses, rows of keys, runs of letters or digits,
years, repetitions. Each of these counts as one piece, whatever its length. Two small letters, or two digits, side by
side count as one, for what people put there is a word or a date; any other character counts as one, too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

FEWEST_PIECES = 8
"""A password that a program made has as many pieces as characters; ``Password2024!`` has three."""

_COMMON = """
access account admin administrator alexander amanda america andrea andrew angel anthony apple august austin autumn
baby banana barcelona baseball basketball batman berlin blink brandon buster butterfly carlos chance changeme charlie
cheese chelsea chester chocolate computer console cookie corvette cowboy daniel database december default diamond
dolphin donald dragon eagle editor elephant eminem england family february ferrari flower football forever france
freedom friday friend gateway george germany ginger golden google guest hammer hannah happy harley heaven hello hockey
holiday hunter iloveyou internet ireland jackson january jasmine jennifer jessica jesus jordan joseph joshua july june
junior justin kennedy killer king kitty ledger legend letmein lifehack linux liverpool login london love lovely
machine madison magic mail maggie manager march marina martin master matrix matthew maverick melissa mercedes merlin
michael michelle mickey midnight monday money monkey monster morgan mother mountain mustang my naruto newsletter
newsroom nicole nothing november october office oliver open operator orange pass passphrase passw passwd password
patrick peanut pepper phoenix pokemon porsche princess private purple qazwsx queen rabbit rainbow ranger raspberry
richard robert rockyou root samantha samsung saturday school secret secure september server shadow silver slipknot
snoopy soccer spider spring startrek starwars steelers summer sunday sunshine super superman superstar sweet syndicate
sysadmin system taylor temp tennis test testing the thomas thunder thursday tigger tiger tinkerbell trustno tuesday
tweety user victoria viewer viking warrior webmaster wednesday welcome whatever william winner winter wizard word
yamaha yankees yellow you zxcvbn
"""
_WORDS = frozenset(_COMMON.split())
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "1234567890", "1qaz2wsx3edc4rfv")
_ROW_PIECES = tuple(part for row in _ROWS for part in (row, row[::-1]))
_LEET = str.maketrans("0134578@$!|", "oleastbasil")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SHORTEST_RUN = 3
_SHORTEST_WORD = 4
_LONGEST_WORD = 30


def is_guessable(password: str, names: Iterable[str] = ()) -> bool:
    """Whether it has fewer than ``FEWEST_PIECES`` pieces. ``names`` are known to anyone here, such as the site's."""
    folded = password.casefold()
    cased = password if len(password) == len(folded) else folded
    said = {word for name in names for word in re.split(r"\W+", name.casefold()) if len(word) >= _SHORTEST_WORD}
    words = _WORDS | said
    spellings = {folded, folded.translate(_LEET)}
    return min(_pieces(_without_repetition(one), cased, words) for one in spellings) < FEWEST_PIECES


def _without_repetition(text: str) -> str:
    """``abcabcabca`` is ``abc``."""
    for length in range(1, len(text) // 2 + 1):
        if (text[:length] * (len(text) // length + 1)).startswith(text):
            return text[:length]
    return text


def _pieces(text: str, cased: str, words: frozenset[str]) -> int:
    """The fewest pieces that it can be cut into; ``cased`` is how it was typed."""
    fewest = [0] * (len(text) + 1)
    for at in range(len(text) - 1, -1, -1):
        ends = {at + 1, at + _longest_run(text, at), at + _woven(text, at)}
        ends |= {end for end in range(at + 2, min(len(text), at + _LONGEST_WORD) + 1) if text[at:end] in words}
        two = cased[at : at + 2]
        if at + 1 < len(text) and (two.isdecimal() or (two.isalpha() and two.islower())):
            ends.add(at + 2)
        if _YEAR.match(text, at):
            ends.add(at + 4)
        fewest[at] = 1 + min(fewest[end] for end in ends)
    return fewest[0]


def _longest_run(text: str, at: int) -> int:
    """How many characters from there on are one run, 1 when it is too short to be one."""
    length = 1
    while at + length < len(text) and _is_run(text[at : at + length + 1]):
        length += 1
    return length if length >= _SHORTEST_RUN else 1


def _woven(text: str, at: int) -> int:
    """How many characters from there on are two runs, woven into each other, such as ``q1w2e3``; else 1."""
    length = 2 * _SHORTEST_RUN - 1
    while at + length < len(text) and all(_is_run(text[at + first : at + length + 1 : 2]) for first in (0, 1)):
        length += 1
    return length if length >= 2 * _SHORTEST_RUN else 1


def _is_run(text: str) -> bool:
    """All alike, one up, one down, or along a row of keys."""
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(text)}
    return steps <= {0} or steps == {1} or steps == {-1} or any(text in row for row in _ROW_PIECES)
