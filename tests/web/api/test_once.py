"""A request with a key is done once, also when two come at the same time, and when one was cut off."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from syndicate.errors import ConflictError
from syndicate.store import repeats
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import serve

KEY = {"Idempotency-Key": "k"}
BAN = {"email": "ana@reader.example", "reason": "asked"}


def test_two_at_once_do_it_once_and_who_was_cut_off_does_not_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        program = Program(room)
        reached, go_on = threading.Event(), threading.Event()
        found: list[int] = []

        def slowly(_: str) -> str:
            reached.set()
            assert go_on.wait(20)
            raise ConflictError("banned already")

        with monkeypatch.context() as patch:
            patch.setattr("syndicate.web.api.suppressions.normalise", slowly)
            first = threading.Thread(
                target=lambda: found.append(program.post("/suppressions", BAN, **KEY).status_code), name="first"
            )
            first.start()
            assert reached.wait(20)
            second = program.post("/suppressions", BAN, **KEY)
            go_on.set()
            first.join()
        assert found == [409]
        assert (second.status_code, "began at 2026-03-02T12:00:00" in second.json()["detail"]) == (409, True)
        assert program.post("/suppressions", BAN, **KEY).status_code == 201, "what failed frees its key"
        again = program.post("/suppressions", BAN, **KEY)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        with room.app.store.write() as connection:
            kept = repeats.take(connection, "token importer", "k", "", now=NOON)
            assert kept
            repeats.take(connection, "token importer", "cut", kept.body_hash, now=NOON)
        for key, status in (("cut", 409), ("x" * 201, 422)):
            assert program.post("/suppressions", BAN, **{"Idempotency-Key": key}).status_code == status
