"""One change of the text of ``syndicate.toml``. Pure; whatever it does not change stays as it was written.

TOML Kit keeps comments, order and spacing. What it makes of the text is compared with the change done to plain values,
so that a form that it does not master is refused rather than spoilt.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import tomlkit
from tomlkit.items import AoT, Array, Comment, InlineTable, Item, Key, Null, SingleKey, Table, Whitespace

from syndicate.errors import ConflictError
from syndicate.settings.load import ARRAYS

Value = str | bool | int | list[str] | Mapping[str, str | bool]
"""What may stand at a key."""

_BY_HAND = "the settings file is written in a way that can't be changed here without rearranging it; edit it by hand"

_Body = list[tuple[Key | None, Item]]


@dataclass(frozen=True, slots=True)
class Change:
    """``put`` writes keys of a section, and takes out those that are None; ``add``, ``remove`` are for one of several.

    ``name`` tells which of several it is (see ``ARRAYS``), and is empty elsewhere.
    """

    act: Literal["put", "add", "remove"]
    section: str
    name: str = ""
    values: Mapping[str, Value | None] = field(default_factory=dict)


def edit(text: str, change: Change) -> str:
    """The document with that change made.

    :raises ConflictError: when the document is no TOML, does not have what is to be changed, or can't be changed here.
    """
    mark, lines, ending = _opened(text)
    document, expected = _document(lines), tomllib.loads(lines)
    _expect(expected, change)
    try:
        _change(document, change)
        edited = tomlkit.dumps(document)
        found = tomllib.loads(edited)
    # TOML Kit meets what it does not master with errors of many kinds.
    except Exception:  # noqa: BLE001
        raise ConflictError(_BY_HAND) from None
    if found != expected or not _in_order(found, change):
        raise ConflictError(_BY_HAND)
    return mark + edited.replace("\n", ending)


def table_of(text: str, section: str, name: str = "") -> str:
    """That section, or one of several, as it stands in the document."""
    _, lines, ending = _opened(text)
    document = tomlkit.document()
    found = _table(_document(lines), section, name)
    values = found.unwrap()
    if name:
        document = tomlkit.parse(_block(section, values))
    else:
        document.add(section, values)
    return tomlkit.dumps(document).replace("\n", ending)


def _opened(text: str) -> tuple[str, str, str]:
    """Its byte order mark if it has one, its lines, and how they end; the last one ends as well."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines, ending = text.removeprefix(mark), "\n"
    if "\r\n" in lines and "\n" not in lines.replace("\r\n", ""):
        lines, ending = lines.replace("\r\n", "\n"), "\r\n"
    return mark, lines if lines.endswith("\n") or not lines else lines + "\n", ending


