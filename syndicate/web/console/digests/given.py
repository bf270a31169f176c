"""What stands in an address of the digests' pages → values; whatever can't be one says nothing. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)

_LARGEST = 2**63 - 1


def number(text: str | None) -> int | None:
    """A whole number that a database can hold."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 19:
        return None
    return int(text) if int(text) <= _LARGEST else None


def state_of(kind: type[State], text: str | None) -> State | None:
    """The state of that name."""
    return kind(text) if text in list(kind) else None


def words(text: str | None) -> str:
    """What somebody typed to search for, on one line, without what no database keeps."""
    return " ".join("".join(one if one.isprintable() else " " for one in text or "").split())[:200]
