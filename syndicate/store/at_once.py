"""A whole step of the ledger as one statement, for a database that is a round trip away and takes arrays.

Says the same as ``attempts`` says row by row, in a third of the time. Called by ``steps``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Text, bindparam, func, insert, null, select, update
from sqlalchemy.sql.selectable import TableValuedAlias

from syndicate.model import DeliveryState
from syndicate.store.attempts import HELD, Attempt, Begin, finished_at
from syndicate.store.prepared import Batch, Prepared
from syndicate.store.schema import attempts, deliveries, digests

_d = deliveries.c


def write(batch: Batch, sender_id: int, tries: Sequence[Attempt], wanted: Sequence[Begin]) -> set[int]:
    """Records attempts with what became of their deliveries, and begins others; returns which.

    All of it touches only what the sender still holds, and begins only what belongs to digests that are being sent.
    """
    ended = list(zip(*map(_row, tries), strict=True)) if tries else [()] * len(_TRIED)
    begin = list(zip(*wanted, strict=True)) if wanted else [()] * len(Begin._fields)
    return set(_WRITE.ask(batch, sender_id, *map(list, ended), *map(list, begin)))


def _row(one: Attempt) -> tuple[Any, ...]:
    said = "" if one.state is DeliveryState.ACCEPTED else one.reply
    return (
        one.delivery_id,
        one.number,
        one.began_at,
        one.ended_at,
        one.state.value,
        one.code,
        one.relay,
        one.reply,
        one.next_at,
        finished_at(one),
        said,
    )


def _given(*columns: Column[Any]) -> TableValuedAlias:
    arrays = (bindparam(f"all_{column.name}", type_=ARRAY(column.type)) for column in columns)
    return func.unnest(*arrays).table_valued(*columns).render_derived()


_TRIED = (
    *(Column(one.name, one.type) for one in attempts.c),
    Column("next_at", _d.next_at.type),
    Column("finished_at", _d.finished_at.type),
    Column("said", Text),
)
_WANTED = (Column("wanted_id", _d.id.type), Column("digest_id", _d.digest_id.type))
_tried, _wanted = _given(*_TRIED), _given(*_WANTED)
_MINE = _d.sender_id == bindparam("sender", type_=_d.sender_id.type)
_recorded = (
    update(deliveries)
    .where(_d.id == _tried.c.delivery_id, _MINE, HELD)
    .values(
        state=_tried.c.outcome,
        attempts=_tried.c.number,
        next_at=_tried.c.next_at,
        finished_at=_tried.c.finished_at,
        reply=_tried.c.said,
        sender_id=null(),
    )
    .returning(_d.id)
    .cte("recorded")
)
_written = (
    insert(attempts)
    .from_select(
        [one.name for one in attempts.c],
        select(*(_tried.c[one.name] for one in attempts.c)).join(_recorded, _recorded.c.id == _tried.c.delivery_id),
    )
    .cte("written")
)
_begun = (
    update(deliveries)
    .where(_d.id == _wanted.c.wanted_id, _MINE, _d.state == "queued")
    .where(_wanted.c.digest_id.in_(select(digests.c.id).where(digests.c.state == "sending")))
    .values(state="begun")
    .returning(_d.id)
    .cte("begun")
)
_WRITE = Prepared(
    select(_begun.c.id).add_cte(_written), "sender", *(f"all_{column.name}" for column in (*_TRIED, *_WANTED))
)
