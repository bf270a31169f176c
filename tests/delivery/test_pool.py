"""A pace that several processes share: together they keep to it, and all know what one of them learnt."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.delivery.borrowed import Borrowed, settle
from syndicate.delivery.pace import Pace
from syndicate.delivery.pool import PacePool
from syndicate.settings import Rate, WarmUp
from syndicate.store import Store, paces
from tests.newsroom import Clock

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
DAY = 86400


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def whole(*rates: Rate) -> Pace:
    return Pace(rates, None, NOW, stock=0.1)


def go(one: Borrowed, now: datetime, at_most: int) -> int:
    """How many it sends at that instant."""
    count = 0
    while count < at_most and one.wait(now) <= 0:
        one.take(now)
        count += 1
    return count


def step(shared: Pace, one: Borrowed, now: datetime, processes: int = 1) -> None:
    """It settles, as the pool has it done."""
    ask = one.ask(now)
    if not ask.is_empty:
        one.hear(settle(shared, ask, now, processes), now)


@settings(max_examples=30)
@given(st.integers(1, 400), st.randoms(use_true_random=False))
def test_no_ten_seconds_have_more_than_was_set_and_two_hundredths(rate: int, chance: Random) -> None:
    shared, sent = whole(Rate(rate, 1)), list[tuple[float, int]]()
    five = [Borrowed((Rate(rate, 1),), None, NOW) for _ in range(5)]
    now = 0.0
    for _ in range(300):
        who, wanted = chance.randrange(5), chance.randrange(90)
        now += chance.uniform(0.001, 0.1)
        sent.append((now, go(five[who], at(now), wanted)))
        step(shared, five[who], at(now))
        sent.append((now, go(five[who], at(now), wanted)))
    for first, _ in sent[::7]:
        assert sum(count for when, count in sent if first <= when < first + 10) <= rate * 10 * 1.02 + 5 + 1


@settings(max_examples=30)
@given(st.integers(20, 400), st.integers(1, 8), st.integers(0, 7))
def test_all_of_it_is_used_by_any_number_also_when_one_dies(rate: int, count: int, dies: int) -> None:
    shared, sent = whole(Rate(rate, 1)), 0
    several = [Borrowed((Rate(rate, 1),), None, NOW) for _ in range(count)]
    for turn in range(200):
        if turn == 40 and count > 1:
            del several[dies % count]
        for one in several:
            sent += go(one, at(turn * 0.05), 1000)
            step(shared, one, at(turn * 0.05))
            sent += go(one, at(turn * 0.05), 1000)
    assert rate * 10 * 0.98 - 1 <= sent <= rate * 10 * 1.02 + 1


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 70)), max_size=60))
def test_what_is_not_sent_of_a_days_quota_goes_back(turns: list[tuple[int, int]]) -> None:
    shared, sent = whole(Rate(500, DAY)), 0
    four = [Borrowed((Rate(500, DAY),), None, NOW) for _ in range(4)]
    for number, (who, wanted) in enumerate(turns):
        sent += go(four[who], at(number), wanted)
        step(shared, four[who], at(number))
    for one in four:
        one.hear(settle(shared, one.leave(), at(60), 4), at(60))
    left = 0
    while shared.wait(at(60)) <= 0:
        shared.take(at(60))
        left += 1
    assert sent + left == 500


def test_a_warm_up_counts_what_all_send() -> None:
    shared = Pace((), WarmUp(70, 1000), NOW, stock=0.1)
    pair = [Borrowed((), WarmUp(70, 1000), NOW) for _ in range(2)]
    sent = 0
    for number in range(20):
        go(pair[number % 2], at(number), 1)
        step(shared, pair[number % 2], at(number))
        sent += go(pair[number % 2], at(number), 1000)
    assert sent == 70
    assert pair[0].wait(at(20)) > 3600


def test_several_processes_on_one_database(postgresql_url: str) -> None:
    """Their pools settle at the same time, each on connections of its own."""
    clock, rate = Clock(NOW), (Rate(200, 1),)
    stores = [Store(postgresql_url) for _ in range(4)]
    pools = [PacePool(store, clock, lambda _: clock()) for store in stores]
    mine = [pool.pace("relay", "smtp", rate, None, NOW) for pool in pools]

    async def work() -> int:
        sent = 0
        for _ in range(40):
            sent += sum(go(one, clock(), 1000) for one in mine if isinstance(one, Borrowed))
            await asyncio.gather(*(pool.step() for pool in pools))
            clock.pass_by(seconds=0.05)
        return sent

    assert 200 * 2 * 0.97 <= asyncio.run(work()) <= 200 * 2 * 1.03 + 20

    async def learn() -> None:
        first = pools[0].pace("domain", "far.example", (), None, clock())
        heard: list[str] = []
        pools[1].learnt = lambda row: heard.append(row.name)
        first.block(clock(), "550 5.7.1 go away")
        pools[0].tell("relay", "smtp", {"resting_until": None, "shaken_at": None, "error": "no route"})
        await pools[0].step()
        pools[1]._heard_at = 0
        await pools[1].step()
        assert heard == ["far.example"]
        mine[1].lower(clock(), 200 / 4, "421 too fast")
        await pools[1].step()
        pools[2]._heard_at = 0
        await pools[2].step()

    asyncio.run(learn())
    with stores[3].read() as connection:
        domain, relay = paces.read(connection)
    assert (domain.name, domain.facts["blocks"], relay.facts["error"]) == ("far.example", 1, "no route")
    assert mine[2].rate == relay.facts["bucket"][0] == 25
    pools[2].knew(relay)
    pools[2].tell("relay", "smtp", {"resting_until": None, "shaken_at": None, "error": ""})
    asyncio.run(pools[2].step())
    with stores[3].read() as connection:
        assert paces.read(connection)[1].facts["error"] == ""
    with stores[3].write() as connection:
        paces.forget(connection, "relay", "smtp")
    pools[2]._heard_at = 0
    asyncio.run(pools[2].step())
    assert mine[2].rate == 200
    for store in stores:
        store.close()
