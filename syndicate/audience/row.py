"""One row of a roster, cells → checked values; the import calls it for each. Pure."""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.audience.attributes import PREFIX, attributes_of
from syndicate.audience.formats.format import STATES
from syndicate.audience.formats.layout import Layout
from syndicate.audience.sheet import unguarded
from syndicate.errors import NotFoundError, SyndicateError
from syndicate.model import SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store.subscribers import topics_key

_BANS = {"bounced": "bounced elsewhere", "complained": "complained elsewhere", "suppressed": "suppressed elsewhere"}
_ENDED = ("complained", "suppressed")
_REPEATED = ("newsletters", "cadence", "topics", "language", "timezone", "state", "suppressed", "tags")
_MOST_KNOWN = 4096


class Row(NamedTuple):
    """What one row says; empty and None mean that it says nothing. ``topics`` is a key, ``state`` is for new ones.

    ``resume_at`` is when a pause ends by itself: ``paused until 2026-03-22T07:00:00Z``. ``ban`` is why the address
    must not be mailed. ``tags`` is a key, as ``topics`` is.
    """

    email: str
    name: str
    newsletters: tuple[str, ...]
    cadence: str
    topics: str
    language: str | None
    timezone: str | None
    state: SubscriptionState
    resume_at: datetime | None = None
    ban: str = ""
    tags: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    line: int = 0


_Repeated = tuple[tuple[str, ...], str, str, str | None, str | None, SubscriptionState, datetime | None, str, str]


class RowReader:
    """Reads rows of one layout. What repeats from row to row is worked out once, all of it together where it can be.

    ``defaults`` are the newsletters of rows that name none; without any, the only newsletter, when there is but one.
    """

    def __init__(self, newsletters: Sequence[Newsletter], layout: Layout, defaults: Iterable[str] = ()) -> None:
        self._newsletters, self._defaults, self._layout = newsletters, tuple(defaults), layout
        self._address = layout.places["email"][0]
        self._one = [
            layout.places[name][0] if name in layout.places else None
            for name in ("newsletters", "cadence", "language", "timezone", "suppressed")
        ]
        repeated = [place for name in _REPEATED for place in layout.places.get(name, ())]
        self._key: Callable[[Sequence[str]], Hashable] = itemgetter(*repeated) if repeated else lambda _: ""
        self._known: dict[Hashable, _Repeated] = {}
        self._names = [layout.places[name][0] for name in ("name", "first_name", "last_name") if name in layout.places]
        self._is_whole = "name" in layout.places
        self._said = layout.places.get("state", ())
        self._about = layout.places.get("topics", ())
        self._labels = layout.places.get("tags", ())
        self._described = layout.places.get("attributes", ())
        self._named = [
            (name.removeprefix(PREFIX), places[0]) for name, places in layout.places.items() if name.startswith(PREFIX)
        ]
        self._tags = lru_cache(1024)(self._read_tags)
        self._wanted = lru_cache(1024)(self._look_up)
        self._topics = lru_cache(1024)(lambda *texts: topics_key(choices.topics_of(texts)))
        self._language = lru_cache(1024)(choices.language_of)
        self._timezone = lru_cache(1024)(choices.timezone_of)
        self._state = lru_cache(1024)(self._read_state)

    def read(self, cells: Sequence[str], line: int = 0) -> Row:
        """The row as values; ``line`` is where it stands. :raises SyndicateError: saying what is wrong with it."""
        address = normalise(unguarded(cells[self._address]))
        repeated = self._known.get(key := self._key(cells))
        name = self._name(cells) if repeated else ""
        if repeated is None:
            name, repeated = self._read_all(cells)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = repeated
        attributes = self._attributes(cells) if self._described or self._named else ()
        return Row(address, name, *repeated, attributes, line)

    def _read_all(self, cells: Sequence[str]) -> tuple[str, _Repeated]:
        """The name, and all that repeats, in the order in which faults are told."""
        slugs, cadence, language, timezone, suppressed = [
            "" if place is None else unguarded(cells[place]) for place in self._one
        ]
        newsletters, cadence = self._wanted(slugs, cadence)
        state, resume_at, ban = self._state(*[unguarded(cells[place]) for place in self._said])
        name = self._name(cells)
        return name, (
            newsletters,
            cadence,
            self._topics(*[unguarded(cells[place]) for place in self._about]),
            self._language(language),
            self._timezone(timezone),
            state,
            resume_at,
            (choices.reason_of(suppressed) if suppressed else "") or ban,
            self._tags(*[unguarded(cells[place]) for place in self._labels]) if self._labels else "",
        )

    def _name(self, cells: Sequence[str]) -> str:
        """The whole name, else the first and the last."""
        if self._is_whole and len(self._names) == 1:
            return choices.name_of(unguarded(cells[self._names[0]]))
        names = [unguarded(cells[place]) for place in self._names]
        if self._is_whole and (whole := choices.name_of(names.pop(0))):
            return whole
        return choices.name_of(" ".join(names)) if names else ""

    def _read_tags(self, *texts: str) -> str:
        """Tags as a key; other services put commas between them, and quotation marks around."""
        if self._layout.between_tags == ",":
            texts = tuple(tag for row in csv.reader(texts, skipinitialspace=True) for tag in row)
        return topics_key(choices.topics_of(texts))

    def _attributes(self, cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
        named = {name: unguarded(cells[place]) for name, place in self._named}
        return attributes_of([unguarded(cells[place]) for place in self._described], named)

    def _look_up(self, slugs: str, cadence: str) -> tuple[tuple[str, ...], str]:
        named = slugs.split(";") if slugs.strip() else self._defaults
        found = choices.newsletters_of(self._newsletters, named)
        names = {choices.cadence_of(newsletter, cadence) for newsletter in found} if cadence.strip() else {""}
        return tuple(newsletter.slug for newsletter in found), names.pop()

    def _read_state(self, *cells: str) -> tuple[SubscriptionState, datetime | None, str]:
        """The gravest that the cells say, when a pause ends, and why an address must not be mailed."""
        said = [word for cell in cells if (word := cell.strip().lower())]
        words = [self._layout.states.get(word, word) for word in said] or [self._layout.state or "active"]
        for word, cell in zip(words, said, strict=False):
            if word.partition(" until ")[0] not in STATES or (" until " in word and not word.startswith("paused ")):
                raise NotFoundError("state", cell[:40], self._layout.states or SubscriptionState)
        gravest, _, until = max(words, key=lambda word: STATES.index(word.partition(" until ")[0])).partition(" until ")
        if gravest == "unconfirmed":
            raise SyndicateError("they were asked to confirm and never did, so they must not be mailed")
        ban = _BANS.get(gravest, "")
        state = SubscriptionState.UNSUBSCRIBED if gravest in _ENDED else SubscriptionState.ACTIVE
        return (state if ban else SubscriptionState(gravest)), (_instant(until) if until else None), ban


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SyndicateError(f"{text[:40]!r} is no instant such as 2026-03-22T07:00:00Z") from None
