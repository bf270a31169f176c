"""Deletes deliveries and attempts of digests that have been over for long, not their counts. Called by the jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from syndicate.store import Store, settling

_AT_ONCE = 5000
"""Deliveries that one transaction deletes, for others want to write meanwhile."""

log = structlog.get_logger()


def forget(store: Store, keep: timedelta | None, *, now: datetime) -> None:
    """Does so for digests that have been over for longer than ``keep``; nothing without it."""
    if keep is None:
        return
    before = now - keep
    with store.read() as connection:
        whole = settling.due_partitions(connection, before=before)
    for partition in whole:
        with store.write() as connection:
            if settling.drop(connection, partition):
                log.info("deliveries dropped", digests=f"{partition.first} to {partition.end - 1}")
    with store.read() as connection:
        due = settling.due(connection, before=before)
    for digest_id in due:
        deleted = _AT_ONCE
        while deleted == _AT_ONCE:
            with store.write() as connection:
                deleted = settling.settle(connection, digest_id, limit=_AT_ONCE)
        log.info("deliveries deleted", digest=digest_id)
