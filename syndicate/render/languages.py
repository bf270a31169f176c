"""The languages that people are written to in: catalogues, days, and how often. Templates, pages and mails ask it.

English is the source and needs no catalogue. The others are gettext's ``.po`` files in a folder ``languages`` beside
the templates. They are read when they are first needed, so there is nothing to compile and nothing that can be stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from syndicate.errors import TemplateError

FOLDER = "languages"
DAY, LONG_DAY = "d MMMM y", "EEEE, d MMMM y"
"""How days are written in English; other languages have their own order, which Babel knows."""


def translatable(text: str) -> str:
    """``text`` as it is. It marks what is written down here for the catalogues, and is translated where it is shown."""
    return text


_OFTEN = {
    "instant": translatable("as soon as an article appears"),
    "hourly": translatable("every hour"),
    "daily": translatable("every day"),
    "weekly": translatable("every week"),
    "monthly": translatable("every month"),
    "manual": translatable("when its editors send it"),
}


class Language:
    """One language. ``tag`` is what pages say of themselves (BCP 47)."""

    def __init__(self, tag: str, locale: Locale, catalogue: NullTranslations) -> None:
        self.tag, self._locale, self._catalogue = tag, locale, catalogue

    @property
    def name(self) -> str:
        """What its speakers call it."""
        found = Locale(self._locale.language, script=self._locale.script).get_display_name() or self.tag
        return found[:1].upper() + found[1:]

    def gettext(self, text: str) -> str:
        """The translation, or ``text`` itself when there is none."""
        return self._catalogue.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form that goes with ``count``."""
        return self._catalogue.ngettext(one, many, count)

    def day(self, value: datetime) -> str:
        """``23 November 2026``, in the instant's own zone."""
        return format_date(value, DAY if self is ENGLISH else "long", self._locale)

    def long_day(self, value: datetime) -> str:
        """``Monday, 23 November 2026``, in the instant's own zone."""
        return format_date(value, LONG_DAY if self is ENGLISH else "full", self._locale)

    def month(self, value: datetime) -> str:
        """``November 2026``, in the instant's own zone."""
        return format_skeleton("yMMMM", value, locale=self._locale)

    def often(self, cadence: str) -> str:
        """How often a cadence comes, to stand in a sentence."""
        if cadence in _OFTEN:
            return self.gettext(_OFTEN[cadence])
        return self.gettext("on the schedule “%(cadence)s”") % {"cadence": cadence}

    def both(self, words: Sequence[str]) -> str:
        """``one, two and three``."""
        return format_list(words, "standard", self._locale)

    def either(self, words: Sequence[str]) -> str:
        """``one, two or three``."""
        return format_list(words, "or", self._locale)


ENGLISH = Language("en", Locale("en", "GB"), NullTranslations())


class Languages:
    """Those that have a catalogue in one of the ``folders``, of which an earlier one wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        paths = [path for folder in reversed(folders) for path in sorted((folder / FOLDER).glob("*.po"))]
        self._paths = {path.stem.replace("_", "-"): path for path in paths}
        self._read = {ENGLISH.tag: ENGLISH}

    @property
    def all(self) -> tuple[Language, ...]:
        """Every language, English first. :raises TemplateError: when a catalogue can't be read."""
        return tuple(self._language(tag) for tag in (ENGLISH.tag, *sorted(self._paths)))

    def best(self, wanted: Iterable[str | None]) -> Language:
        """The first of the tags that there is, or a close relative of it: ``de-AT`` is content with ``de``.

        English when there is none. :raises TemplateError: when a catalogue can't be read.
        """
        tags = (ENGLISH.tag, *sorted(self._paths))
        for one in wanted:
            asked = (one or "").replace("_", "-").lower()
            for close in (
                [tag for tag in tags if tag.lower() == asked],
                [tag for tag in tags if _primary(tag) == _primary(asked)],
            ):
                if close:
                    return self._language(close[0])
        return ENGLISH

    def _language(self, tag: str) -> Language:
        if tag not in self._read:
            path = self._paths[tag]
            self._read[tag] = _open(tag, path, _stamp(path))
        return self._read[tag]


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _open(tag: str, path: Path, _stamp: tuple[int, int]) -> Language:
    """Read once, until the file is another: settings that change, or another installation, make new ``Languages``."""
    compiled = BytesIO()
    try:
        locale = Locale.parse(tag, sep="-")
        write_mo(compiled, read_po(BytesIO(path.read_bytes()), locale, abort_invalid=True))
    except (OSError, ValueError, UnknownLocaleError, PoFileError) as error:
        raise TemplateError(f"{FOLDER}/{path.name}", None, " ".join(str(error).split())) from None
    compiled.seek(0)
    return Language(tag, locale, Translations(compiled))
