"""Finds and reads the settings file, lays the environment over it, and reports everything that is wrong at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicate.errors import Problem, SettingsError
from syndicate.settings.schema import Settings

CONFIG_NAME = "syndicate.toml"
_PREFIX = "SYNDICATE_"
_CONFIG_VARIABLE = "SYNDICATE_CONFIG"
SECRETS = {
    ("site", "secret"),
    ("store", "url"),
    ("smtp", "url"),
    ("inbound", "password"),
    ("webhooks", "mailgun_key"),
    ("webhooks", "postmark_login"),
    ("webhooks", "brevo_token"),
    ("metrics", "token"),
    ("alerts", "webhook"),
}
_PASSWORD_BY_MISTAKE = ("inbound", "mailbox")
_NO_SUCH_KEY = "no such key; check its spelling and section"
ARRAYS: Mapping[str, str] = MappingProxyType({"sources": "name", "newsletters": "slug", "relays": "name"})
"""The sections of which there may be several, each with the key that tells one from another."""

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """The settings, with what the file says by itself, and which variable each key path comes from that has one."""

    settings: Settings
    written: Mapping[str, Any]
    origins: Mapping[KeyPath, str]


def find(config: Path | None, environ: Mapping[str, str]) -> Path:
    """The settings file: ``--config``, else ``SYNDICATE_CONFIG``, else ``syndicate.toml`` in the working folder."""
    return (config or Path(environ.get(_CONFIG_VARIABLE) or CONFIG_NAME)).resolve()


def load(file: Path, environ: Mapping[str, str]) -> Settings:
    """Reads ``file``, lays ``SYNDICATE_SECTION__KEY`` over it and returns frozen settings.

    :raises SettingsError: with every problem found, each naming its key path and what is allowed there.
    """
    return understand(read(file), file, environ).settings


def understand(text: str, file: Path, environ: Mapping[str, str]) -> Understood:
    """What ``load`` would make of ``text`` if it stood in ``file``.

    :raises SettingsError: as ``load`` does.
    """
    values = _parsed(text, file)
    written = deepcopy(values)
    origins: dict[KeyPath, str] = {}
    problems = [*_overlay(values, environ, origins), *_read_secrets(values, file.parent, origins)]
    if "directory" in values:
        problems.append(Problem("directory", "", _NO_SUCH_KEY))
    problems += [*_unknown_sources(values), *_unknown_relays(values)]
    try:
        settings = Settings.model_validate({**values, "directory": file.parent})
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        problems += [_problem(one, origins) for one in wrong if not _is_unread_secret(one)]
        raise SettingsError(str(file), problems) from None
    if problems:
        raise SettingsError(str(file), problems)
    return Understood(settings, written, origins)


def read(file: Path) -> str:
    """What stands in the file, as it stands there.

    :raises SettingsError: when it can't be read.
    """
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        missing = Problem("the file", "nothing", "`syndicate init` writes one; or name another with --config")
        raise SettingsError(str(file), [missing]) from None
    except (OSError, ValueError) as error:
        raise SettingsError(str(file), [Problem("the file", str(error), "it must be readable, in UTF-8")]) from None


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise SettingsError(str(file), [Problem("the file", str(error), "it must be TOML")]) from None


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
    naming = ARRAYS.get(section, "name")
    names = [str(one.get(naming, "")).replace("-", "_") if isinstance(one, dict) else "" for one in array]
    return names.index(key.replace("-", "_")) if key.replace("-", "_") in names else None


def _value(text: str) -> Any:
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _read_secrets(values: dict[str, Any], directory: Path, origins: Mapping[KeyPath, str]) -> Iterable[Problem]:
    """Replaces ``secret_file`` and the like by what stands there; the environment wins over the settings file."""
    for *path, key in sorted(_secrets_of(values)):
        table = _at(values, path)
        if f"{key}_file" not in table:
            continue
        name = table.pop(f"{key}_file")
        given = ((*path, key) in origins, (*path, f"{key}_file") in origins)
        if given == (True, False):
            continue
        if given == (False, True):
            table.pop(key, None)
        section = _dotted(path)
        where = f"{section}.{key}_file"
        if key in table:
            yield Problem(where, "", f"stands beside {section}.{key}; one of the two")
            continue
        try:
            table[key] = (directory / str(name)).read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            yield Problem(where, repr(name), f"a readable file in UTF-8 ({error.__class__.__name__})")
            table[key] = None


def _secrets_of(values: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield from (path for path in SECRETS if isinstance(values.get(path[0]), dict))
    yield from (("relays", index, "url") for index, _ in enumerate(_tables(values.get("relays"))))


def _at(values: Mapping[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    if path[0] == "relays":
        return _tables(values["relays"])[int(path[1])]
    table: dict[str, Any] = values[str(path[0])]
    return table


def _is_unread_secret(error: ErrorDetails) -> bool:
    """Whether it only repeats that a secret's file could not be read."""
    return _is_secret_itself(error["loc"]) and error["type"] != "missing" and error["input"] is None


