"""The API, asked with whatever its document allows and with what it does not: schemathesis makes the requests.

``python -m tests.web.api`` asks longer than the test does.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import Pressroom, serve


def explore(directory: Path, examples: int) -> Counter[tuple[str, int]]:
    """Asks each operation so often with what fits, and as often with what does not; returns what was answered.

    :raises AssertionError: for an answer of 5xx, or one that the document does not tell of.
    """
    sources = [{"name": "cms", "kind": "api"}, {"name": "newsroom", "kind": "folder", "path": "articles"}]
    with serve(directory, lambda: NOON, sources=sources, limits={"per_token": "999999/s"}) as room:
        token = _filled(room)
        document = room.client.get("/api/v1/openapi.json").json()
        schema = schemathesis.openapi.from_dict(document)
        schema.config.update(base_url=f"{str(room.client.base_url).rstrip('/')}/api/v1")
        found: Counter[tuple[str, int]] = Counter()
        for result in schema.get_all_operations():
            operation = result.ok() if isinstance(result, Ok) else None
            assert operation, result
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _ask(operation.as_strategy(generation_mode=mode), operation.label, token, examples, found)
        for thread in threading.enumerate():
            if thread.name.startswith("import "):
                thread.join()
        return found


def _filled(room: Pressroom) -> str:
    """Something of most kinds; returns a token that allows all."""
    for number in range(1, 4):
        room.newsroom.add(number)
    room.subscribe(cadence="daily")
    room.newsroom.add(4)
    room.app.digests.compose_now("daily", NOON)
    return Program(room).token


def _ask(cases: Any, label: str, token: str, examples: int, found: Counter[tuple[str, int]]) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=cases)
    def ask(case: Case[Any]) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        found[label, response.status_code] += 1
        # The document can't say all: that an address must be one at which mail arrives, or a cursor one that was given.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    ask()
