"""What senders note where a round trip is dear: one small row a commit, which is posted to the deliveries in bulk.

A row for each change of each delivery costs PostgreSQL three times as much. Until an entry is posted, the deliveries
in it stand as they stood before, leased to its sender; so whoever takes over from a sender, or decides about what one
holds, posts first (``post``, ``close``). On SQLite nothing is noted: there the deliveries themselves are as quick.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.sql.selectable import CTE

from syndicate.model import DeliveryState, DigestState
from syndicate.store.attempts import HELD, OPEN, Attempt, Begin
from syndicate.store.columns import among
from syndicate.store.held import Held
from syndicate.store.prepared import Prepared
from syndicate.store.schema import attempts, deliveries, digests, journal, senders


class Page(NamedTuple):
    """What a sender may note: that it begins what it has leased of these digests, as long as its epoch is the same."""

    sender_id: int
    epoch: int
    digests: frozenset[int]

    def takes(self, wanted: Iterable[Begin]) -> bool:
        """Whether all of these may begin."""
        return all(one.sender_id == self.sender_id and one.digest_id in self.digests for one in wanted)


def turn(connection: Connection, sender_id: int) -> Page | None:
    """A new page for a sender, with all that it had noted posted; None when it is not known."""
    epoch = connection.execute(select(senders.c.epoch).where(senders.c.id == sender_id)).scalar()
    if epoch is None:
        return None
    post(connection, [sender_id])
    sending = select(digests.c.id).where(digests.c.state == DigestState.SENDING)
    return Page(sender_id, epoch, frozenset(connection.execute(sending).scalars()))


def note(
    held: Held,
    page: Page,
    number: int,
    tries: Sequence[Attempt],
    wanted: Sequence[Begin],
    tell: Callable[[bool, Exception | None], None],
) -> None:
    """Writes one entry: what became of some deliveries, and that others are begun; ``page.takes`` those.

    No two entries of a sender have the same number. ``tell`` hears whether it was noted: not when the sender must
    ``turn`` first, as it is not known any more or somebody decided about what it holds. With a StoreError, which says
    that the database can't be used, it may have been.
    """
    entry = _rows(map(_tried_row, tries)), _rows(map(_wanted_row, wanted))
    values = number, *entry, page.sender_id, page.epoch
    held.ask(_NOTE, values, lambda found, error: tell(bool(found), error))


def post(connection: Connection, sender_ids: Sequence[int] | None = None) -> None:
    """Writes what these senders noted, or all of them, to the deliveries that they still hold; forgets the entries."""
    mine = among(journal.c.sender_id, sender_ids) if sender_ids is not None else true()
    if noting := connection.execute(select(journal.c.sender_id).where(mine).distinct()).scalars().all():
        _POST.carry(connection, [(one,) for one in noting])


def close(connection: Connection, sender_id: int | None = None) -> None:
    """Has a sender, or all of them, note nothing more before it has looked; posts what was noted until now.

    To be called in the transaction after which something else is true of what it holds. Until that ends it waits.
    """
    mine = senders.c.id == sender_id if sender_id is not None else true()
    connection.execute(update(senders).where(mine).values(epoch=senders.c.epoch + 1))
    post(connection, None if sender_id is None else [sender_id])


def _rows(rows: Iterable[dict[str, Any]]) -> str:
    return json.dumps(list(rows), default=str)[1:-1]


def _tried_row(one: Attempt) -> dict[str, Any]:
    return {
        "delivery_id": one.delivery_id,
        "number": one.number,
        "began_at": one.began_at,
        "ended_at": one.ended_at,
        "outcome": one.state.value,
        "code": one.code,
        "relay": one.relay,
        "reply": one.reply,
        "next_at": one.next_at,
        "sender_id": one.sender_id,
    }


def _wanted_row(one: Begin) -> dict[str, Any]:
    return {"wanted_id": one.delivery_id, "sender_id": one.sender_id}


_NOTE = Prepared(
    insert(journal)
    .from_select(
        ["sender_id", "number", "ended", "begun"],
        select(
            senders.c.id,
            bindparam("number", type_=BigInteger),
            bindparam("ended", type_=Text),
            bindparam("begun", type_=Text),
        )
        .where(senders.c.id == bindparam("sender"), senders.c.epoch == bindparam("epoch"))
        .with_for_update(read=True),
    )
    .returning(journal.c.number),
    "number",
    "ended",
    "begun",
    "sender",
    "epoch",
)

_d = deliveries.c
_TRIED = (
    *(Column(one.name, one.type) for one in attempts.c),
    Column("next_at", _d.next_at.type),
    Column("sender_id", _d.sender_id.type),
)
_WANTED = (Column("wanted_id", _d.id.type), Column("sender_id", _d.sender_id.type))


def _listed(name: str, entries: ColumnElement[str], taken: CTE, *columns: Column[Any]) -> CTE:
    """Rows out of JSON; as there is one call for all entries, the planner takes them to be a hundred."""
    joined = func.string_agg(func.nullif(entries, ""), ", ")
    whole = select(cast(literal("[") + func.coalesce(joined, "") + literal("]"), JSON)).select_from(taken)
    rows = func.json_to_recordset(whole.scalar_subquery())
    return select(rows.table_valued(*columns).render_derived(with_types=True)).cte(name)


def _posted() -> Insert:
    """One statement. A delivery is in no more than one attempt here, for nobody leases it again before it is posted."""
    mine = journal.c.sender_id == bindparam("sender")
    taken = delete(journal).where(mine).returning(journal.c.ended, journal.c.begun).cte("taken")
    tried = _listed("tried", taken.c.ended, taken, *_TRIED)
    wanted = _listed("wanted", taken.c.begun, taken, *_WANTED)
    recorded = (
        update(deliveries)
        .where(_d.id == tried.c.delivery_id, _d.sender_id == tried.c.sender_id, HELD)
        .values(
            state=tried.c.outcome,
            attempts=tried.c.number,
            next_at=tried.c.next_at,
            finished_at=case((and_(*(tried.c.outcome != one for one in OPEN)), tried.c.ended_at)),
            reply=case((tried.c.outcome == DeliveryState.ACCEPTED, ""), else_=tried.c.reply),
            sender_id=null(),
        )
        .returning(_d.id)
        .cte("recorded")
    )
    begun = (
        update(deliveries)
        .where(_d.id == wanted.c.wanted_id, _d.sender_id == wanted.c.sender_id, _d.state == "queued")
        .where(wanted.c.wanted_id.not_in(select(tried.c.delivery_id)))
        .values(state="begun")
        .returning(_d.id)
        .cte("under_way")
    )
    lines = select(*(tried.c[one.name] for one in attempts.c)).join(recorded, recorded.c.id == tried.c.delivery_id)
    return insert(attempts).from_select([one.name for one in attempts.c], lines).add_cte(begun)


_POST = Prepared(_posted(), "sender")
