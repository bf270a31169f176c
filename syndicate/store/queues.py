"""Jobs that wait for workers, in PostgreSQL. procrastinate's tables and functions, in a schema of their own.

A job is deferred in the transaction that writes the rows that it is about: both are there, or neither.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

SCHEMA = "procrastinate"

_TURN = 0x53594E44_0001
"""The advisory lock of whoever builds the tables."""

_APPLIED = "CREATE TABLE IF NOT EXISTS procrastinate.applied (name text PRIMARY KEY)"
_OWN_PATH = """
DO $$
DECLARE found regprocedure;
BEGIN
    FOR found IN SELECT oid FROM pg_proc WHERE pronamespace = 'procrastinate'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = procrastinate, pg_temp', found);
    END LOOP;
END $$
"""
"""So that they find their tables whoever calls them, and triggers do whoever writes."""

_DEFER = text("""
SELECT procrastinate.procrastinate_defer_jobs_v1(array_agg(
    ROW(queue, task, priority, lock, queueing_lock, args, NULL)::procrastinate.procrastinate_job_to_defer_v1))
FROM jsonb_to_recordset(CAST(:jobs AS jsonb))
    AS job (queue text, task text, priority int, lock text, queueing_lock text, args jsonb)
WHERE queueing_lock IS NULL OR NOT EXISTS (
    SELECT FROM procrastinate.procrastinate_jobs AS other
    WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo')
HAVING count(*) > 0
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a worker is to do. ``args`` are ids only.

    Of those with the same ``queueing_lock`` one at most waits; of those with the same ``lock`` one at a time runs.
    """

    queue: str
    task: str
    args: dict[str, int | str] = field(default_factory=dict)
    priority: int = 0
    lock: str | None = None
    queueing_lock: str | None = None


def build(connection: Connection) -> None:
    """Makes the tables, or brings them to the version of procrastinate that is installed; to be committed by itself.

    Only what older programs can live with is done to tables that are there.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    missing = _missing(connection)
    if not missing:
        return
    is_new = not _is_there(connection)
    if is_new:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}, pg_temp"))
    connection.execute(text(_APPLIED))
    folder = resources.files("procrastinate.sql")
    scripts = [folder / "schema.sql"] if is_new else [folder / "migrations" / name for name in missing]
    driver: Any = connection.connection.driver_connection
    for script in scripts:
        driver.execute(script.read_text("utf-8"))
    connection.execute(text(_OWN_PATH))
    connection.execute(text("INSERT INTO procrastinate.applied VALUES (:name)"), [{"name": name} for name in missing])


def is_built(connection: Connection) -> bool:
    """Whether the tables are there, as the installed procrastinate needs them."""
    return not _missing(connection)


def defer(connection: Connection, jobs: Sequence[Job]) -> None:
    """Has workers do these once the transaction is committed; leaves out what waits already."""
    free = [asdict(job) for job in jobs if job.queueing_lock is None]
    if free:
        connection.execute(_DEFER, {"jobs": json.dumps(free)})
    for job in jobs:
        if job.queueing_lock is not None:
            try:
                with connection.begin_nested():
                    connection.execute(_DEFER, {"jobs": json.dumps([asdict(job)])})
            except IntegrityError:  # another transaction did, at the same moment
                continue


def neglected(connection: Connection, *, seconds: float) -> int:
    """How many jobs have waited for so long, when no worker is there that takes any."""
    query = text("""
    SELECT count(*) FROM procrastinate.procrastinate_jobs AS job
    WHERE job.status = 'todo' AND NOT EXISTS (
        SELECT FROM procrastinate.procrastinate_workers
        WHERE last_heartbeat > now() - make_interval(secs => :seconds))
    AND EXISTS (
        SELECT FROM procrastinate.procrastinate_events
        WHERE job_id = job.id AND type = 'deferred' AND at < now() - make_interval(secs => :seconds))
    """)
    return int(connection.execute(query, {"seconds": seconds}).scalar_one())


def _is_there(connection: Connection) -> bool:
    found = connection.execute(text("SELECT to_regclass('procrastinate.applied') IS NOT NULL"))
    return bool(found.scalar_one())


def _missing(connection: Connection) -> list[str]:
    """The scripts that are to be run, in their order.

    "Post" scripts take away what the release before needs; so they come with the release after.
    """
    folder = resources.files("procrastinate.sql") / "migrations"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    if not _is_there(connection):
        return names
    applied = set(connection.execute(text("SELECT name FROM procrastinate.applied")).scalars())
    newest = _release(names[-1])
    return [one for one in names if one not in applied and ("_post_" not in one or _release(one) < newest)]


def _release(script: str) -> str:
    return script.partition("_")[0]
