"""Every error of the API is a problem that a program can read, and gives nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicate.desk.tokens import Scope
from syndicate.errors import BusyError, StoreError
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import serve


def test_errors_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        program = Program(room)
        weak = Program(room, Scope.ARTICLES_WRITE, name="weak")
        for answer, status in (
            (program.get("/nothing"), 404),
            (program.get("/digests/"), 404),
            (program.get("/digests/%0Ax"), 404),
            (program.ask("DELETE", "/digests"), 405),
            (room.client.get("/api/v1/digests"), 401),
            (room.client.get("/api/v1/digests", headers={"Authorization": "Bearer syndicate_x"}), 401),
            (weak.get("/digests"), 403),
            (program.get("/digests?state=zzz"), 422),
        ):
            found = answer.json()
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
            assert (found["type"], found["status"], bool(found["title"])) == ("about:blank", status, True)
            assert found["detail"], status
            assert "pydantic" not in answer.text
            assert "zzz" not in answer.text, "what was sent is not repeated"
            assert answer.headers["cache-control"] == "no-store"
        assert program.ask("DELETE", "/digests").headers["allow"] == "GET, POST"
        assert room.client.get("/api/v1/digests").headers["www-authenticate"] == "Bearer"

        for error, status, words in (
            (StoreError("sqlite:////secret/place.db", "is gone"), 503, "can't be used"),
            (BusyError("sqlite:////secret/place.db", "locked"), 503, "another program is writing"),
            (RuntimeError("in the inside"), 500, "it is our fault"),
        ):

            def broken(*_: object, error: Exception = error, **__: object) -> None:
                raise error

            monkeypatch.setattr("syndicate.store.digests.latest", broken)
            answer = program.get("/digests")
            assert (answer.status_code, words in answer.json()["detail"]) == (status, True)
            assert "secret" not in answer.text
            assert "inside" not in answer.text
