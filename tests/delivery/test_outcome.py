"""What an answer means: RFC 5321 codes, back-off, and doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.outcome import FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT, Broken, Reply, outcome, wait
from syndicate.model import DeliveryState

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "resend", "state"),
    [
        (Reply("content", 250, "ok"), True, DeliveryState.ACCEPTED),
        (Reply("RCPT", 550, "no"), True, DeliveryState.REJECTED),
        (Reply("content", 552, "too big"), False, DeliveryState.REJECTED),
        (Reply("content", 451, "later"), False, DeliveryState.QUEUED),
        (Reply("content", 421, "bye"), False, DeliveryState.QUEUED),
        (Reply("content", 530, "who are you"), True, DeliveryState.QUEUED),
        (Broken("gone"), True, DeliveryState.QUEUED),
        (Broken("gone"), False, DeliveryState.UNCERTAIN),
    ],
)
def test_answers(answer: Reply | Broken, resend: bool, state: DeliveryState) -> None:
    became = outcome(answer, attempts=0, planned_at=NOW, now=NOW, chance=0.5, resend=resend)
    assert became.state is state


def test_two_days_are_enough() -> None:
    late = NOW + GIVE_UP_AFTER - timedelta(seconds=10)
    became = outcome(Reply("RCPT", 450, "later"), attempts=9, planned_at=NOW, now=late, chance=0.9, resend=True)
    assert became.state is DeliveryState.EXPIRED


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_are_bounded(attempts: int, chance: float) -> None:
    assert FIRST_WAIT / 2 <= wait(attempts, chance) <= LONGEST_WAIT
    assert wait(attempts, chance) <= wait(attempts + 1, chance)


@pytest.mark.parametrize(
    ("reply", "is_about_us"),
    [
        (Reply("MAIL", 550, ""), True),
        (Reply("MAIL", 451, ""), True),
        (Reply("RCPT", 550, ""), False),
        (Reply("RCPT", 530, ""), True),
        (Reply("RCPT", 421, ""), True),
        (Reply("content", 554, ""), False),
    ],
)
def test_whom_a_refusal_is_about(reply: Reply, is_about_us: bool) -> None:
    assert reply.is_about_us is is_about_us
