"""What a reader typed → what can be used of it, and what is wrong with the rest, field by field. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.errors import SyndicateError
from syndicate.render.languages import Language, translatable
from syndicate.settings import Newsletter
from syndicate.web.fields import Fields

LONGEST_PAUSE = 52
"""Weeks."""

WRONG: Mapping[str, str] = MappingProxyType(
    {
        "email": translatable("Mail can't be sent to this address. It should look like ana@example.org."),
        "newsletter": translatable("Choose at least one newsletter from those that there are."),
        "cadence": translatable("Nothing that you chose comes that often. Choose again."),
        "topics": translatable("A topic has at most 200 characters, on one line."),
        "name": translatable("A name has at most 200 characters, on one line."),
        "language": translatable("Choose a language from the list."),
        "timezone": translatable("Choose a time zone such as Europe/Belgrade."),
        "weeks": translatable("Choose a number of weeks."),
    }
)
"""What each field should hold, in English."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is chosen, spelled one way. None was not said, and stays as it is."""

    cadence: str | None = None
    topics: tuple[str, ...] | None = None
    name: str | None = None
    language: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it is shown: what there is to choose from, what was chosen, and what is wrong with that."""

    cadences: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[Language, ...] = ()
    stamp: str = ""
    email: str = ""
    newsletters: tuple[str, ...] = ()
    cadence: str = ""
    chosen: tuple[str, ...] = ()
    name: str = ""
    language: str = ""
    timezone: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""

    def has_topic(self, topic: str) -> bool:
        """Whether it was chosen; case does not matter."""
        return topic.casefold() in {one.casefold() for one in self.chosen}


class Reading:
    """Reads fields one by one, and gathers in ``errors`` an English sentence for each that can't be used."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.errors: dict[str, str] = {}

    def email(self) -> str:
        """The address, normalised."""
        return self._kept("email", lambda: normalise(self._fields.one("email")), "")

    def newsletters(self, offered: Sequence[Newsletter]) -> tuple[Newsletter, ...]:
        """The newsletters, at least one."""
        return self._kept("newsletter", lambda: choices.newsletters_of(offered, self._fields.all("newsletter")), ())

    def choices(self, newsletters: Sequence[Newsletter]) -> Choices:
        """The rest. A cadence must be one that at least one of the newsletters has."""
        fields = self._fields
        return Choices(
            cadence=self._said("cadence", lambda: _cadence(newsletters, fields.one("cadence"))),
            topics=self._said("topics", lambda: choices.topics_of(fields.all("topics"))),
            name=self._said("name", lambda: choices.name_of(fields.one("name"))),
            language=self._said("language", lambda: choices.language_of(fields.one("language")) or ""),
            timezone=self._said("timezone", lambda: choices.timezone_of(fields.one("timezone")) or ""),
        )

    def weeks(self) -> timedelta | None:
        """How long a pause is to be."""
        text = self._fields.one("weeks").strip()
        if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_PAUSE:
            return timedelta(weeks=int(text))
        self.errors["weeks"] = WRONG["weeks"]
        return None

    def _said(self, name: str, read: Callable[[], _T | None]) -> _T | None:
        return self._kept(name, read, None) if name in self._fields else None

    def _kept(self, name: str, read: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return read()
        except SyndicateError:
            self.errors[name] = WRONG[name]
            return otherwise


def _cadence(newsletters: Sequence[Newsletter], text: str) -> str | None:
    """The cadence. :raises NotFoundError: when none of the newsletters has it."""
    wanted = text.strip().lower()
    if not wanted or not newsletters:
        return None
    offering = next((one for one in newsletters if wanted in one.cadences), newsletters[0])
    return choices.cadence_of(offering, wanted)
