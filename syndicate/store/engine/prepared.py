"""Statements that are compiled once and run often, on the driver's own cursor: only binding and the database cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.elements import CompilerElement

_MANY = 64
"""Rows from which on it is quicker to go by columns."""


class Prepared:
    """A statement. ``names`` are its parameters, in the order in which rows give their values."""

    def __init__(self, statement: CompilerElement, *names: str) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, _Compiled] = {}

    def run(self, batch: Batch, rows: Sequence[Sequence[Any]]) -> int:
        """Runs it for every row; returns how many rows it changed in all."""
        compiled = self._for(batch.dialect)
        batch.cursor.executemany(compiled.text, compiled.bind_all(rows))
        return int(batch.cursor.rowcount)

    def carry(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Runs it for every row over SQLAlchemy's connection, which raises its own errors."""
        compiled = self._for(connection.dialect)
        connection.exec_driver_sql(compiled.text, compiled.bind_all(rows))

    def ask(self, batch: Batch, *values: Any) -> list[Any]:
        """The first column of what it finds."""
        compiled = self._for(batch.dialect)
        batch.cursor.execute(compiled.text, compiled.bind(values))
        return [row[0] for row in batch.cursor.fetchall()]

    def numbered(self, dialect: Dialect, values: Sequence[Any]) -> tuple[bytes, list[bytes]]:
        """The statement with ``$1`` and so on, and the values for them, as PostgreSQL reads them."""
        compiled = self._for(dialect)
        return compiled.numbered, [str(one).encode() for one in compiled.bind(values).values()]

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(dialect, self._statement, self._names)
        return compiled


class Batch:
    """One transaction for prepared statements."""

    __slots__ = ("cursor", "dialect")

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self.cursor, self.dialect = cursor, dialect


class _Compiled:
    """The statement for one database: its text, and how a row becomes what its driver takes."""

    def __init__(self, dialect: Dialect, statement: CompilerElement, names: tuple[str, ...]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names) or None)
        self.text = str(compiled)
        wanted = list(compiled.params) if compiled.positiontup is None else compiled.positiontup
        self._names = None if compiled.positiontup is not None else wanted
        self._constants: tuple[Any, ...] = ()
        self._order: list[int] = []
        self._processes: list[tuple[int, Callable[[Any], Any]]] = []
        for at, name in enumerate(wanted):
            process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            if name not in names:
                constant = compiled.params[name]
                self._order.append(len(names) + len(self._constants))
                self._constants += (process(constant) if process else constant,)
                continue
            self._order.append(names.index(name))
            if process is not None:
                self._processes.append((at, process))

    @cached_property
    def numbered(self) -> bytes:
        """Its text, for parameters that are told apart by their places in ``bind``'s answer."""
        return (self.text % {name: f"${at}" for at, name in enumerate(self._names or (), 1)}).encode()

    def bind_all(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Many rows, column by column; a value that stands in many of them is converted once."""
        if len(rows) < _MANY:
            return [self.bind(row) for row in rows]
        columns = [*zip(*rows, strict=True), *([constant] * len(rows) for constant in self._constants)]
        ordered = [columns[at] for at in self._order]
        for at, process in self._processes:
            known: dict[int, Any] = {id(None): None}
            column = ordered[at]
            ordered[at] = [
                known[id(value)] if id(value) in known else known.setdefault(id(value), process(value))
                for value in column
            ]
        bound = zip(*ordered, strict=True)
        return list(bound) if self._names is None else [dict(zip(self._names, row, strict=True)) for row in bound]

    def bind(self, row: Sequence[Any]) -> Any:
        """One row's values as the driver takes them."""
        given = (*row, *self._constants)
        values = [given[at] for at in self._order]
        for at, process in self._processes:
            if values[at] is not None:
                values[at] = process(values[at])
        return tuple(values) if self._names is None else dict(zip(self._names, values, strict=True))
