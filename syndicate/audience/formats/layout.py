"""Where a file's columns stand and what they mean: by its format, and as an operator says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syndicate.audience.attributes import is_attribute
from syndicate.audience.formats import buttondown, ghost, listmonk, mailchimp, mailpoet, own, substack
from syndicate.audience.formats.format import FIELDS, MANY, Format
from syndicate.errors import NotFoundError

FORMATS: tuple[Format, ...] = (
    *own.FORMATS,
    *mailchimp.FORMATS,
    *substack.FORMATS,
    *ghost.FORMATS,
    *listmonk.FORMATS,
    *buttondown.FORMATS,
    *mailpoet.FORMATS,
)
"""All that can be told. The one with the most signs among a file's columns is taken."""

_UNKNOWN = Format(name="CSV", signs=frozenset(), columns={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``places`` says in which columns each field stands; several make one name, one state, or more topics."""

    format: str = _UNKNOWN.name
    places: Mapping[str, tuple[int, ...]]
    states: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    between_tags: str = ";"

    def field_of(self, place: int) -> str:
        """What the column at that place says; empty when nobody reads it."""
        return next((name for name, places in self.places.items() if place in places), "")


def lay_out(names: Sequence[str], mapping: Mapping[str, str]) -> Layout | None:
    """The layout of a file with those columns, None when no column has addresses.

    ``mapping`` is column → field, whatever the case of its letters; an empty field is for a column to be left out. It
    counts before what the format says.

    :raises NotFoundError: when it names a field that there is not.
    """
    told = {column.strip().casefold(): _field(name) for column, name in mapping.items()}
    folded = [name.casefold() for name in names]
    fitting = [one for one in FORMATS if one.signs.issubset(folded)]
    known = max(fitting, key=lambda one: len(one.signs), default=_UNKNOWN)
    columns = {**known.columns, **told}
    taken = {name for column, name in told.items() if column in folded}
    places: dict[str, tuple[int, ...]] = {}
    for place, column in enumerate(folded):
        name = columns.get(column, column if is_attribute(column) else "")
        if not name or (name in taken and column not in told):
            continue
        before = places.get(name, ())
        if not before or name in MANY or folded[before[0]] == column:
            places[name] = (*before, place)
    if "email" not in places:
        return None
    return Layout(
        format=known.name,
        places=places,
        states=known.states,
        state="" if "state" in places else known.state,
        between_tags=known.between_tags,
    )


def _field(name: str) -> str:
    field = name.strip().lower()
    if field and field not in FIELDS and not is_attribute(field):
        raise NotFoundError("field", name[:40], FIELDS)
    return field
