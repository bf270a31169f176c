"""Files with a JSON object on each line, as an export writes them; the roster reads them through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from syndicate.audience.formats.layout import Layout
from syndicate.audience.formats.own import COLUMNS
from syndicate.audience.sheet import LONGEST_LINE, SHOWN, Bytes, Record, guarded, physical_lines
from syndicate.errors import RosterError


class Lines:
    """Such a file, read as a ``Sheet`` is: its columns are those of an export, whatever else the objects have.

    :raises RosterError: when ``lay_out`` leaves no column with addresses.
    """

    delimiter = "{"
    windows_lines = 0
    ignored: tuple[str, ...] = ()

    def __init__(self, file: Bytes, path: str, lay_out: Callable[[Sequence[str]], Layout | None]) -> None:
        self.names = list(COLUMNS)
        layout = lay_out(self.names)
        if layout is None:
            raise RosterError(path, "'email' must be read")
        self.layout = layout
        self._lines = physical_lines(file)

    def __iter__(self) -> Iterator[Record]:
        for number, raw in enumerate(self._lines, 1):
            if raw.strip():
                yield _record(number, raw)


def _record(line: int, raw: bytes) -> Record:
    try:
        document = json.loads(raw) if len(raw) <= LONGEST_LINE else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        fault = "the line is too long" if len(raw) > LONGEST_LINE else "it is no JSON object"
        return Record(line, [raw[:SHOWN].decode("utf-8", "replace").strip()], fault)
    cells = [_cell(document.get(name)) for name in COLUMNS]
    return Record(line, cells, "a NUL character" if any("\0" in cell for cell in cells) else "")


def _cell(value: object) -> str:
    """What a CSV file has for it: lists with semicolons, objects as JSON; guarded, for that is taken off again."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = ";".join(map(str, value))
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return guarded(str(value).encode("utf-8", "replace").decode())
