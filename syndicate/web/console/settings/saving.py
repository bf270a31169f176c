"""The settings file as the console has it: read for each page, and written when all of it can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from syndicate.app import App
from syndicate.errors import ConflictError, SettingsError
from syndicate.settings.edit import Change, edit
from syndicate.settings.file import print_of
from syndicate.settings.load import ARRAYS, Understood
from syndicate.settings.schema import Settings
from syndicate.store import audit
from syndicate.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Opened:
    """What stands in the file, and what it comes to."""

    text: str
    understood: Understood

    @property
    def print(self) -> str:
        """What a form brings back, to tell whether somebody else was quicker."""
        return print_of(self.text)

    def index(self, section: str, name: str) -> int | None:
        """The position of one of several, None when it is not there."""
        array = self.understood.written.get(section, [])
        return next((at for at, one in enumerate(array) if one.get(ARRAYS[section]) == name), None)

    def written(self, section: str, name: str) -> Mapping[str, Any]:
        """A table as it stands there."""
        if not name:
            found: Mapping[str, Any] = self.understood.written.get(section, {})
            return found
        at = self.index(section, name)
        return {} if at is None else self.understood.written[section][at]

    def variables(self, section: str, name: str) -> dict[str, str]:
        """The keys of a table that come from the environment."""
        place = (section, self.index(section, name)) if name else (section,)
        origins = self.understood.origins
        return {str(path[len(place)]): one for path, one in origins.items() if path[: len(place)] == place}


class Saving:
    """Reads and writes it, for people."""

    def __init__(self, app: App) -> None:
        self._app = app

    def opened(self) -> Opened:
        """:raises SettingsError: when it can't be used as it stands."""
        text = self._app.file.read()
        return Opened(text, self._app.file.understand(text))

    def states(self) -> tuple[list[str], list[str]]:
        """What is wrong with the file or its use, and what else there is to know."""
        file, in_use = self._app.file, self._app.settings
        notes = []
        if obstacle := file.obstacle():
            notes.append(f"{file.path} can't be changed from here: {obstacle}. Pages show what to write there by hand.")
        wanted, wrong = self.wanted()
        if wrong or wanted is None:
            return wrong, notes
        waiting = [name for name, value in wanted.bound.items() if value != in_use.bound[name]]
        if waiting:
            notes.append(f"Waits for a restart of the service: {', '.join(waiting)}.")
        if wanted.bound_like(in_use) != in_use:
            notes.append("The file has changed; the service is taking it over. Load this page again in a moment.")
        return [], notes

    def wanted(self) -> tuple[Settings | None, list[str]]:
        """What the file says, and what is wrong with it or keeps it from being used."""
        try:
            found = self._app.file.load()
        except SettingsError as error:
            return None, [str(one) for one in error.problems]
        return found, [self._app.file.refused] if self._app.file.refused else []

    def candidate(self, opened: Opened, change: Change) -> str:
        """The text with that change, which was found to be right, and to change nothing else.

        :raises SettingsError: when it can't be used.
        """
        text = edit(opened.text, change)
        after = self._app.file.understand(text).settings
        before, name = opened.understood.settings, change.name or str(change.values.get(ARRAYS.get(change.section, "")))
        if _others(before, change.section, name) != _others(after, change.section, name):
            raise ConflictError(
                "that would change other settings too, for variables of the environment name them by position; "
                "name them by name or slug there"
            )
        return text

    def write(self, visit: Visit, opened: Opened, text: str, act: str, about: str, detail: str = "") -> None:
        """Keeps what stood there, writes it, and notes who did."""
        after = self._app.file.understand(text).settings
        with self._app.store.write() as connection:
            audit.note(connection, visit.user.name, act, about=about, detail=detail, ip=visit.ip, now=visit.now)
            self._app.file.replace(text, opened.text)
        replace(self._app.digests, settings=after).pass_over(opened.understood.settings, visit.now)


def _others(settings: Settings, section: str, name: str) -> dict[str, Any]:
    found = {key: getattr(settings, key) for key in Settings.model_fields}
    if section in ARRAYS:
        found[section] = [one for one in found[section] if getattr(one, ARRAYS[section]) != name]
    else:
        del found[section]
    return found
