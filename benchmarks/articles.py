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
