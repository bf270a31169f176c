"""Who is a person, who is a machine, and what is counted of either."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicate.audience import engagement as rules
from syndicate.audience.engagement import Settled, Tally, is_machine, objects
from syndicate.errors import StoreError
from syndicate.model import DigestState
from syndicate.store import Store, engaged, engagement
from syndicate.store.engaged import Did, Times
from syndicate.store.engagement import OPENED, Counted
from tests.newsroom import MONDAY
from tests.store.test_remedies import keep

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
SOON = MONDAY + timedelta(seconds=5)


@pytest.mark.parametrize("agent", [PERSON, PHONE, "Thunderbird/140.0", "Microsoft Outlook 16.0"])
def test_people(agent: str) -> None:
    assert not is_machine("GET", {"user-agent": agent})
    assert is_machine("HEAD", {"user-agent": agent})
    assert is_machine("GET", {"user-agent": agent, "sec-purpose": "prefetch;prerender"})
    assert is_machine("GET", {"user-agent": agent, "x-purpose": "preview"})


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
        "Mozilla/5.0 (compatible; Googlebot/2.1)",
        "python-requests/2.32",
        "curl/8.5.0",
        "Slackbot-LinkExpanding 1.0",
        "Mozilla/5.0 HeadlessChrome/120.0",
        "BarracudaCentral link check",
    ],
)
def test_machines(agent: str) -> None:
    assert is_machine("GET", {"user-agent": agent})


def test_who_objects() -> None:
    assert objects({"dnt": "1"})
    assert objects({"sec-gpc": "1"})
    assert not objects({"dnt": "0"})


def test_many_links_at_once_are_followed_by_a_machine() -> None:
    tally = Tally()
    for link in (11, 12, 13):
        tally.click(1, link, client="192.0.2.1", by_machine=False, now=MONDAY)
    for link in (11, 11, 11, 12):
        tally.click(1, link, client="192.0.2.2", by_machine=False, now=MONDAY)
    tally.click(2, 11, client="192.0.2.1", by_machine=False, now=MONDAY)
    tally.click(1, 11, client="192.0.2.3", by_machine=True, now=MONDAY)
    assert tally.settle(MONDAY + timedelta(seconds=1)).counts == {Counted(1, 11, True): 1}
    tally.click(1, 14, client="192.0.2.4", by_machine=False, now=SOON)
    assert tally.settle(SOON).counts == {
        Counted(1, 11, True): 1,
        Counted(1, 12, True): 1,
        Counted(1, 13, True): 1,
        Counted(1, 11, False): 3,
        Counted(1, 12, False): 1,
        Counted(2, 11, False): 1,
    }
    assert tally.settle(None).counts == {Counted(1, 14, False): 1}
    assert tally.settle(None) == Settled()


def test_readers_are_known_where_they_are_told_and_no_machine_is_one() -> None:
    tally = Tally()
    for link in (11, 12, 13):
        tally.click(1, link, client="192.0.2.1", by_machine=False, now=MONDAY, reader=7)
    for now in (MONDAY, SOON):
        tally.click(1, 11, client="192.0.2.2", by_machine=False, now=now, reader=8)
        tally.open(1, by_machine=False, now=now, reader=8)
    tally.click(1, 11, client="192.0.2.3", by_machine=True, now=MONDAY, reader=9)
    tally.open(1, by_machine=True, now=MONDAY, reader=9)
    tally.click(1, 11, client="192.0.2.4", by_machine=False, now=MONDAY)
    tally.open(1, by_machine=False, now=MONDAY)
    twice = Times(2, MONDAY, SOON)
    assert tally.settle(None).readers == {Did(1, 8, True): twice, Did(1, 8, False): twice}


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_MOST", 3)
    tally = Tally()
    for digest in range(9):
        tally.click(1, 11, client=str(digest), by_machine=False, now=MONDAY)
        tally.open(digest, by_machine=False, now=MONDAY, reader=digest)
    found = tally.settle(None)
    assert (found.counts.total(), len(found.readers)) == (6, 3)


def test_counts_add_up_in_the_database_and_wait_while_it_is_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = keep(store, DigestState.SENT, names=("accepted",))
    tally = Tally()

    def away(*_: object) -> None:
        raise StoreError("the database", "is away")

    for failing in (False, True, False):
        tally.open(digest, by_machine=failing, now=MONDAY)
        tally.click(digest, 11, client="192.0.2.1", by_machine=False, now=MONDAY, reader=digest * 100)
        with monkeypatch.context() as patched:
            if failing:
                patched.setattr(engagement, "add", away)
                with pytest.raises(StoreError):
                    tally.flush(store, None)
            else:
                tally.flush(store, None)
    with store.read() as connection:
        assert engagement.of_digest(connection, digest) == {
            Counted(digest, OPENED, False): 2,
            Counted(digest, OPENED, True): 1,
            Counted(digest, 11, False): 3,
        }
        assert engagement.of_digest(connection, digest + 1) == {}
        [[one]] = engaged.of_readers(connection, digest, [digest * 100]).values()
        assert one[1:] == (digest, digest * 100, True, 3, MONDAY, MONDAY)
