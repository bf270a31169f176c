"""What is kept of published files."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.web.shelf import Shelf

ROOM = 100
MOVES = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 120)), max_size=40)


@given(moves=MOVES)
@settings(deadline=None, max_examples=100)
def test_a_shelf_holds_what_was_asked_for_last_and_no_more_than_there_is_room_for(
    moves: list[tuple[str, int]],
) -> None:
    shelf, order = Shelf[tuple[str, int]](ROOM), list[tuple[str, int]]()
    for key, size in moves:
        if size % 7 == 0 and (found := shelf.get(key)):
            order.remove(found)
            order.append(found)
        if size % 5 == 0:
            shelf.drop(key)
            order = [one for one in order if one[0] != key]
        shelf.put(key, (key, size), size)
        order = [one for one in order if one[0] != key] + [(key, size)] * (size <= ROOM)
        while sum(one[1] for one in order) > ROOM:
            order.pop(0)
        kept = [found for one in "abcdef" if (found := shelf.get(one))]
        for one in order:
            shelf.get(one[0])
        assert sorted(kept) == sorted(order)
