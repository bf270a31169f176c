"""What is due next, and what there is for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from syndicate.digest.upcoming import upcoming
from tests.newsroom import newsroom


def test_each_cadence_has_its_next_slot_with_what_is_new_for_it(tmp_path: Path) -> None:
    with newsroom(tmp_path, timezone="Europe/Belgrade", tags=("harbour",)) as room:
        room.reader("ana@example.org")
        room.reader("bo@example.org")
        room.reader("cy@example.org", "weekly")
        room.article("Ferry returns", "Harbour")
        room.compose()
        room.article("Fog", "harbour")
        room.article("Budget")
        with room.app.store.read() as connection:
            found = upcoming(room.app.settings, connection, room.clock())
        assert [(one.cadence, one.due_at, one.articles, one.readers) for one in found] == [
            ("daily", datetime(2026, 3, 3, 6, tzinfo=UTC), 1, 2),
            ("weekly", datetime(2026, 3, 9, 6, tzinfo=UTC), 1, 1),
            ("instant", None, 1, 0),
        ]
