"""The roster: a file of subscribers, compared with the store or read into it; the command line and the demo call it.

It can be run again at any time: what is there already stays as it is. A row can end a subscription, or ban an address,
but never bring back what has ended, and never lifts a ban, unless an operator asks for it and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from syndicate.audience.acting import Comparing, Importing
from syndicate.audience.carry import Carrier
from syndicate.audience.choices import newsletters_of
from syndicate.audience.diff import Diff, Mark, Tally
from syndicate.audience.merge import Merge
from syndicate.audience.reading import Part, Reading, opened, print_of
from syndicate.audience.rejects import Rejects
from syndicate.audience.row import Row, RowReader
from syndicate.audience.sheet import Record
from syndicate.audience.traces import Traces
from syndicate.errors import RosterError, SyndicateError
from syndicate.settings import Newsletter
from syndicate.store import Store, imports

_BATCH = 40_000
"""Rows of one transaction: fewer would write the same pages of the index of addresses again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an operator says of a file.

    ``mapping``: column → field, before what is known of the format. ``newsletters``: of rows that name none.
    ``consent``: how its people agreed; else ``import FILE``. ``revive``: why those come back who left or are banned.
    ``who`` the operator is.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    newsletters: tuple[str, ...] = ()
    consent: str = ""
    revive: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found out of one CSV file. ``columns`` are pairs of its column and what that says, empty for nothing.

    ``windows_lines`` of it are in Windows-1252.
    """

    name: str
    format: str
    encoding: str
    delimiter: str
    columns: tuple[tuple[str, str], ...]
    windows_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is, in bytes, and what has been found so far. ``rejected`` are the finished files of bad rows.

    ``resumed`` are the rows that an import of the same file had dealt with before it was cut off.
    """

    done: int
    size: int
    diff: Diff
    parts: tuple[Known, ...]
    skipped: tuple[str, ...]
    rejected: tuple[Path, ...] = ()
    resumed: int = 0


