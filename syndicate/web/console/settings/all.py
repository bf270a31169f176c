"""``/console/settings/all``: every setting with its value and where that comes from. Made from the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel, SecretStr

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.settings.load import ARRAYS
from syndicate.settings.masked import HIDDEN, without_password
from syndicate.settings.schema import Settings
from syndicate.settings.values import duration_text
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.settings.saving import Opened, Saving
from syndicate.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Row:
    """One setting. ``origin`` is a variable's name, ``file`` or ``default``."""

    key: str
    value: str
    origin: str
    about: str


class AllSettings:
    """Nothing here can be changed."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._saving = app, desk, Saving(app)
        door.get("/console/settings/all", Right.SETTINGS, self.all)

    def all(self, visit: Visit) -> Response:
        """As the file and the environment have them now."""
        opened = self._saving.opened()
        tables = list(_tables(opened))
        return self._desk.show(visit, "settings/all.html", section="settings", tables=tables)


def _tables(opened: Opened) -> Iterator[tuple[str, list[Row]]]:
    settings = opened.understood.settings
    for section in Settings.model_fields:
        value = getattr(settings, section)
        if section in ARRAYS:
            for one in value:
                name = getattr(one, ARRAYS[section])
                yield (
                    f"[[{section}]] {name}",
                    _rows(one, opened.written(section, name), opened.variables(section, name)),
                )
        elif isinstance(value, BaseModel):
            yield f"[{section}]", _rows(value, opened.written(section, ""), opened.variables(section, ""))


def _rows(table: BaseModel, written: Mapping[str, Any], variables: Mapping[str, str]) -> list[Row]:
    rows = []
    for key, value in [
        *((key, getattr(table, key)) for key in type(table).model_fields),
        *(table.model_extra or {}).items(),
    ]:
        field = type(table).model_fields.get(key)
        in_file = "file" if key in written or f"{key}_file" in written else "default"
        origin = variables.get(key) or variables.get(f"{key}_file") or in_file
        rows.append(Row(key, _shown(value), origin, (field.description if field else "") or ""))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None or value == "" else without_password(str(value))
