"""Tickets: jobs for workers to send so many deliveries of one digest and one class of domains. The rows stay the truth.

A ticket names none of them. It is written when deliveries fall due, and whoever runs it claims that many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from syndicate.store import leases, queues
from syndicate.store.providers import provider
from syndicate.store.queues import Job
from syndicate.store.schema import QUEUED, deliveries, subscribers, subscriptions

SIZE = 1000
"""Deliveries."""

TASK = "send_batch"
QUEUE = "send"

_AHEAD = 50_000
"""So many of a digest's deliveries get their tickets at a time; the next when half of them are done."""

_SMALL = 10_000
"""A digest with fewer is sent before what is left of larger ones."""

_WAITING = text("""
SELECT (args ->> 'digest')::bigint, args ->> 'provider', sum((args ->> 'size')::bigint)
FROM procrastinate.procrastinate_jobs WHERE task_name = 'send_batch' AND status = 'todo' GROUP BY 1, 2
""")


def top_up(connection: Connection, *, due: datetime, digest_id: int | None = None) -> int:
    """Writes the tickets that are missing for what is due and nobody's, of one digest or of all; returns how many."""
    waiting: dict[int, Counter[str]] = {}
    for digest, name, size in connection.execute(_WAITING):
        waiting.setdefault(digest, Counter())[name] += int(size)
    chosen = [one for one in leases.sending(connection) if digest_id in (None, one)]
    jobs = [
        job
        for one in chosen
        if waiting.get(one, Counter()).total() < _AHEAD // 2
        for job in _missing(connection, one, waiting.get(one, Counter()), due)
    ]
    queues.defer(connection, jobs)
    return len(jobs)


def _missing(connection: Connection, digest_id: int, waiting: Counter[str], due: datetime) -> Iterator[Job]:
    due_now = _due(connection, digest_id, due)
    priority = 1 if due_now.total() < _SMALL else 0
    for name, count in sorted(due_now.items()):
        left = count - waiting[name]
        while left > 0:
            size = min(SIZE, left)
            args: dict[str, int | str] = {"digest": digest_id, "provider": name, "size": size}
            yield Job(queue=QUEUE, task=TASK, args=args, priority=priority)
            left -= size


def _due(connection: Connection, digest_id: int, due: datetime) -> Counter[str]:
    """How many of the first that are due each provider has."""
    d = deliveries.c
    first = (
        select(d.subscription_id)
        .where(QUEUED, d.digest_id == digest_id, d.next_at <= due, d.sender_id.is_(None))
        .order_by(d.next_at, d.id)
        .limit(_AHEAD)
        .subquery()
    )
    name = provider(subscribers.c.domain).label("provider")
    query = (
        select(name, func.count())
        .select_from(first)
        .join(subscriptions, subscriptions.c.id == first.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .group_by(name)
    )
    return Counter({str(found): int(count) for found, count in connection.execute(query)})
