"""Sources: how their last pick-ups went."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from syndicate.model import SourceState, SourceStatus
from syndicate.store.schema import sources

_NAMES = [f.name for f in fields(SourceStatus)]
_COLUMNS = [sources.c[name] for name in _NAMES]
_ONE = select(*_COLUMNS).where(sources.c.name == bindparam("which"))
_CHANGE = (
    update(sources)
    .where(sources.c.name == bindparam("which"))
    .values({name: bindparam(name) for name in _NAMES if name != "name"})
)


def status(connection: Connection, name: str) -> SourceStatus:
    """What is known of that source; a blank one when it was never looked at."""
    row = connection.execute(_ONE, {"which": name}).one_or_none()
    return SourceStatus(name=name) if row is None else _status(row)


def every(connection: Connection) -> dict[str, SourceStatus]:
    """What is known of each source that was ever looked at, by its name."""
    return {row.name: _status(row) for row in connection.execute(select(*_COLUMNS))}


def save(connection: Connection, status: SourceStatus) -> None:
    """Writes what is known of a source."""
    values = {name: getattr(status, name) for name in _NAMES}
    if not connection.execute(_CHANGE, {"which": status.name, **values}).rowcount:
        connection.execute(insert(sources), values)


def _status(row: Row[Any]) -> SourceStatus:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping
    return SourceStatus(**(values | {"state": SourceState(values["state"])}))
