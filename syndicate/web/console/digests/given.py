"""What stands in an address of the digests' pages → values; whatever can't be one says nothing. Pure."""

from __future__ import annotations

from datetime import timedelta
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


def lasted(duration: timedelta) -> str:
    """``3 min 12 s``."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min {seconds % 60} s"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{days} days {hours % 24} h"


def words(text: str | None) -> str:
    """What somebody typed to search for, on one line, without what no database keeps."""
    return " ".join("".join(one if one.isprintable() else " " for one in text or "").split())[:200]
