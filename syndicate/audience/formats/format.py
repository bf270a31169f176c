"""What the files of one service look like: how they are told, and what their columns mean here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FIELDS = (
    "email",
    "name",
    "first_name",
    "last_name",
    "newsletters",
    "cadence",
    "topics",
    "language",
    "timezone",
    "state",
    "suppressed",
    "tags",
    "attributes",
)
"""What a column may say of a subscriber; only the first is needed. ``attributes.x`` is one attribute by itself."""

MANY = frozenset({"state", "topics", "tags"})
"""Fields that several columns may tell: the gravest state counts, topics and tags add up."""

STATES = ("active", "paused", "pending", "unsubscribed", "complained", "bounced", "suppressed", "unconfirmed")
"""Words for a state, each graver than the ones before; the last four are those of other services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Files of one kind. ``signs`` are columns that tell it, ``columns`` what each one says: all in lower case.

    ``states`` translates its words for a state into ``STATES``. ``state`` is that of all rows where no column says it.
    """

    name: str
    signs: frozenset[str]
    columns: Mapping[str, str]
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    state: str = ""
    between_tags: str = ","
