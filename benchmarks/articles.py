"""Articles to send: plain sentences, the same in every run."""

from __future__ import annotations

from random import Random

_WHO = (
    "The harbour office",
    "A night train",
    "The council",
    "Every third ferry",
    "A school choir",
    "The baker's guild",
)
_DID = ("reopened", "postponed", "measured", "repaired", "quietly replaced", "photographed", "counted again")
_WHAT = (
    "the old quay",
    "its winter timetable",
    "eleven bridges",
    "the lighthouse lamp",
    "a field of – mostly – clover",
)
_WHEN = ("on Monday", "before the rain came", "for the first time since 1987", "without anybody’s noticing", "at dawn")


def paragraphs(seed: int, count: int = 2, sentences: int = 4) -> tuple[str, str]:
    """HTML and text of so many paragraphs; another ``seed`` gives other sentences."""
    chance = Random(seed)  # noqa: S311 - text to read, nothing secret

    def sentence() -> str:
        return f"{' '.join(chance.choice(words) for words in (_WHO, _DID, _WHAT, _WHEN))}."

    texts = [" ".join(sentence() for _ in range(sentences)) for _ in range(count)]
    return "".join(f"<p>{text}</p>" for text in texts), "\n\n".join(texts)


def prose(seed: int, octets: int) -> str:
    """So many octets, about, of words as often as prose has them: it compresses as prose does."""
    chance = Random(seed)  # noqa: S311 - text to read, nothing secret
    words = chance.choices(_VOCABULARY, _OFTEN, k=octets // 5)
    return " ".join(words)[:octets]


def _vocabulary(size: int) -> list[str]:
    chance = Random(0)  # noqa: S311 - the same words in every run
    return ["".join(chance.choice(_SYLLABLES) for _ in range(chance.choice((1, 2, 2, 3, 3, 4)))) for _ in range(size)]


_SYLLABLES = (
    "ha",
    "ri",
    "to",
    "men",
    "sa",
    "vel",
    "dor",
    "ka",
    "lin",
    "pe",
    "ru",
    "shi",
    "an",
    "ter",
    "bo",
    "qui",
    "gra",
)
_VOCABULARY = _vocabulary(6000)
_OFTEN = [1 / (rank + 3) for rank in range(len(_VOCABULARY))]
