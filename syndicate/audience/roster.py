"""The roster: a file of subscribers, read into the store. `syndicate subscribers import` and the demo call it.

It can be run again at any time: what is there already stays as it is. A row can end a subscription, but never bring
back one that has ended, and never lifts a ban: only the reader, or an operator who asks for it by name, can.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from syndicate.audience.merge import Merge
from syndicate.audience.rejects import Rejects
from syndicate.audience.row import COLUMNS, Row, RowReader
from syndicate.audience.sheet import Sheet
from syndicate.audience.traces import Traces
from syndicate.errors import RosterError, SyndicateError
from syndicate.settings import Newsletter
from syndicate.store import Store

_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterResult:
    """What an import did, in rows: each is one of ``added``, ``changed``, ``unchanged``, ``merged``, ``rejected``.

    ``merged`` stand for an address that an earlier row of the file had. Besides, ``suppressed`` rows have an address
    that is banned from mail, and ``kept_out`` rows one that unsubscribed from what they name, or was erased: neither is
    mailed.
    ``rejected_file`` holds the rejected rows, None without any; ``ignored`` are the columns that mean nothing here.
    """

    added: int
    changed: int
    unchanged: int
    merged: int
    rejected: int
    suppressed: int
    kept_out: int
    rejected_file: Path | None
    ignored: tuple[str, ...]


def import_roster(
    store: Store,
    newsletters: Sequence[Newsletter],
    file: Path,
    *,
    traces: Traces,
    rejected: Path,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> RosterResult:
    """Reads a CSV file of subscribers into the store, some thousand rows a transaction; bad rows go to ``rejected``.

    New subscriptions are active, with consent "import FILE", and begin in step with their newsletter. What a row
    leaves empty stays as it is. When several rows have one address, the first decides and the others fill what is
    missing. ``progress`` is told the bytes read so far and in all.

    :raises RosterError: when the file can't be read at all, or ``rejected`` can't be written.
    """
    if rejected.exists() and file.exists() and rejected.samefile(file):
        raise RosterError(str(file), "rejected rows would be written over it; rename it, or name another file for them")
    with _opened(file) as source, Rejects(rejected) as rejects:
        sheet = Sheet(source, str(file), known=COLUMNS, needed=COLUMNS[0])
        size = os.fstat(source.fileno()).st_size
        merge = Merge(newsletters, traces, consent=f"import {_shown(file)}", now=now)
        rows = _good(sheet, RowReader(newsletters, sheet.places), rejects)
        while batch := list(islice(rows, _BATCH)):
            with store.write() as connection:
                merge.apply(connection, batch)
            if progress:
                progress(source.tell(), size)
        if progress:
            progress(size, size)
        tally = merge.tally
        return RosterResult(
            added=tally["added"],
            changed=tally["changed"],
            unchanged=tally["unchanged"],
            merged=tally["merged"],
            rejected=rejects.count,
            suppressed=tally["suppressed"],
            kept_out=tally["kept_out"],
            rejected_file=rejects.keep(),
            ignored=sheet.ignored,
        )


def _good(sheet: Sheet, reader: RowReader, rejects: Rejects) -> Iterator[Row]:
    for record in sheet:
        if record.fault:
            rejects.add(record, record.fault, sheet.names)
            continue
        try:
            yield reader.read(record.cells)
        except RosterError:
            raise
        except SyndicateError as error:
            rejects.add(record, str(error), sheet.names)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise RosterError(str(file), f"can't be read ({error.strerror}); check its name and permissions") from error
    with source:
        yield source


def _shown(file: Path) -> str:
    """The file's name as text that a database takes, whatever bytes it is made of."""
    return file.name.encode("utf-8", "replace").decode()
