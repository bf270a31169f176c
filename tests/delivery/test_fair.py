"""A queue that passes over those who may not go now."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.fair import Turns

DOMAINS = st.sampled_from("abc")


def test_first_come_first_served_but_for_who_may_not_go() -> None:
    closed = {"slow"}
    turns: Turns[int] = Turns(lambda domain: domain not in closed)
    for number in range(6):
        turns.put("slow" if number % 2 else "quick", number)
    assert [turns.take() for _ in range(4)] == [0, 2, 4, None]
    assert len(turns) == 3
    closed.clear()
    assert turns.take() is None
    turns.recall("slow")
    assert [turns.take() for _ in range(4)] == [1, 3, 5, None]


def test_what_is_beyond_a_share_is_taken_out_from_the_end() -> None:
    turns: Turns[int] = Turns(lambda _: True)
    for number in range(6):
        turns.put("a" if number % 2 else "b", number)
    assert turns.drain("a", 1) == [3, 5]
    assert turns.drain("a", 1) == []
    assert sorted(filter(None, (turns.take() for _ in range(9)))) == [1, 2, 4]


@given(st.lists(st.tuples(st.sampled_from(["put", "first", "take", "recall", "drain", "close", "open"]), DOMAINS)))
def test_nothing_is_lost_or_made(steps: list[tuple[str, str]]) -> None:
    closed: set[str] = set()
    turns: Turns[tuple[str, int]] = Turns(lambda domain: domain not in closed)
    waiting: set[tuple[str, int]] = set()
    for number, (step, domain) in enumerate(steps):
        if step in ("put", "first"):
            turns.put(domain, (domain, number), first=step == "first")
            waiting.add((domain, number))
        elif step == "take" and (one := turns.take()):
            assert one[0] not in closed
            waiting.remove(one)
        elif step == "recall":
            turns.recall(domain)
        elif step == "drain":
            waiting.difference_update(turns.drain(domain, 1))
        elif step in ("close", "open"):
            (closed.add if step == "close" else closed.discard)(domain)
        assert len(turns) == len(waiting)
        assert set(turns.domains()) == {one[0] for one in waiting}
    closed.clear()
    turns.recall()
    assert {turns.take() for _ in range(len(waiting))} == waiting
