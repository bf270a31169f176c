"""What is wrong, decided from what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.delivery.paced import Paced
from syndicate.model import Digest, DigestState, Equation, MailboxStatus, Returns, SourceState, SourceStatus
from syndicate.preflight.deliverability.checks import SPF
from syndicate.preflight.finding import Finding, Section, Verdict
from syndicate.settings import Alerts
from syndicate.watch import alarms
from syndicate.watch.alarms import Kind
from tests.newsroom import MONDAY

DIGEST = Digest(
    id=7,
    newsletter="brief",
    cadence="daily",
    slot="s",
    due_at=MONDAY,
    state=DigestState.SENT,
    subject="The ferry",
    upto=1,
    composed_at=MONDAY,
)


@pytest.mark.parametrize(
    ("accepted", "rejected", "came", "expected"),
    [
        (1000, 10, Returns(hard=5, soft=5), []),
        (1000, 10, Returns(hard=10, soft=5), [(Kind.BOUNCES, "7")]),
        (1000, 0, Returns(late=900), []),
        (1000, 0, Returns(complaints=1), []),
        (1000, 0, Returns(complaints=2), [(Kind.COMPLAINTS, "7")]),
        (150, 49, Returns(complaints=20), []),
    ],
)
def test_too_much_comes_back(accepted: int, rejected: int, came: Returns, expected: list[tuple[Kind, str]]) -> None:
    sent = alarms.Sent(DIGEST, Equation(accepted=accepted, rejected=rejected), came)
    assert [one[:2] for one in alarms.of_returns([sent], Alerts())] == expected


def test_domains_that_refuse_us_and_relays_that_are_down() -> None:
    quiet = Paced(
        kind="domain",
        name="calm.example",
        rate=None,
        lowered=True,
        blocked_until=None,
        resting_until=None,
        sent_today=None,
        first_day=None,
        words="slower",
    )
    known = [
        quiet,
        replace(quiet, name="gmail.com", blocked_until=MONDAY, words="550 5.7.1 blocked"),
        replace(quiet, kind="relay", name="second", is_down=True, words="refused"),
        replace(quiet, kind="relay", name="taken away", is_down=True),
    ]
    found = [(one.kind, one.about, one.said) for one in alarms.of_paces(known, ["second"])]
    assert found == [(Kind.DOMAIN, "gmail.com", "550 5.7.1 blocked"), (Kind.RELAY, "second", "refused")]


def test_sources_that_are_dead() -> None:
    yesterday = MONDAY - timedelta(hours=24)
    known = [
        SourceStatus(name="fails", failures=9, succeeded_at=yesterday, error="404"),
        SourceStatus(name="failed-lately", failures=9, succeeded_at=yesterday + timedelta(seconds=1)),
        SourceStatus(name="rests", succeeded_at=yesterday),
        SourceStatus(name="never", failures=3, first_picked_up_at=yesterday),
        SourceStatus(name="gone", state=SourceState.RETIRED, succeeded_at=MONDAY),
    ]
    found = [one.about for one in alarms.of_sources(known, Alerts(), MONDAY)]
    assert found == ["fails", "never", "gone"]


def test_the_disk_the_mailbox_and_the_senders() -> None:
    assert [one.said for one in alarms.of_disk(400_000_000, Alerts())] == ["400 MB are left, less than 1,000 MB"]
    assert [*alarms.of_disk(None, Alerts()), *alarms.of_disk(0, Alerts(disk=0))] == []
    assert [one.kind for one in alarms.of_mailbox(MailboxStatus(name="x", error="refused"))] == [Kind.MAILBOX]
    assert [*alarms.of_mailbox(None), *alarms.of_mailbox(MailboxStatus(name="x"))] == []
    found = Section("lake.example", tuple(Finding(SPF, verdict, "none") for verdict in Verdict))
    assert [one.about for one in alarms.of_senders([found])] == ["SPF of lake.example"]


def test_each_kind_has_a_title_and_a_page_that_is_there() -> None:
    page = (Path(__file__).parents[2] / "templates/console/health/health.html").read_text("utf-8")
    for kind in Kind:
        assert alarms.title_of(kind, "7")
        path, _, part = alarms.path_of(kind, "7").partition("#")
        assert path == "/console/digests/7" or f'id="{part}"' in page
