"""What an answer means: RFC 5321 codes, back-off, and doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.outcome import FIRST_WAIT, LONGEST_WAIT, Broken, Reply, Verdict, outcome, wait
from syndicate.model import DeliveryState

TWO_DAYS = timedelta(days=2)
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
    became = outcome(answer, attempts=0, planned_at=NOW, give_up_after=TWO_DAYS, now=NOW, chance=0.5, resend=resend)
    assert became.state is state


def test_two_days_are_enough() -> None:
    late = NOW + TWO_DAYS - timedelta(seconds=10)
    became = outcome(
        Reply("RCPT", 450, "later"),
        attempts=9,
        planned_at=NOW,
        give_up_after=TWO_DAYS,
        now=late,
        chance=0.9,
        resend=True,
    )
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


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("250 2.0.0 Ok", Verdict.ACCEPTED),
        ("550 5.1.1 no such user", Verdict.GONE),
        ("550 5.1.10 null MX", Verdict.GONE),
        ("550 5.2.1 mailbox disabled", Verdict.GONE),
        ("550 no such user", Verdict.REJECTED),
        ("552 5.2.2 mailbox full", Verdict.REJECTED),
        ("451 4.7.1 greylisted, come back in 300 s", Verdict.LATER),
        ("450 4.2.2 mailbox full", Verdict.LATER),
        ("421 4.7.28 unusual rate of unsolicited mail", Verdict.BLOCKED),
        ("550 5.7.26 unauthenticated mail is not accepted", Verdict.BLOCKED),
        ("550 5.7.606 access denied, banned sending IP", Verdict.BLOCKED),
        ("550 5.7.1 blocked", Verdict.UNWELCOME),
        ("550 5.7.133 sender not authenticated for group", Verdict.REJECTED),
        ("452 4.5.3 too many recipients", Verdict.TOO_FAST),
        ("421 4.7.0 try again later", Verdict.TOO_FAST),
        ("451 Rate limit exceeded", Verdict.TOO_FAST),
        ("454 Throttling failure: Maximum sending rate exceeded", Verdict.TOO_FAST),
    ],
)
def test_verdicts(said: str, verdict: Verdict) -> None:
    code, _, text = said.partition(" ")
    assert Reply("RCPT", int(code), text).verdict is verdict


def test_a_block_is_no_readers_fault_until_it_is_said_twice_for_what_may_be_theirs() -> None:
    def became(text: str, attempts: int) -> DeliveryState:
        answer = Reply("RCPT", 550, text)
        return outcome(
            answer, attempts=attempts, planned_at=NOW, give_up_after=TWO_DAYS, now=NOW, chance=0.5, resend=True
        ).state

    assert became("5.7.26 not authenticated", 0) is DeliveryState.QUEUED
    assert became("5.7.26 not authenticated", 5) is DeliveryState.QUEUED
    assert became("5.7.1 no", 0) is DeliveryState.QUEUED
    assert became("5.7.1 no", 1) is DeliveryState.REJECTED
