"""What the DNS says of senders' domains, judged."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.delivery.dkim import SelectedKey, Signer
from syndicate.delivery.dkim_keys import new_ed25519_key
from syndicate.delivery.senders import Senders, Verdict, dkim, dmarc, spf
from tests.newsroom import MONDAY

OK, WRONG, UNKNOWN = Verdict.OK, Verdict.WRONG, Verdict.UNKNOWN
KEY = "v=DKIM1; k=rsa; p=abc/+1"


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("v=spf1 include:relay.example -all", "google-site-verification=1"), OK),
        (("V=SPF1 mx ~all",), OK),
        (("v=spf1 mx", "v=spf1 a"), WRONG),
        (("v=spf1 mx all",), WRONG),
        (("v=spf1 +ALL",), WRONG),
        (("v=spf10 -all", "spf2.0/pra -all"), WRONG),
        ((), WRONG),
        (None, UNKNOWN),
    ],
)
def test_spf(texts: tuple[str, ...] | None, verdict: Verdict) -> None:
    assert spf("lake.org", texts).verdict is verdict


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        ((KEY,), OK),
        (("k=rsa; p = ab c/ +1 ;",), OK),
        (("v=DKIM1; p=",), WRONG),
        (("v=DKIM1; p=other",), WRONG),
        ((KEY, KEY), WRONG),
        (("v=DKIM1",), WRONG),
        ((), WRONG),
        (None, UNKNOWN),
    ],
)
def test_dkim(texts: tuple[str, ...] | None, verdict: Verdict) -> None:
    assert dkim("lake.org", "s1", KEY, texts).verdict is verdict


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [
        (("v=DMARC1; p=none; rua=mailto:x@lake.org",), OK),
        (("v=DMARC1;p=Reject",), OK),
        (("v=DMARC1",), WRONG),
        (("v=DMARC1; p=maybe",), WRONG),
        (("v=DMARC1; p=none", "v=DMARC1; p=none"), WRONG),
        (("v=DMARC12; p=none",), WRONG),
        ((), WRONG),
        (None, UNKNOWN),
    ],
)
def test_dmarc(texts: tuple[str, ...] | None, verdict: Verdict) -> None:
    assert dmarc("lake.org", texts).verdict is verdict


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=3).map(tuple))
def test_whatever_stands_there_is_judged(texts: tuple[str, ...]) -> None:
    for found in (spf("d", texts), dkim("d", "s", KEY, texts), dmarc("d", texts)):
        assert found.verdict in (OK, WRONG)


def test_all_domains_are_looked_at_and_a_policy_may_stand_above() -> None:
    key = new_ed25519_key()
    signer = Signer([SelectedKey("s1", key)])
    zone = {
        "news.lake.org": ("v=spf1 mx -all",),
        "_dmarc.lake.org": ("v=DMARC1; p=quarantine",),
        "s1._domainkey.news.lake.org": (key.record(),),
    }
    asked = []

    async def look(name: str) -> tuple[str, ...] | None:
        asked.append(name)
        return None if name.endswith("quiet.org") else zone.get(name, ())

    senders = Senders(["News.lake.org", "quiet.org", "lake.example", "example.com", "x.test"], signer.records)
    asyncio.run(senders.look(MONDAY, look))
    assert {(one.domain, one.record): one.verdict for one in senders.findings} == {
        ("news.lake.org", "SPF"): OK,
        ("news.lake.org", "DKIM s1"): OK,
        ("news.lake.org", "DMARC"): OK,
        ("quiet.org", "SPF"): UNKNOWN,
        ("quiet.org", "DKIM s1"): UNKNOWN,
        ("quiet.org", "DMARC"): UNKNOWN,
    }
    assert "_dmarc.org" not in asked
    assert senders.looked_at == MONDAY
