"""CSS that Gmail or Outlook drops, by the table beside this file. Pure, but for reading that once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from syndicate.preflight.finding import Finding
from syndicate.preflight.message.checks import DROPPED, FOREIGN
from syndicate.preflight.message.page import Declared, Page

_TABLE = Path(__file__).with_name("css_support.toml")
_FOREIGN = ("script", "form", "input", "iframe", "object", "embed", "video", "audio", "svg", "canvas", "link", "base")


@dataclass(frozen=True, slots=True)
class Dropped:
    """One entry of the table. ``name`` is ``*`` for any property; ``unsized``: only on these, without a width."""

    name: str
    value: re.Pattern[str]
    by: tuple[str, ...]
    effect: str
    instead: str
    source: str
    is_decoration: bool
    unsized: tuple[str, ...]

    def has(self, one: Declared) -> bool:
        """Whether that declaration is one."""
        return (
            self.name in ("*", one.name)
            and self.value.search(one.value) is not None
            and (not self.unsized or (one.element in self.unsized and not one.is_sized))
        )


@cache
def table() -> tuple[Dropped, ...]:
    """All entries."""
    return tuple(_entry(one) for one in tomllib.loads(_TABLE.read_text("utf-8"))["dropped"])


def dropped(page: Page) -> list[Finding]:
    """What changes how the mail is laid out; what is only decoration is named in one line."""
    used = [(one, declared) for one in table() if (declared := _first(one, page.declared))]
    found = [
        DROPPED.warns(
            f"{' and '.join(one.by)} drop{'s' if len(one.by) == 1 else ''} `{declared.name}: {declared.value[:60]}`: "
            f"{one.effect}",
            f"use {one.instead}; see https://www.caniemail.com/features/{one.source}/",
            f"<{declared.element}>",
        )
        for one, declared in used
        if not one.is_decoration
    ]
    lost = sorted({declared.name for one, declared in used if one.is_decoration})
    decoration = f"only decoration is lost in some programs: {', '.join(lost)}" if lost else "nothing that matters is"
    return found or [DROPPED.fine(decoration)]


def foreign(page: Page) -> list[Finding]:
    """Elements that mail programs take out."""
    found = [one for one in _FOREIGN if one in page.elements]
    if not found:
        return [FOREIGN.fine("there are none")]
    named = ", ".join(f"<{one}>" for one in found)
    return [FOREIGN.warns(f"mail programs take {named} out", "use text, images and links; link to a page for the rest")]


def _first(entry: Dropped, declared: Iterable[Declared]) -> Declared | None:
    return next((one for one in declared if entry.has(one)), None)


def _entry(given: dict[str, Any]) -> Dropped:
    return Dropped(
        name=given["property"],
        value=re.compile(given.get("value", "")),
        by=tuple(given["by"]),
        effect=given["effect"],
        instead=given.get("instead", ""),
        source=given["source"],
        is_decoration=given.get("decoration", False),
        unsized=tuple(given.get("unsized", ())),
    )