class Roster:
    """One file, and what is to become of it. ``rejected`` is where bad rows go; of a ZIP file, beside that name.

    ``compare`` and ``carry`` tell how far they are after every batch of rows; whoever stops listening ends them.
    Both raise RosterError when the file can't be read at all, or bad rows can't be written.
    """

    def __init__(
        self,
        store: Store,
        newsletters: Sequence[Newsletter],
        file: Path,
        terms: Terms,
        *,
        traces: Traces,
        rejected: Path,
        now: datetime,
    ) -> None:
        self._store, self._newsletters, self._traces = store, newsletters, traces
        self._file, self._terms, self._rejected, self._now = file, terms, rejected, now
        self._defaults = (
            [one.slug for one in newsletters_of(newsletters, terms.newsletters)] if terms.newsletters else []
        )

    def look(self) -> Progress:
        """What the file is, without reading its rows."""
        with opened(self._file, self._terms.mapping) as reading:
            return _progress(reading, Diff())

    def compare(self) -> Generator[Progress]:
        """What reading it would change. Nothing is changed; bad rows are written all the same."""
        return self._run(self._comparing)

    def carry(self) -> Generator[Progress]:
        """Reads it into the store, one transaction for each batch of rows.

        New subscriptions begin in step with their newsletter. What a row leaves empty stays as it is. When several rows
        have one address, the first decides and the others fill what is missing. An import of the same file under the
        same terms that was cut off is gone on with: all ends as if it had not been.
        """
        return self._run(self._importing)

    def _comparing(self) -> Comparing:
        tally = Tally()
        return Comparing(self._store, self._merge(tally), tally)

    def _importing(self) -> Importing:
        terms, name = self._terms, _shown(self._file)
        carrier = Carrier(consent=terms.consent or f"import {name}", reason=terms.revive, who=terms.who, now=self._now)
        told = [sorted(terms.mapping.items()), terms.newsletters, terms.consent, terms.revive]
        with self._store.write() as connection:
            held = imports.begin(connection, print_of(self._file, told), name=name, who=terms.who, now=self._now)
        tally = Tally(held.counts)
        return Importing(self._store, self._merge(tally), tally, carrier, held)

    def _merge(self, tally: Tally) -> Merge:
        return Merge(self._newsletters, self._traces, tally, revive=bool(self._terms.revive))

    def _run(self, start: Callable[[], Comparing | Importing]) -> Generator[Progress]:
        self._check_rejected()
        with ExitStack() as stack:
            reading = stack.enter_context(opened(self._file, self._terms.mapping))
            for part in reading.parts:
                self._check_newsletters(part)
            act = start()
            tally = act.tally
            kept: list[Path] = []
            for part in reading.parts:
                name = f".{Path(part.name).stem}" if len(reading.parts) > 1 else ""
                rejects = stack.enter_context(Rejects(self._rejected.with_stem(self._rejected.stem + name)))
                rows = self._rows(part, rejects, tally)
                while batch := list(islice(rows, _BATCH)):
                    act.take(batch)
                    yield _progress(reading, tally.diff(), act.resumed)
                if path := rejects.keep():
                    kept.append(path)
            act.finish()
            yield _progress(reading, tally.diff(), act.resumed, tuple(kept))

    def _rows(self, part: Part, rejects: Rejects, tally: Tally) -> Iterator[Row]:
        reader = RowReader(self._newsletters, part.sheet.layout, self._defaults)
        for record in part.sheet:
            try:
                if record.fault:
                    raise SyndicateError(record.fault)
                yield reader.read(record.cells, record.line)
            except RosterError:
                raise
            except SyndicateError as error:
                rejects.add(record, str(error), part.sheet.names)
                tally.add(Mark.BAD, record.line, _first_words(record), str(error))

    def _check_rejected(self) -> None:
        if self._rejected.exists() and self._file.exists() and self._rejected.samefile(self._file):
            told = "rejected rows would be written over it; rename it, or name another file for them"
            raise RosterError(str(self._file), told)

    def _check_newsletters(self, part: Part) -> None:
        if "newsletters" not in part.sheet.layout.places and not self._defaults and len(self._newsletters) > 1:
            slugs = ", ".join(one.slug for one in self._newsletters)
            raise RosterError(part.path, f"does not say what its people get; name a newsletter for them: {slugs}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterResult:
    """What an import did: rows by what became of them, where bad ones are, and what the file was; see ``Progress``."""

    diff: Diff
    rejected: tuple[Path, ...]
    parts: tuple[Known, ...]
    skipped: tuple[str, ...]
    resumed: int


def import_roster(
    store: Store,
    newsletters: Sequence[Newsletter],
    file: Path,
    *,
    traces: Traces,
    rejected: Path,
    now: datetime,
    terms: Terms | None = None,
) -> RosterResult:
    """Reads a whole file into the store at once; see ``Roster``."""
    roster = Roster(store, newsletters, file, terms or Terms(), traces=traces, rejected=rejected, now=now)
    return result_of(roster.carry())


def result_of(run: Iterator[Progress]) -> RosterResult:
    """What is there at the end of it."""
    *_, last = run
    return RosterResult(
        diff=last.diff, rejected=last.rejected, parts=last.parts, skipped=last.skipped, resumed=last.resumed
    )


def _progress(reading: Reading, diff: Diff, resumed: int = 0, rejected: tuple[Path, ...] = ()) -> Progress:
    return Progress(
        done=reading.done,
        size=reading.size,
        diff=diff,
        parts=tuple(map(_known, reading.parts)),
        skipped=reading.skipped,
        rejected=rejected,
        resumed=resumed,
    )


def _known(part: Part) -> Known:
    sheet = part.sheet
    return Known(
        name=part.name,
        format=sheet.layout.format,
        encoding=part.source.encoding,
        delimiter=sheet.delimiter,
        columns=tuple((name, sheet.layout.field_of(place)) for place, name in enumerate(sheet.names)),
        windows_lines=sheet.windows_lines,
    )


def _first_words(record: Record) -> str:
    return next((cell.strip()[:60] for cell in record.cells if cell.strip()), "")


def _shown(file: Path) -> str:
    """The file's name as text that a database takes, whatever bytes it is made of."""
    return file.name.encode("utf-8", "replace").decode()
