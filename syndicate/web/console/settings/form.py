"""A table of the settings ↔ a form. Fields, hints and bounds are the schema's own. Pure; the pages call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from syndicate.errors import SettingsError
from syndicate.settings.edit import Value
from syndicate.settings.masked import HIDDEN, without_password
from syndicate.settings.values import Section, duration_text
from syndicate.web.fields import Fields

ROWS = 2
"""Empty rows for further cadences."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key as a form shows it. ``variable`` is where its value comes from, when that is not the file."""

    key: str
    kind: Literal["text", "number", "check", "choice", "several", "lines", "rows"]
    hint: str
    needed: bool
    value: Any
    options: Sequence[str] = ()
    problem: str = ""
    variable: str = ""

    @property
    def label(self) -> str:
        """The key in words."""
        words = {"every": "How often", "hold_over": "Hold over", "first_pickup": "First pick-up", "url": "Address"}
        return words.get(self.key, self.key.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in the file, with what the environment lays over it (key → variable)."""

    model: type[Section]
    keys: Sequence[str]
    written: Mapping[str, Any]
    variables: Mapping[str, str]
    options: Mapping[str, Sequence[str]]

    def fields(self, typed: Fields | None, problems: Mapping[str, str]) -> list[Field]:
        """The form; what was typed is shown as it was."""
        return [self._field(key, typed, problems) for key in self.keys]

    def changes(self, typed: Fields) -> dict[str, Value | None]:
        """What was typed and is not what stands there. Empty and not needed: the key is taken out."""
        found: dict[str, Value | None] = {}
        for key in self.keys:
            if key in self.variables:
                continue
            field, value = self.model.model_fields[key], self._typed(key, typed)
            before = self.written.get(key)
            if value == "" and (not field.is_required() or before is None):
                if key in self.written and before != "":
                    found[key] = None
                elif field.is_required():
                    found[key] = ""
            elif key in self.written:
                if value != before or (isinstance(value, dict) and list(value) != list(before)):
                    found[key] = value
            elif value != plain(field.default):
                found[key] = value
        if HIDDEN in str(found.get("url", "")) and found["url"] == without_password(str(self.written.get("url", ""))):
            del found["url"]
        return found

    def _field(self, key: str, typed: Fields | None, problems: Mapping[str, str]) -> Field:
        field = self.model.model_fields[key]
        kind = self._kind(key, field)
        value = self._typed(key, typed) if typed else self.written.get(key, plain(field.default))
        if kind == "rows":
            value = [
                ("instant", "as soon as an article is picked up") if n == "instant" else (n, w)
                for n, w in dict(value or {}).items()
            ]
            value += [("", "")] * ROWS
        elif kind == "lines":
            value = ", ".join(value or ())
        elif key == "url":
            value = without_password(str(value or ""))
        options = self.options.get(key) or get_args(field.annotation)
        return Field(
            key,
            kind,
            field.description or "",
            field.is_required(),
            value,
            options if kind in ("choice", "several") else (),
            problems.get(key, ""),
            self.variables.get(key, ""),
        )

    def _kind(self, key: str, field: FieldInfo) -> Any:
        if key in self.options:
            return "several" if key == "sources" else "choice"
        if field.annotation is bool:
            return "check"
        if field.annotation is int:
            return "number"
        if get_origin(field.annotation) is Literal:
            return "choice"
        return {"cadences": "rows", "tags": "lines"}.get(key, "text")

    def _typed(self, key: str, typed: Fields) -> Any:
        kind, text = self._kind(key, self.model.model_fields[key]), typed.one(key).strip()
        if kind == "check":
            return text == "true"
        if kind == "number":
            return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else text
        if kind == "several":
            return list(typed.all(key))
        if kind == "lines":
            return [one.strip() for one in text.split(",") if one.strip()]
        if kind == "rows":
            names, whens = typed.values.get("cadence", ()), typed.values.get("when", ())
            pairs = [(n.strip(), w.strip()) for n, w in zip(names, whens, strict=False)]
            return {name: True if name == "instant" else when for name, when in pairs if name or when}
        return text


def plain(value: Any) -> Any:
    """A default as it would stand in the file; what there is none of is an empty text."""
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, bool | int | str) else ""


def problems_of(error: SettingsError, section: str, index: int | None) -> tuple[dict[str, str], list[str]]:
    """What is wrong by key of the table, and what belongs to no field of it."""
    place = f"{section}[{index}]." if index is not None else f"{section}."
    by_key: dict[str, str] = {}
    others = []
    for one in error.problems:
        key = one.where.removeprefix(place).partition(" ")[0].partition(".")[0] if one.where.startswith(place) else ""
        if key:
            by_key[key] = one.allowed.removeprefix("allowed: ")
        else:
            others.append(str(one))
    return by_key, others
