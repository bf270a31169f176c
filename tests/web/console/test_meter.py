"""How far a digest is and how fast it goes, from what the ledger says at two moments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from syndicate.errors import NotFoundError
from syndicate.model import DigestState
from syndicate.store import Store, digests
from syndicate.store.schema import deliveries
from syndicate.web.console.meter import Meter
from tests.store.test_remedies import NOW, PLANNED, keep


def accept(store: Store, digest_id: int, number: int) -> None:
    with store.write() as connection:
        which = deliveries.c.id == digest_id * 100 + number
        connection.execute(update(deliveries).where(which).values(state="accepted", finished_at=NOW))


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_how_far_and_how_fast(store: Store) -> None:
    seconds = [0.0]
    digest_id = keep(store, names=("queued",) * 30)
    meter = Meter(store, lambda: seconds[-1])
    with pytest.raises(NotFoundError):
        Meter(store).of([99])

    [first] = meter.of([digest_id])
    assert (first.done, first.percent, first.outcomes, first.rate, first.pace(PLANNED)) == (0, 0, [], None, "")
    for number in range(20):
        accept(store, digest_id, number)
    seconds.append(0.5)
    assert meter.of([digest_id]) == [first]  # asked half a second ago
    seconds.append(10)
    [second] = meter.of([digest_id])
    assert (second.done, second.percent, second.outcomes) == (20, 66, [("accepted", 20)])
    assert second.pace(PLANNED) == "2.0 a second, under a minute left"
    seconds.append(20)
    [third] = meter.of([digest_id])
    assert third.rate == 1.0
    seconds.append(45)
    [stalled] = meter.of([digest_id])
    assert stalled.rate == 0.0
    assert stalled.pace(PLANNED) == "waiting"
    assert stalled.pace(PLANNED - timedelta(minutes=5)) == "next try in 5 min"


def test_only_what_is_sending_is_listed(store: Store) -> None:
    mine = [keep(store, names=()), keep(store, names=())]
    keep(store, DigestState.SENT, names=())
    meter = Meter(store)
    assert meter.in_state(DigestState.SENDING) == mine
    with store.write() as connection:
        digests.set_state(connection, mine[0], DigestState.PAUSED, now=NOW)
    assert [one.is_open for one in meter.of(mine)] == [True, True]
    assert meter.of(mine)[0].pace(NOW) == ""
