"""Where a database is in a move. The mark stands among its facts; ``engine`` asks for it when it opens one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from syndicate.store.schema import facts

NAME = "move"
"""The fact's name; it is no part of what is brought over."""


class Stage(StrEnum):
    """How far it is."""

    LEAVING = "leaving"
    LEFT = "left"
    ARRIVING = "arriving"


@dataclass(frozen=True, slots=True)
class Done:
    """How much of a table is there: so many rows, the sum of their hashes, and the key of the last one."""

    rows: int = 0
    sum: int = 0
    after: tuple[Any, ...] | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """``token`` is the same on both sides; ``other`` is the other one's address, without its password."""

    stage: Stage
    token: str
    other: str
    tables: Mapping[str, Done] = field(default_factory=dict)

    @property
    def refusal(self) -> str:
        """Why nothing is to be done with such a database."""
        match self.stage:
            case Stage.LEAVING:
                return f"it is moving to {self.other}; end that with `syndicate store copy`, or give it up there"
            case Stage.LEFT:
                return f"it moved to {self.other}; put that into store.url"
            case Stage.ARRIVING:
                return f"not all of {self.other} is here yet; run `syndicate store copy` again"


def read(connection: Connection, *, locked: bool = False) -> Mark | None:
    """The mark, None when the database is in no move; ``locked`` keeps others from changing it."""
    query = select(facts.c.value).where(facts.c.name == NAME)
    found = connection.execute(query.with_for_update() if locked else query).scalar()
    if found is None:
        return None
    told = json.loads(found)
    tables = {
        name: Done(**one | {"after": one["after"] and tuple(one["after"])}) for name, one in told["tables"].items()
    }
    return Mark(Stage(told["stage"]), told["token"], told["other"], tables)


def write(connection: Connection, mark: Mark) -> None:
    """Sets it."""
    value = json.dumps(asdict(mark))
    changed = connection.execute(update(facts).where(facts.c.name == NAME).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(facts), {"name": NAME, "value": value})


def wipe(connection: Connection) -> None:
    """Takes it off."""
    connection.execute(delete(facts).where(facts.c.name == NAME))
