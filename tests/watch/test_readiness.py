"""Whether the service can do its work, decided from what is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicate.delivery.paced import Paced
from syndicate.watch.readiness import checks


def paced(name: str, **given: Any) -> Paced:
    usual: dict[str, Any] = dict.fromkeys(("rate", "blocked_until", "resting_until", "sent_today", "first_day"))
    return Paced(**(usual | {"kind": "relay", "name": name, "lowered": False, "words": "no route"} | given))


@pytest.mark.parametrize(
    ("failure", "since", "found", "wrong"),
    [
        ("", 5, [], []),
        ("it is locked", 5, [], ["database"]),
        ("", 61, [], ["clock"]),
        ("", 5, [paced("smtp", is_down=True)], []),
        ("", 5, [paced(one, is_down=True) for one in ("smtp", "backup")], ["relays"]),
        ("", 5, [paced("smtp", is_down=True), paced("gone", is_down=True)], []),
        ("", 5, [paced(one, lowered=True) for one in ("smtp", "backup")], []),
    ],
)
def test_what_is_well(failure: str, since: int, found: list[Paced], wrong: list[str]) -> None:
    told = checks(failure, timedelta(seconds=since), ["smtp", "backup"], found)
    assert [one.name for one in told if not one.is_well] == wrong
