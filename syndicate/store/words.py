"""Words as search knows them, the same on every database: folded here, so that no tokenizer has a say in it. Pure.

``fulltext`` keeps articles by them and asks with them; the page of results finds with them what to show of a text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_QUERY = 200
"""Characters of a query that are read."""

MOST_WORDS = 24
"""Words of a query that are looked for."""

_LONGEST_WORD = 64
_SHORTEST_BEGINNING = 2
_NO_SPACES = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SIGN = rf"(?=[{_NO_SPACES}])[^\W_]"
_LETTER = rf"(?![{_NO_SPACES}])[^\W_]"
_WORD = re.compile(rf"{_SIGN}|(?:{_LETTER})+")
_WRITTEN = re.compile(rf"{_SIGN}|(?:{_LETTER}|[\u0300-\u036f])+")
_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PLAIN = str.maketrans(
    dict(zip("абвгдђежзијклмнопрстћуфхцчшđðłøıħŧ", "abvgddezzijklmnoprstcufhccsddloiht", strict=True))
    | {"љ": "lj", "њ": "nj", "џ": "dz", "æ": "ae", "œ": "oe", "þ": "th"}
)


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: every one of ``phrases``, each some words that follow each other.

    ``is_open``: the last word of the last phrase may go on.
    """

    phrases: tuple[tuple[str, ...], ...]
    is_open: bool = False

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def fits(self, phrase: int, words: list[str]) -> bool:
        """Whether ``words``, as many as that phrase has, are that phrase."""
        wanted = self.phrases[phrase]
        if not self.is_open or phrase != len(self.phrases) - 1:
            return tuple(words) == wanted
        return tuple(words[:-1]) == wanted[:-1] and words[-1].startswith(wanted[-1])


def fold(text: str) -> str:
    """``text`` without case and marks, and Serbian in Latin letters: what readers type for each other.

    Compatible forms are one (Unicode Standard Annex 15, NFKD).
    """
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in spread if not unicodedata.combining(one))
    return bare.casefold().translate(_PLAIN)


def words(text: str) -> list[str]:
    """The words of a text, folded. Of scripts that put no spaces between words, each character."""
    return [one[:_LONGEST_WORD] for one in _WORD.findall(fold(text))]


def written_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Each of ``words(text)`` with where it stands in the text, from its first character to behind its last."""
    for match in _WRITTEN.finditer(text):
        for one in _folded(match[0]):
            yield one, match.start(), match.end()


def parse(text: str) -> Query:
    """What somebody typed: words, and phrases in quotes. Whatever it is, there is nothing in it that can be wrong."""
    phrases: list[tuple[str, ...]] = []
    is_open, count = False, 0
    for match in _PIECE.finditer(text[:LONGEST_QUERY].translate(_QUOTES)):
        phrase = tuple(words(match[0]))[: MOST_WORDS - count]
        if phrase:
            phrases.append(phrase)
            count += len(phrase)
            is_open = match[1] is None and len(phrase[-1]) >= _SHORTEST_BEGINNING
    return Query(tuple(phrases), is_open)


@lru_cache(maxsize=10_000)
def _folded(word: str) -> tuple[str, ...]:
    return tuple(words(word))