def _is_secret_itself(location: KeyPath) -> bool:
    return location[:2] in SECRETS or (location[:1] == ("relays",) and location[2:] == ("url",))


def _unknown_relays(values: Mapping[str, Any]) -> Iterable[Problem]:
    known = {"smtp", *(str(relay.get("name", "")).strip() for relay in _tables(values.get("relays")))}
    for index, newsletter in enumerate(_tables(values.get("newsletters"))):
        name = newsletter.get("relay")
        if isinstance(name, str) and name.strip() not in known:
            yield Problem(f"newsletters[{index}].relay", repr(name), f"one of: {', '.join(sorted(known))}")


def _unknown_sources(values: Mapping[str, Any]) -> Iterable[Problem]:
    """Looks at the raw values, so that a wrong name is reported beside everything else that is wrong."""
    known = {str(source.get("name", "")).strip() for source in _tables(values.get("sources"))}
    for index, newsletter in enumerate(_tables(values.get("newsletters"))):
        names = newsletter.get("sources")
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name.strip() not in known:
                allowed = f"one of: {', '.join(sorted(known))}" if known else "there are no [[sources]]"
                yield Problem(f"newsletters[{index}].sources", repr(name), allowed)


def _tables(array: object) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else {} for one in array] if isinstance(array, list) else []


def _problem(error: ErrorDetails, origins: Mapping[KeyPath, str]) -> Problem:
    location = _location(error)
    kind, found = error["type"], error["input"]
    if kind.startswith("union_tag"):
        location, found = (*location, "kind"), found.get("kind") if isinstance(found, dict) else found
    where = _dotted(location)
    if variable := next((origins[path] for path in origins if path[: len(location)] == location), None):
        where = f"{where} (from {variable})"
    if kind in ("missing", "union_tag_not_found"):
        return Problem(where, "nothing", f"it is needed{_hint(location)}")
    if kind == "extra_forbidden":
        return Problem(where, "", _NO_SUCH_KEY)
    return Problem(where, "" if _is_secret(location) else _shown(found), _allowed(error))


def _location(error: ErrorDetails) -> KeyPath:
    """The key path in the file: pydantic puts a source's kind behind its position."""
    location = error["loc"]
    return (*location[:2], *location[3:]) if location[0] == "sources" else location


def _is_secret(location: KeyPath) -> bool:
    """Whether a secret stands there, or may stand inside of what stands there."""
    if location[:1] == ("relays",):
        return len(location) < 3 or location[2] == "url"
    return any(location[:2] == path[: len(location)] for path in (*SECRETS, _PASSWORD_BY_MISTAKE))


def _allowed(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return f"allowed: {context['error']}"
        case "literal_error" | "union_tag_invalid":
            return f"allowed: {context.get('expected') or context.get('expected_tags')}"
        case "string_pattern_mismatch":
            return f"allowed: text that matches {context['pattern']}"
        case _:
            return f"allowed: {error['msg'].removeprefix('Input should be ')}"


def _hint(location: KeyPath) -> str:
    if location[-1:] == ("kind",):
        return ": 'folder', 'feed', 'wordpress' or 'api'"
    return f", or {location[-1]}_file" if _is_secret_itself(location) else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _dotted(path: Iterable[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
