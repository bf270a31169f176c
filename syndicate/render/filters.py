"""What templates can do to a value with ``|``. Called by ``environment``, which hands them to every template.

Those that say something say it in the template's ``language``, and days are those of its ``zone`` where it has one.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from jinja2 import pass_context
from jinja2.runtime import Context

from syndicate.render.languages import Language

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_INDENT = re.compile(r"\s*(?:(?:[*•–>-]|\d+[.)])\s+)?")


def language_of(context: Context) -> Language:
    """The language that a template is being rendered in."""
    found: Language = context["language"]
    return found


@pass_context
def day(context: Context, value: datetime) -> str:
    """``23 November 2026``, in the template's zone, else in the instant's own."""
    return language_of(context).day(_local(context, value))


@pass_context
def long_day(context: Context, value: datetime) -> str:
    """``Monday, 23 November 2026``, in the template's zone, else in the instant's own."""
    return language_of(context).long_day(_local(context, value))


@pass_context
def month(context: Context, value: datetime) -> str:
    """``November 2026``, in the template's zone, else in the instant's own."""
    return language_of(context).month(_local(context, value))


@pass_context
def often(context: Context, cadence: str) -> str:
    """How often a cadence comes, to stand in a sentence."""
    return language_of(context).often(cadence)


def host(url: str) -> str:
    """The host of an address, as readers say it."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def direction(language: str | None) -> str:
    """``rtl`` or ``ltr``, for the ``dir`` attribute."""
    return "rtl" if (language or "").lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def clip(text: str, length: int) -> str:
    """``text`` on one line, cut at a word so that it has at most ``length`` characters with its ellipsis."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    head = text[:length]
    kept = head[: head.rfind(" ")] if " " in head else head[:-1]
    return kept.rstrip(" ,;:–—-.") + "…"


def underline(text: str, mark: str = "-", width: int = 72) -> str:
    """``text`` on one line, or wrapped, over a line of ``mark`` that is as long as its longest line."""
    lines = wrap(" ".join(text.split()), width).split("\n")
    return "\n".join([*lines, mark * max(map(len, lines))])


def wrap(text: str, width: int = 72) -> str:
    """Each line broken to ``width`` columns, under its own indent or bullet; addresses stay whole."""
    return "\n".join(_wrapped(line.rstrip(), width) for line in text.split("\n"))


def _local(context: Context, value: datetime) -> datetime:
    zone = context.get("zone")
    return value.astimezone(zone) if zone else value


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    match = _INDENT.match(line)
    lead = match[0] if match and len(match[0]) < width // 2 else ""
    return textwrap.fill(
        line[len(lead) :],
        width,
        initial_indent=lead,
        subsequent_indent=(">" if lead.strip() == ">" else " ").ljust(len(lead)) if lead else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


FILTERS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {one.__name__: one for one in (day, long_day, month, host, often, direction, clip, underline, wrap)}
)
