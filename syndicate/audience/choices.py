"""What a reader may choose, checked and spelled one way; subscribing and importing call it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from zoneinfo import available_timezones

from syndicate.errors import NotFoundError, SyndicateError
from syndicate.settings import Newsletter

LONGEST = 200
"""Characters in a name, or in one topic."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def newsletters_of(newsletters: Sequence[Newsletter], slugs: Iterable[str]) -> tuple[Newsletter, ...]:
    """The newsletters of those slugs, each once; no slug means the only newsletter, when there is but one.

    :raises NotFoundError: when one does not exist, with those that do.
    :raises SyndicateError: when none is named and there is a choice.
    """
    known = {newsletter.slug: newsletter for newsletter in newsletters}
    wanted = dict.fromkeys(word for slug in slugs if (word := slug.strip().lower()))
    if not wanted and len(known) == 1:
        return tuple(known.values())
    if not wanted:
        raise SyndicateError(f"name a newsletter: {', '.join(known)}" if known else "there is no newsletter yet")
    for slug in wanted:
        if slug not in known:
            raise NotFoundError("newsletter", slug[:40], known)
    return tuple(known[slug] for slug in wanted)


def cadence_of(newsletter: Newsletter, text: str) -> str:
    """That cadence of the newsletter. :raises NotFoundError: when it has no such, with those it has."""
    cadence = text.strip().lower()
    if cadence not in newsletter.cadences:
        raise NotFoundError(f"{newsletter.slug} cadence", text[:40], newsletter.cadences)
    return cadence


def by_cadence(newsletters: Sequence[Newsletter], cadence: str | None) -> dict[str | None, list[str]]:
    """Slugs by the cadence to ask for: the one that was chosen where it is offered, elsewhere the usual one."""
    found: dict[str | None, list[str]] = {}
    for one in newsletters:
        found.setdefault(cadence if cadence in one.cadences else None, []).append(one.slug)
    return found


def name_of(text: str) -> str:
    """A person's name on one line: NFC, white space made single spaces.

    :raises SyndicateError: when it is too long, or holds control characters or ones that turn the text's direction.
    """
    return _line(text, "name")


def reason_of(text: str) -> str:
    """Why something is as it is, on one line. :raises SyndicateError: as ``name_of`` does."""
    return _line(text, "reason")


def said_reason_of(text: str) -> str:
    """The same, where there must be one. :raises SyndicateError: when nothing is said, too."""
    if reason := reason_of(text):
        return reason
    raise SyndicateError("say why, in some words; it is kept with what was done")


def value_of(text: str) -> str:
    """What is said of a person, on one line. :raises SyndicateError: as ``name_of`` does."""
    return _line(text, "value of an attribute")


def topics_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Topics, each on one line; a semicolon separates two. :raises SyndicateError: as ``name_of`` does."""
    return tuple(topic for text in texts for part in text.split(";") if (topic := _line(part, "topic")))


def language_of(text: str) -> str | None:
    """A language tag (BCP 47; ``en_US`` is taken for ``en-US``), None when empty. :raises SyndicateError: else."""
    tag = text.strip().replace("_", "-")
    if tag and not _LANGUAGE.fullmatch(tag):
        raise SyndicateError(f"{text[:40]!r} is not a language tag such as en, de-AT or sr-Latn")
    return tag or None


def timezone_of(text: str) -> str | None:
    """An IANA time zone, None when empty. :raises SyndicateError: when there is no such zone."""
    zone = text.strip()
    if zone and zone not in _zones():
        raise SyndicateError(f"{text[:40]!r} is not an IANA time zone such as Europe/Belgrade or UTC")
    return zone or None


def _line(text: str, what: str) -> str:
    line = " ".join(text.split())
    if not line.isascii():
        line = unicodedata.normalize("NFC", line)
    if len(line) > LONGEST:
        raise SyndicateError(f"the {what} is longer than {LONGEST} characters")
    if not line.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") or c in _DIRECTIONS for c in line):
        raise SyndicateError(f"the {what} holds characters that can't be shown")
    return line


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
