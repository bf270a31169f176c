"""What operators say of a subscriber in their own words: names with values, bounded. Importing calls it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from syndicate.audience.choices import value_of
from syndicate.errors import SyndicateError

PREFIX = "attributes."
MOST = 30
"""Attributes of one subscriber."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ODD = re.compile(r"[^a-z0-9]+")
_LONGEST = 20_000


def is_attribute(field: str) -> bool:
    """Whether a column's field is one attribute, such as ``attributes.city``."""
    return field.startswith(PREFIX) and _NAME.fullmatch(field.removeprefix(PREFIX)) is not None


def attributes_of(documents: Iterable[str], named: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The attributes in JSON objects, and those that have columns of their own, by name; empty ones are left out.

    Other services allow any names and values: names become ``a-z0-9_``, and what is not one text, number, or yes or no
    is left out.

    :raises SyndicateError: when a document is no JSON object, or there are too many, or a value is too long.
    """
    found: dict[str, str] = {}
    for text in documents:
        if text.strip():
            found.update(_read(text))
    found.update(named)
    kept = {name: said for name, value in found.items() if (said := value_of(value))}
    if len(kept) > MOST:
        raise SyndicateError(f"{len(kept)} attributes, and there may be {MOST}")
    return tuple(sorted(kept.items()))


def joined(known: Mapping[str, str], said: Mapping[str, str], *, first: bool) -> dict[str, str]:
    """Both; ``first`` lets what is said now count before what is known. What is beyond ``MOST`` is left out."""
    both = {**known, **said} if first else {**said, **known}
    names = [*known, *(name for name in said if name not in known)][:MOST]
    return {name: both[name] for name in sorted(names)}


def _read(text: str) -> dict[str, str]:
    try:
        document = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise SyndicateError(f'attributes are no JSON object such as {{"city": "Bar"}}: {text[:40]!r}')
    return {
        name: said
        for key, value in document.items()
        if _NAME.fullmatch(name := _ODD.sub("_", key.lower()).strip("_")) and (said := _text(value))
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""
