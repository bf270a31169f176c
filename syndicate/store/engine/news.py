"""That something was sent or a digest changed, told to all processes that use the database; as PostgreSQL does it.

On SQLite nobody is told: there one process does it all, and whoever looks asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Connection, func, select

_CHANNEL: Final = "syndicate_news"
_SHORTEST_S, _LONGEST_S = 0.25, 5.0
"""Between two tries while the database is away."""

log = structlog.get_logger()


def tell(connection: Connection) -> None:
    """To be called in the transaction that changes something; with its commit everybody hears (NOTIFY)."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_CHANNEL, "")))


async def hear(address: str, heard: Callable[[], None]) -> None:
    """Calls ``heard`` whenever something changed, until it is cancelled (LISTEN).

    ``address`` is the store's. Nothing is heard while the database is away, nor through a pool that gives connections
    out by the transaction; so who waits for news looks by itself now and then, too.
    """
    from psycopg import AsyncConnection, Error

    pause = _SHORTEST_S
    while True:
        try:
            async with await AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {_CHANNEL}")
                pause = _SHORTEST_S
                heard()
                async for _ in connection.notifies():
                    heard()
        except Error as error:
            log.debug("nothing is heard from the database for now", reason=str(error))
        await asyncio.sleep(pause)
        pause = min(_LONGEST_S, 2 * pause)
