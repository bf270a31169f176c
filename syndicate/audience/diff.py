"""What a file of subscribers would change, or did: counts, and a few rows of each kind. The import fills it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

SAMPLES = 10
"""Rows of each kind that are shown."""


class Mark(StrEnum):
    """What becomes of a row. The value is what a diff shows before it."""

    NEW = "+"
    CHANGED = "~"
    SAME = "="
    SUPPRESSED = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: the line where it begins, its address (or what stands for one), and what there is to say of it."""

    mark: Mark
    line: int
    address: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Counts of rows; each is one of the first six. ``repeated`` have an address that an earlier row had.

    ``suppressed`` are not mailed, whatever they say: the address is banned, its reader left, or was erased.
    ``revived`` of the others were, until now.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    suppressed: int = 0
    bad: int = 0
    repeated: int = 0
    revived: int = 0
    samples: tuple[Sample, ...] = ()

    @property
    def rows(self) -> int:
        """All of them."""
        return self.new + self.changed + self.same + self.suppressed + self.bad + self.repeated

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "samples"}


COUNTED = {
    Mark.NEW: "new",
    Mark.CHANGED: "changed",
    Mark.SAME: "same",
    Mark.SUPPRESSED: "suppressed",
    Mark.BAD: "bad",
}
"""Which count a mark belongs to."""


class Tally:
    """Counts rows as they come, beginning with what was counted ``before``."""

    def __init__(self, before: Mapping[str, int] | None = None) -> None:
        self._counts = Counter(before or {})
        self._samples: dict[Mark, list[Sample]] = {mark: [] for mark in Mark}

    def add(self, mark: Mark, line: int, address: str, about: str) -> None:
        """Counts one row."""
        self._counts[COUNTED[mark]] += 1
        shown = self._samples[mark]
        if len(shown) < SAMPLES:
            shown.append(Sample(mark, line, address, about))

    def count(self, name: str) -> None:
        """Counts a row that is ``repeated``, or what was ``revived``."""
        self._counts[name] += 1

    def diff(self) -> Diff:
        """What has been counted so far."""
        samples = tuple(sample for shown in self._samples.values() for sample in shown)
        return Diff(**self._counts, samples=samples)
