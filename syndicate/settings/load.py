"""Finds and reads the settings file, lays the environment over it, and reports everything that is wrong at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicate.errors import Problem, SettingsError
from syndicate.settings.schema import Settings

CONFIG_NAME = "syndicate.toml"
_PREFIX = "SYNDICATE_"
_CONFIG_VARIABLE = "SYNDICATE_CONFIG"
_SECRETS = {("site", "secret"), ("smtp", "url")}
_ARRAYS = {"sources": "name", "newsletters": "slug"}

KeyPath = tuple[str | int, ...]


def find(config: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file: ``--config``, else ``SYNDICATE_CONFIG``, else ``syndicate.toml`` in the working folder."""
    return (config or Path(environ.get(_CONFIG_VARIABLE) or CONFIG_NAME)).resolve()


def load(file: Path, environ: Mapping[str, str]) -> Settings:
    """Reads ``file``, lays ``SYNDICATE_SECTION__KEY`` over it and returns frozen settings.

    :raises SettingsError: with every problem found, each naming its key path and what is allowed there.
    """
    values = _read(file)
    origins: dict[KeyPath, str] = {}
    problems = [*_overlay(values, environ, origins), *_read_secrets(values, file.parent)]
    try:
        settings = Settings.model_validate({**values, "directory": file.parent})
    except ValidationError as error:
        problems += [_problem(one, origins) for one in error.errors(include_url=False)]
        raise SettingsError(str(file), problems) from None
    problems += _unknown_sources(settings)
    if problems:
        raise SettingsError(str(file), problems)
    return settings


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        missing = Problem("the file", "nothing", "`syndicate init` writes one; or name another with --config")
        raise SettingsError(str(file), [missing]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(file), [Problem("the file", str(error), "it must be TOML")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), [Problem("the file", str(error), "it must be readable, in UTF-8")]) from None


def _overlay(values: dict[str, Any], environ: Mapping[str, str], origins: dict[KeyPath, str]) -> Iterable[Problem]:
    """Writes each ``SYNDICATE_A__B`` into ``values["a"]["b"]``; arrays go by position, or by name or slug."""
    for variable, text in sorted(environ.items()):
        if not variable.startswith(_PREFIX) or "__" not in variable:
            continue
        path: list[str | int] = []
        place: Any = values
        keys = variable.removeprefix(_PREFIX).lower().split("__")
        for depth, key in enumerate(keys):
            last = depth == len(keys) - 1
            if isinstance(place, list):
                index = _index(place, key, str(path[0]))
                if index is None or last:
                    yield Problem(variable, "", f"names no {path[0]} of the file; use a position or a name")
                    break
                path.append(index)
                place = place[index]
                continue
            path.append(key)
            if last:
                place[key] = _value(text)
                origins[tuple(path)] = variable
            else:
                place = place.setdefault(key, {})
                if not isinstance(place, dict | list):
                    yield Problem(variable, "", f"{_dotted(path)} is a value, it has no keys")
                    break


def _index(array: list[Any], key: str, section: str) -> int | None:
    if key.isdecimal():
        return int(key) if int(key) < len(array) else None
    naming = _ARRAYS.get(section, "name")
    names = [str(one.get(naming, "")).replace("-", "_") if isinstance(one, dict) else "" for one in array]
    return names.index(key.replace("-", "_")) if key.replace("-", "_") in names else None


def _value(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _read_secrets(values: dict[str, Any], directory: Path) -> Iterable[Problem]:
    """Replaces ``secret_file`` and the like by what stands in that file."""
    for section, key in sorted(_SECRETS):
        table = values.get(section)
        if not isinstance(table, dict) or f"{key}_file" not in table:
            continue
        name = table.pop(f"{key}_file")
        where = f"{section}.{key}_file"
        if key in table:
            yield Problem(where, "", f"stands beside {section}.{key}; one of the two")
            continue
        try:
            table[key] = (directory / str(name)).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            yield Problem(where, repr(name), f"a readable file in UTF-8 ({error.__class__.__name__})")
            table[key] = None


def _unknown_sources(settings: Settings) -> Iterable[Problem]:
    known = {source.name for source in settings.sources}
    for index, newsletter in enumerate(settings.newsletters):
        for name in newsletter.sources:
            if name not in known:
                allowed = f"one of: {', '.join(sorted(known))}" if known else "there are no [[sources]]"
                yield Problem(f"newsletters[{index}].sources", repr(name), allowed)


def _problem(error: ErrorDetails, origins: dict[KeyPath, str]) -> Problem:
    location = tuple(part for part in error["loc"] if part not in ("folder", "feed") or isinstance(part, int))
    where = _dotted(location)
    if variable := origins.get(location):
        where = f"{where} (from {variable})"
    kind = error["type"]
    if kind == "missing":
        return Problem(where, "nothing", f"it is needed{_hint(location)}")
    if kind == "extra_forbidden":
        return Problem(where, "", "no such key; check its spelling and section")
    found = "" if location[:2] in _SECRETS else _shown(error["input"])
    return Problem(where, found, _allowed(error))


def _allowed(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return f"allowed: {context['error']}"
        case "literal_error" | "union_tag_invalid":
            return f"allowed: {context.get('expected') or context.get('expected_tags')}"
        case "union_tag_not_found":
            return "kind is needed: 'folder' or 'feed'"
        case "string_pattern_mismatch":
            return f"allowed: text that matches {context['pattern']}"
        case _:
            return f"allowed: {error['msg'].removeprefix('Input should be ')}"


def _hint(location: KeyPath) -> str:
    return f", or {location[-1]}_file" if location[:2] in _SECRETS else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _dotted(path: Iterable[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