def _document(lines: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(lines)
        same = tomlkit.dumps(document) == lines
    except Exception:  # noqa: BLE001
        raise ConflictError(_BY_HAND) from None
    if not same:
        raise ConflictError(_BY_HAND)
    return document


def _expect(values: dict[str, Any], change: Change) -> None:
    """The same change, done to plain values."""
    if change.act == "put":
        table = _one_of(values[change.section], change) if change.name else values.setdefault(change.section, {})
        for key, value in change.values.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    elif change.act == "add":
        values.setdefault(change.section, []).append({k: v for k, v in change.values.items() if v is not None})
    else:
        values[change.section].remove(_one_of(values[change.section], change))
        if not values[change.section]:
            del values[change.section]


def _one_of(array: list[dict[str, Any]], change: Change) -> dict[str, Any]:
    for one in array:
        if one.get(ARRAYS[change.section]) == change.name:
            return one
    raise ConflictError(f"the settings file has no {change.name!r} in [[{change.section}]] any more")


def _in_order(values: dict[str, Any], change: Change) -> bool:
    """Whether tables that were written have their keys in the order in which they were given: it means something."""
    if change.act == "remove":
        return True
    array = values[change.section]
    table = array[-1] if change.act == "add" else _one_of(array, change) if change.name else array
    given = ((key, value) for key, value in change.values.items() if isinstance(value, Mapping))
    return all(list(table[key]) == list(value) for key, value in given)


def _change(document: tomlkit.TOMLDocument, change: Change) -> None:
    if change.act == "add":
        _add(document, change)
    elif change.act == "remove":
        _remove(document, change)
    else:
        if change.section not in document:
            _separate(document.body)
            document.add(change.section, tomlkit.table())
        _put(_table(document, change.section, change.name), change.values)


def _table(document: tomlkit.TOMLDocument, section: str, name: str) -> Any:
    found: Any = document[section]
    if not name:
        return found
    return next(one for one in found if one.get(ARRAYS[section]) == name)


def _put(table: Any, values: Mapping[str, Value | None]) -> None:
    """Keys that are there first: adding some by hand leaves TOML Kit without a map of where they are."""
    for key in [one for one in values if one in table]:
        value = values[key]
        if value is None:
            del table[key]
        elif isinstance(value, Mapping) and isinstance(table[key], Table):
            _arrange(table[key].value.body, value)
        else:
            old, item = table.value.item(key), _item(value)
            table[key] = item
            _keep_column(old, item)
    for key, value in values.items():
        if value is not None and key not in table:
            if isinstance(table, Table):
                _insert(table.value.body, key, value)
            else:
                table[key] = _item(value)


def _insert(body: _Body, key: str, value: Value) -> None:
    """Where the key stands commented out, else behind the last key of the table itself."""
    item = _item(value)
    item.trivia.trail = "\n"
    entry: tuple[Key, Item] = (SingleKey(key), item)
    until = next((at for at, (_, one) in enumerate(body) if isinstance(one, Table | AoT)), len(body))
    for at in range(until):
        said = body[at][1].as_string() if isinstance(body[at][1], Comment) else ""
        if re.match(rf"#{re.escape(key)}\s*=", said):
            item.trivia.comment_ws, item.trivia.comment = _remark(said, f"{key} = {item.as_string()}")
            body[at] = entry
            return
    body.insert(_own_end(body, until), entry)


def _remark(said: str, line: str) -> tuple[str, str]:
    """The comment behind a key that was commented out, and the space before it, so that it stays in its column."""
    try:
        [item] = [one for key, one in tomlkit.parse(said[1:]).body if key]
    except Exception:  # noqa: BLE001
        return "", ""
    if not item.trivia.comment:
        return "", ""
    column = said.rindex(item.trivia.comment)
    return " " * max(1, column - len(line)), item.trivia.comment.replace("# (example) ", "# ")


def _own_end(body: _Body, until: int) -> int:
    """Where what belongs to a table ends: what follows a blank line behind its last key is about what comes next."""
    last = max((at for at in range(until) if body[at][0] is not None), default=-1)
    for at in range(last + 1, until):
        if isinstance(body[at][1], Whitespace):
            return at
    return until


def _arrange(body: _Body, values: Mapping[str, str | bool]) -> None:
    """Gives a table just these keys, in this order; lines that stay keep their comments."""
    places = [at for at, (key, one) in enumerate(body) if key is not None and not isinstance(one, Null)]
    known = {key.key: (key, item) for key, item in (body[at] for at in places) if key is not None}
    entries: _Body = []
    for name, value in values.items():
        key, old = known.get(name, (SingleKey(name), None))
        item = _item(value)
        item.trivia.trail = "\n"
        if old is not None:
            if old.unwrap() == value:
                item = old
            else:
                for part in ("indent", "comment_ws", "comment", "trail"):
                    setattr(item.trivia, part, getattr(old.trivia, part))
                _keep_column(old, item)
        entries.append((key, item))
    for at, entry in zip(places, entries, strict=False):
        body[at] = entry
    if len(entries) > len(places):
        after = places[-1] + 1 if places else 0
        body[after:after] = entries[len(places) :]
    for at in reversed(places[len(entries) :]):
        del body[at]


def _keep_column(old: Item, new: Item) -> None:
    """The comment behind a value stays where it was, if there is room."""
    if new.trivia.comment:
        room = len(old.trivia.comment_ws) + len(old.as_string()) - len(new.as_string())
        new.trivia.comment_ws = " " * max(1, room)


def _add(document: tomlkit.TOMLDocument, change: Change) -> None:
    values = {key: value for key, value in change.values.items() if value is not None}
    array: Any = document.get(change.section)
    if isinstance(array, Array):
        one = tomlkit.inline_table()
        one.update({key: _item(value) for key, value in values.items()})
        array.append(one)
        return
    made: Any = tomlkit.parse(_block(change.section, values))[change.section]
    if array is None:
        _separate(document.body)
        document.add(change.section, made)
        return
    before = _deepest(array[-1])
    tail = _cut_tail(before)
    before.append((None, Whitespace("\n")))
    _deepest(made[0]).extend(tail)
    array.append(made[0])


def _remove(document: tomlkit.TOMLDocument, change: Change) -> None:
    array: Any = document[change.section]
    at = next(at for at, one in enumerate(array) if one.get(ARRAYS[change.section]) == change.name)
    place = next(at for at, (key, _) in enumerate(document.body) if key is not None and key.key == change.section)
    tail = _cut_tail(_deepest(array[at])) if isinstance(array, AoT) else []
    if len(array) == 1:
        document.body[place : place + 1] = tail
        return
    del array[at]
    if at:
        _deepest(array[at - 1]).extend(tail)
    else:
        document.body[place:place] = tail


def _deepest(table: Table) -> _Body:
    """The body that is written last: what stands at a table's end stands in its last table."""
    body = table.value.body
    last = body[-1][1] if body else None
    while isinstance(last, Table | AoT):
        body = (last[-1] if isinstance(last, AoT) else last).value.body
        last = body[-1][1] if body else None
    return body


def _cut_tail(body: _Body) -> _Body:
    """Takes off what is about the next section."""
    at = _own_end(body, len(body))
    tail = body[at:]
    del body[at:]
    return tail


def _separate(body: _Body) -> None:
    """Leaves a line free before what comes next."""
    while body and isinstance(body[-1][1], Table | AoT):
        last = body[-1][1]
        body = _deepest(last[-1] if isinstance(last, AoT) else last)
    if body and not isinstance(body[-1][1], Whitespace):
        body.append((None, Whitespace("\n")))


def _block(section: str, values: Mapping[str, Any]) -> str:
    """A table of several, written anew."""
    lines = [f"[[{section}]]"]
    lines += [f"{key} = {_item(one).as_string()}" for key, one in values.items() if not isinstance(one, Mapping)]
    for key, table in values.items():
        if isinstance(table, Mapping):
            inner = (f"{SingleKey(name).as_string()} = {_item(one).as_string()}" for name, one in table.items())
            lines += ["", f"[{section}.{key}]", *inner]
    return "\n".join(lines) + "\n"


def _item(value: Any) -> Item:
    if isinstance(value, Mapping):
        table: InlineTable = tomlkit.inline_table()
        table.update(value)
        return table
    item: Item = tomlkit.item(value)
    return item
