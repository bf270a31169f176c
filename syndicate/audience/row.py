"""One row of a roster, cells → checked values; the import calls it for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.audience.sheet import unguarded
from syndicate.errors import NotFoundError, SyndicateError
from syndicate.model import SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store.subscribers import topics_key

COLUMNS = ("email", "name", "newsletters", "cadence", "topics", "language", "timezone", "state")
"""What a file may say of a subscriber; only the first is needed."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says; empty and None mean that it says nothing. ``topics`` is a key, ``state`` is for new ones.

    ``resume_at`` is when a pause ends by itself: ``paused until 2026-03-22T07:00:00Z``.
    """

    email: str
    name: str
    newsletters: tuple[str, ...]
    cadence: str
    topics: str
    language: str | None
    timezone: str | None
    state: SubscriptionState
    resume_at: datetime | None


class RowReader:
    """Reads rows whose columns stand at ``places``. Cells that repeat from row to row are worked out once."""

    def __init__(self, newsletters: Sequence[Newsletter], places: Mapping[str, int]) -> None:
        self._newsletters = newsletters
        self._places = [places.get(name) for name in COLUMNS]
        self._wanted = lru_cache(1024)(self._look_up)
        self._topics = lru_cache(1024)(lambda text: topics_key(choices.topics_of([text])))
        self._language = lru_cache(1024)(choices.language_of)
        self._timezone = lru_cache(1024)(choices.timezone_of)

    def read(self, cells: Sequence[str]) -> Row:
        """The row as values. :raises SyndicateError: saying what is wrong with it."""
        email, name, slugs, cadence, topics, language, timezone, state = [
            "" if place is None else unguarded(cells[place]) for place in self._places
        ]
        address = normalise(email)
        newsletters, cadence = self._wanted(slugs, cadence)
        return Row(
            address,
            choices.name_of(name),
            newsletters,
            cadence,
            self._topics(topics),
            self._language(language),
            self._timezone(timezone),
            *_state(state),
        )

    def _look_up(self, slugs: str, cadence: str) -> tuple[tuple[str, ...], str]:
        found = choices.newsletters_of(self._newsletters, slugs.split(";"))
        names = {choices.cadence_of(newsletter, cadence) for newsletter in found} if cadence.strip() else {""}
        return tuple(newsletter.slug for newsletter in found), names.pop()


@lru_cache(1024)
def _state(text: str) -> tuple[SubscriptionState, datetime | None]:
    word, _, rest = text.strip().lower().partition(" until ")
    if word and (word not in list(SubscriptionState) or (rest and word != SubscriptionState.PAUSED)):
        raise NotFoundError("state", text[:40], SubscriptionState)
    return SubscriptionState(word or SubscriptionState.ACTIVE), _instant(rest) if rest else None


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SyndicateError(f"{text[:40]!r} is no instant such as 2026-03-22T07:00:00Z") from None
