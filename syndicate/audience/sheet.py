"""CSV files as people and spreadsheets make them, row by row; the roster is read and written through it.

Read: UTF-8 (with or without a mark), single lines in Windows-1252 tolerated; ``,``, ``;`` or TAB; any line ends.
A row that can't be read is handed on with its fault, and reading goes on at the very next line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from syndicate.errors import RosterError

LONGEST_LINE = 65_536
"""Bytes in one line; a longer one is a fault, so that no file can fill the memory."""

_MOST_LINES = 50  # that one quoted cell may span
_CHUNK = 262_144
_SHOWN = 500  # characters of a line that can't be read
_DELIMITERS = (",", ";", "\t")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the physical line where it begins (from 1), its cells as written, and why it can't be used, if so."""

    line: int
    cells: list[str]
    fault: str = ""


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run as a formula; ``unguarded`` takes it off."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell that was ``guarded``."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class Writer:
    """Writes rows with every cell guarded and quoted, so that no choice of delimiter brings a formula to life."""

    def __init__(self, out: TextIO) -> None:
        self._writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def write(self, cells: Sequence[str]) -> None:
        """One row."""
        self._writer.writerow([guarded(cell.replace("\0", "\ufffd")) for cell in cells])


class Sheet:
    """A file with a header row; iterating gives its records, blank ones left out.

    ``names`` are the columns as written, ``places`` says where each known one stands, ``ignored`` are the others.

    :raises RosterError: when it is empty, or its first line does not name the columns (``needed`` among them).
    """

    def __init__(self, file: BinaryIO, path: str, *, known: Sequence[str], needed: str) -> None:
        self._lines = _lines(file)
        self._ahead: deque[bytes] = deque()
        self._line = 0
        self._delimiter, self.names = self._header(path, known, needed)
        folded = [name.casefold() for name in self.names]
        for name in known:
            if folded.count(name) > 1:
                raise RosterError(path, f"its first line names column {name!r} more than once; keep one of them")
        self.places = {name: folded.index(name) for name in known if name in folded}
        self.ignored = tuple(name for name, fold in zip(self.names, folded, strict=True) if fold not in self.places)

    def __iter__(self) -> Iterator[Record]:
        while (raw := self._take()) is not None:
            record = self._record(raw)
            if any(cell.strip() for cell in record.cells):
                yield record

    def _header(self, path: str, known: Sequence[str], needed: str) -> tuple[str, list[str]]:
        remedy = f"its first line must name the columns: {', '.join(known)} ({needed!r} is needed)"
        line = codecs.BOM_UTF8
        while not line.removeprefix(codecs.BOM_UTF8).strip():
            raw = self._take()
            if raw is None:
                raise RosterError(path, f"it is empty; {remedy}")
            line = raw
        text = _text(line.removeprefix(codecs.BOM_UTF8)) or ""
        if "\0" in text or not text:
            raise RosterError(path, "it is not CSV text; save it as “CSV UTF-8” first")
        readings = {mark: [name.strip() for name in _cells(text, mark) or ()] for mark in _DELIMITERS}
        fitting = [mark for mark, names in readings.items() if needed in map(str.casefold, names)]
        if not fitting:
            raise RosterError(path, f"{remedy}; it is {text[:60]!r}")
        mark = max(fitting, key=lambda mark: len(readings[mark]))
        return mark, readings[mark]

    def _record(self, raw: bytes) -> Record:
        line, text = self._line, _text(raw)
        if text is None:
            seen = raw[: _SHOWN * 4].decode("utf-8", "replace")[:_SHOWN]
            fault = "the line is too long" if len(raw) > LONGEST_LINE else "neither UTF-8 nor Windows-1252 text"
            return Record(line, [seen], fault)
        if "\0" in text:
            return Record(line, [text], "a NUL character")
        cells = _cells(text, self._delimiter)
        if cells is None:
            cells = self._continued(text)
        if cells is None:
            return Record(line, [text], 'a quotation mark " that is not closed, or not doubled inside a cell')
        if len(cells) != len(self.names) and any(cell.strip() for cell in cells):
            return Record(line, cells, f"{_columns(len(cells))} where the first line has {len(self.names)}")
        return Record(line, cells)

    def _continued(self, text: str) -> list[str] | None:
        """The row that begins with ``text`` and has line breaks within quotes; None when it is a stray quote instead.

        Only columns that nobody reads may span lines, so that a stray quote does not swallow the rows after it.
        """
        quotes = text.count('"')
        for reach in range(_MOST_LINES if quotes % 2 else 0):
            following = self._peek(reach)
            more = None if following is None else _text(following)
            if more is None:
                return None
            text, quotes = f"{text}\n{more}", quotes + more.count('"')
            if quotes % 2 == 0:
                cells = _cells(text, self._delimiter)
                if cells is None or len(cells) != len(self.names):
                    return None
                if any("\n" in cells[place] for place in self.places.values()):
                    return None
                for _ in range(reach + 1):
                    self._take()
                return cells
        return None

    def _take(self) -> bytes | None:
        self._line += 1
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _peek(self, reach: int) -> bytes | None:
        while len(self._ahead) <= reach:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[reach]


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Physical lines with their ends; of one longer than ``LONGEST_LINE`` no more than shows that it is."""
    rest = b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).splitlines(keepends=True)
        if not rest.endswith((b"\n", b"\r")):
            rest = rest[: LONGEST_LINE + 1]
        yield from whole
    yield from rest.splitlines(keepends=True)


def _text(raw: bytes) -> str | None:
    """The line without its end; None when it is too long or no text."""
    if len(raw) > LONGEST_LINE:
        return None
    line = raw.rstrip(b"\r\n")
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row, None when its quotes are broken."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"
