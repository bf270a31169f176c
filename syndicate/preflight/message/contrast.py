"""Whether text can be read: by day, and in what dark mode makes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from syndicate.preflight.finding import Check, Finding
from syndicate.preflight.message.checks import CONTRAST, DARK
from syndicate.preflight.message.colours import Colour, contrast, partly_turned, wholly_turned
from syndicate.preflight.message.page import Page, Run

_WANTED, _WANTED_LARGE = 4.5, 3.0
_MOST = 5
_SHOWN = 40

Turn = Callable[[Colour, Colour], tuple[Colour, Colour]]


def by_day(page: Page) -> list[Finding]:
    """With the colours that the mail has."""
    return _told(CONTRAST, _pale(page.runs, lambda text, ground: (text, ground)), "")


def in_the_dark(page: Page, own: Page | None) -> list[Finding]:
    """With its ``own`` dark colours, where it has some, and with what programs make that choose for themselves.

    Of those it is not known exactly how they do, so only text is told that would hardly be seen.
    """
    found = []
    if own:
        found += _told(DARK, _pale(own.runs, lambda text, ground: (text, ground)), "in the mail's own dark colours")
    for turn, who in (
        (wholly_turned, "where every colour is turned"),
        (partly_turned, "where light grounds are turned"),
    ):
        found += _told(DARK, _pale(page.runs, turn, is_guess=True), who)
    worse = [one for one in found if one.remedy]
    if worse:
        return worse
    theirs = "in those that mail programs make, text can be read"
    return [
        DARK.fine(f"in its own dark colours and {theirs}" if own else f"it has no dark colours of its own; {theirs}")
    ]


def _pale(runs: Iterable[Run], turn: Turn, *, is_guess: bool = False) -> dict[tuple[Colour, Colour], tuple[float, Run]]:
    """Pairs of colours that are too alike, the worst first, each with the first text that has it."""
    found: dict[tuple[Colour, Colour], tuple[float, Run]] = {}
    for run in runs:
        if run.look.is_hidden or not any(one.isalnum() for one in run.words):
            continue
        pair = turn(run.look.text, run.look.ground)
        wanted = _WANTED_LARGE if run.look.is_large or is_guess else _WANTED
        ratio = contrast(*pair)
        if ratio < wanted and pair not in found:
            found[pair] = (ratio, run)
    return dict(sorted(found.items(), key=lambda one: one[1][0]))


def _told(check: Check, pale: dict[tuple[Colour, Colour], tuple[float, Run]], where: str) -> list[Finding]:
    if not pale:
        return [check.fine("all text stands out enough", where)]
    found = []
    for (text, ground), (ratio, run) in list(pale.items())[:_MOST]:
        words = run.words if len(run.words) <= _SHOWN else f"{run.words[:_SHOWN]}…"
        said = f"“{words}” is {_hex(text)} on {_hex(ground)}: {ratio:.1f} to 1"
        found.append(check.warns(said, "choose a darker text or a lighter ground, or the reverse", where))
    return found


def _hex(of: Colour) -> str:
    return "#" + "".join(f"{one:02x}" for one in of)
