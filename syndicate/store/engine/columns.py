"""What columns are made of and asked: ids, instants, states, searched texts, many values at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, Dialect, Integer, TypeDecorator, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware instant. Naive ones are refused on the way in; UTC comes out.

    SQLite, which knows no instants, keeps microseconds since 1970: a third of the room of words, and of the work.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database keeps."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuses what has no zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return microseconds(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """Gives back UTC."""
        if value is None:
            return None
        return _EPOCH + timedelta(microseconds=value) if isinstance(value, int) else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer(), "sqlite")


def one_of(column: str, states: type[Any]) -> CheckConstraint:
    """The database refuses a state that there is not."""
    allowed = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


class _Like(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()


@compiles(_Like)
def _ilike(element: _Like, compiler: SQLCompiler, **kw: Any) -> str:
    column, pattern = (compiler.process(one, **kw) for one in element.clauses)
    return f"{column} ILIKE {pattern} ESCAPE '/'"


@compiles(_Like, "sqlite")
def _like(element: _Like, compiler: SQLCompiler, **kw: Any) -> str:
    """SQLite's own takes no notice of case, where letters are ASCII; folding both sides first takes thrice as long."""
    return _ilike(element, compiler, **kw).replace(" ILIKE ", " LIKE ", 1)


def holds(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """Whether a text holds those words anywhere, whatever the case of their letters."""
    escaped = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return _Like(column, literal(f"%{escaped}%"))


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()


@compiles(_Among)
def _among(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = element.clauses
    kind = column.type.compile(dialect=compiler.dialect)
    said, given = compiler.process(column, **kw), compiler.process(values, **kw)
    return f"{said} IN (SELECT CAST(json_array_elements_text(CAST({given} AS JSON)) AS {kind}))"


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    said, given = (compiler.process(one, **kw) for one in element.clauses)
    return f"{said} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - compiled parts


def among(column: ColumnElement[Any], values: Sequence[str] | Sequence[int]) -> ColumnElement[bool]:
    """Whether it is one of those, which may be thousands: they are one parameter, and read in the index's order."""
    return _Among(column, literal(json.dumps(sorted(values))))
