"""CSV files as people and spreadsheets make them, row by row; the roster is read and written through it.

Read: UTF-8 (with or without a mark), single lines in Windows-1252 tolerated; ``,``, ``;`` or TAB; any line ends;
quotes that are doubled, or have a backslash. A row that can't be read is handed on with its fault, and reading goes on
at the very next line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TextIO

from syndicate.audience.formats.layout import Layout
from syndicate.errors import RosterError

LONGEST_LINE = 65_536
"""Bytes in one line; a longer one is a fault, so that no file can fill the memory."""

_MOST_LINES = 50  # that one quoted cell may span
_CHUNK = 262_144
SHOWN = 500
"""Characters of a line that can't be read."""

_DELIMITERS = (",", ";", "\t")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class Record(NamedTuple):
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


class Bytes(Protocol):
    """What a sheet is read from."""

    def read(self, size: int, /) -> bytes:
        """About so many bytes; none at the end."""


class Sheet:
    """A file with a header row; iterating gives its records, blank ones left out.

    ``names`` are the columns as written, ``layout`` says what they mean, ``ignored`` are those that mean nothing.
    ``windows_lines`` counts lines in Windows-1252.

    :raises RosterError: when it is empty, or ``lay_out`` makes nothing of its first line.
    """

    def __init__(self, file: Bytes, path: str, lay_out: Callable[[Sequence[str]], Layout | None]) -> None:
        self._lines = physical_lines(file)
        self._ahead: deque[bytes] = deque()
        self._line = self.windows_lines = 0
        self.delimiter, self.names, self.layout = self._header(path, lay_out)
        folded = [name.casefold() for name in self.names]
        for places in self.layout.places.values():
            for place in places:
                if folded.count(folded[place]) > 1:
                    told = f"its first line names column {folded[place]!r} more than once; keep one of them"
                    raise RosterError(path, told)
        self._read = frozenset(place for places in self.layout.places.values() for place in places)
        self.ignored = tuple(name for place, name in enumerate(self.names) if place not in self._read)

    def __iter__(self) -> Iterator[Record]:
        while (raw := self._take()) is not None:
            record = self._record(raw)
            if any(map(str.strip, record.cells)):
                yield record

    def _header(self, path: str, lay_out: Callable[[Sequence[str]], Layout | None]) -> tuple[str, list[str], Layout]:
        remedy = "its first line must name the columns, 'email' among them"
        line = codecs.BOM_UTF8
        while not line.removeprefix(codecs.BOM_UTF8).strip():
            raw = self._take()
            if raw is None:
                raise RosterError(path, f"it is empty; {remedy}")
            line = raw
        text, _ = _text(line.removeprefix(codecs.BOM_UTF8))
        if not text or "\0" in text:
            raise RosterError(path, "it is not CSV text; save it as “CSV UTF-8” first")
        readings = [(mark, [name.strip() for name in _cells(text, mark) or ()]) for mark in _DELIMITERS]
        fitting = [(mark, names, found) for mark, names in readings if (found := lay_out(names)) is not None]
        if not fitting:
            raise RosterError(path, f"{remedy}, or say which column it is; it is {text[:60]!r}")
        return max(fitting, key=lambda one: len(one[1]))

    def _record(self, raw: bytes) -> Record:
        line, (text, is_windows) = self._line, _text(raw)
        self.windows_lines += is_windows
        if text is None:
            seen = raw[: SHOWN * 4].decode("utf-8", "replace")[:SHOWN]
            fault = "the line is too long" if len(raw) > LONGEST_LINE else "neither UTF-8 nor Windows-1252 text"
            return Record(line, [seen], fault)
        if "\0" in text:
            return Record(line, [text], "a NUL character")
        cells = _cells(text, self.delimiter)
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
            more = None if following is None else _text(following)[0]
            if more is None:
                return None
            text, quotes = f"{text}\n{more}", quotes + more.count('"')
            if quotes % 2 == 0:
                cells = _cells(text, self.delimiter)
                if cells is None or len(cells) != len(self.names):
                    return None
                if any("\n" in cells[place] for place in self._read):
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


def physical_lines(file: Bytes) -> Iterator[bytes]:
    """Physical lines with their ends; of one longer than ``LONGEST_LINE`` no more than shows that it is."""
    rest = b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).splitlines(keepends=True)
        if not rest.endswith((b"\n", b"\r")):
            rest = rest[: LONGEST_LINE + 1]
        yield from whole
    yield from rest.splitlines(keepends=True)


def _text(raw: bytes) -> tuple[str | None, bool]:
    """The line without its end, None when it is too long or no text; and whether it is in Windows-1252."""
    if len(raw) > LONGEST_LINE:
        return None, False
    line = raw.rstrip(b"\r\n")
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    try:
        return line.decode("cp1252"), True
    except UnicodeDecodeError:
        return None, False


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one row, None when its quotes are broken."""
    if '"' not in text:
        return text.split(delimiter) if text else []
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return _escaped(text, delimiter) if '\\"' in text else None


def _escaped(text: str, delimiter: str) -> list[str] | None:
    """The same, of programs that write a backslash before quotes in a cell (MailPoet)."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True, doublequote=False, escapechar="\\"), [])
    except csv.Error:
        return None


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"
