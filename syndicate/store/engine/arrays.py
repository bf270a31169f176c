"""Many values in one text, as PostgreSQL writes the inside of an array (§8.15.2), and rows made of such columns again.

Written in a fraction of the time that JSON takes, and read in half of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CTE, ColumnClause, ColumnElement, Double, TableValuedAlias, cast, func, literal, select

from syndicate.store.engine.columns import microseconds

_STROKE, _QUOTE = "\\", '"'


def numbers(values: Iterable[int | None]) -> str:
    """Whole numbers, or nothing in the place of one."""
    return ",".join(["NULL" if one is None else str(one) for one in values])


def instants(moments: Iterable[datetime]) -> str:
    """Microseconds since 1970, which ``instant`` reads."""
    return ",".join([str(microseconds(one)) for one in moments])


def words(values: Iterable[str]) -> str:
    """Any texts that PostgreSQL can keep."""
    return ",".join([f'"{one.replace(_STROKE, _STROKE * 2).replace(_QUOTE, _STROKE + _QUOTE)}"' for one in values])


def rows_of(taken: CTE, *columns: ColumnClause[Any]) -> TableValuedAlias:
    """A row for each value: ``columns`` of all rows of ``taken``, one behind the other, side by side."""
    return func.unnest(*(_array(taken, one) for one in columns)).table_valued(*columns).render_derived()


def instant(since_1970: ColumnElement[int]) -> ColumnElement[datetime]:
    """What ``instants`` wrote; a double tells microseconds apart until the year 2106."""
    return func.to_timestamp(cast(since_1970, Double) / literal(1e6, Double))


def _array(taken: CTE, column: ColumnClause[Any]) -> ColumnElement[Any]:
    joined = func.string_agg(func.nullif(taken.c[column.name], ""), ",")
    inside = select(literal("{") + func.coalesce(joined, "") + literal("}")).select_from(taken).scalar_subquery()
    return cast(inside, ARRAY(column.type))
