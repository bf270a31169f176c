"""What a check finds: how bad it is, where, why that matters, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """``blocks``: mend it before sending. ``unchecked``: nobody could look, and why stands there."""

    BLOCKS = "blocks"
    WARNS = "warns"
    UNCHECKED = "unchecked"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one thing. ``where`` is empty when it is about all of it."""

    check: Check
    verdict: Verdict
    said: str
    where: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What is looked at. ``code`` is its stable name for programs; ``why`` is why it matters, in a sentence."""

    code: str
    title: str
    why: str

    def fine(self, said: str, where: str = "") -> Finding:
        """Nothing to do."""
        return Finding(self, Verdict.FINE, said, where)

    def warns(self, said: str, remedy: str, where: str = "") -> Finding:
        """Somebody should look at it."""
        return Finding(self, Verdict.WARNS, said, where, remedy)

    def blocks(self, said: str, remedy: str, where: str = "") -> Finding:
        """It should not go out like this."""
        return Finding(self, Verdict.BLOCKS, said, where, remedy)

    def unchecked(self, said: str, remedy: str = "", where: str = "") -> Finding:
        """Nobody could look, for the reason that is said."""
        return Finding(self, Verdict.UNCHECKED, said, where, remedy)


@dataclass(frozen=True, slots=True)
class Section:
    """What was found out about one thing, such as ``digest 12``."""

    about: str
    findings: tuple[Finding, ...]

    def count(self, verdict: Verdict) -> int:
        """How many findings are so bad."""
        return sum(one.verdict is verdict for one in self.findings)


def is_blocked(sections: Iterable[Section]) -> bool:
    """Whether something should be mended first."""
    return any(one.count(Verdict.BLOCKS) for one in sections)


def grouped(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """Of those that say the same of several places, the first one, which names how many there are; and their number."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        alike.setdefault((one.verdict, one.said), []).append(one)
    return [
        (each[0] if len(each) == 1 else replace(each[0], where=f"{each[0].where} and {len(each) - 1} more"), len(each))
        for each in alike.values()
    ]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """What blocks, then what warns, what could not be checked, and what is fine; else as they came."""
    order = list(Verdict)
    return sorted(findings, key=lambda one: order.index(one.verdict))
