"""What the DNS has of a sender's domain, judged."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.preflight.deliverability.domain import judge, known
from syndicate.preflight.finding import Verdict
from tests.preflight.deliverability.zone import Records, look_of

FINE, WARNS, BLOCKS, OPEN = Verdict.FINE, Verdict.WARNS, Verdict.BLOCKS, Verdict.UNCHECKED
KEY = "v=DKIM1; k=rsa; p=abc/+1"
OWN, POLICY, SELECTED = ("lake.org", "TXT"), ("_dmarc.lake.org", "TXT"), ("s1._domainkey.lake.org", "TXT")
MX, AT = ("lake.org", "MX"), ("lake.org", "A")
GOOD: Records = {
    OWN: ["v=spf1 ip4:8.8.8.0/24 -all", "verification=1"],
    MX: ["5 mx.lake.org"],
    SELECTED: [KEY],
    POLICY: ["v=DMARC1; p=none; rua=mailto:x@lake.org"],
}


def judged(records: Records, wanted: dict[str, str] | None = None) -> dict[str, tuple[Verdict, str]]:
    keys = {"s1": KEY} if wanted is None else wanted
    found = judge(asyncio.run(known("lake.org", [*keys], look_of(records))), keys)
    return {one.check.code: (one.verdict, one.said) for one in found}


def test_a_good_domain_is_fine() -> None:
    assert {code: verdict for code, (verdict, _) in judged(GOOD).items()} == dict.fromkeys(
        ("spf", "dkim", "dmarc", "mx"), FINE
    )
    assert judged(GOOD, {})["dkim"][0] is OPEN


@pytest.mark.parametrize(
    ("at", "texts", "code", "verdict", "said"),
    [
        (OWN, ["V=SPF1 mx ~all"], "spf", FINE, "(1 of 10 look-ups)"),
        (OWN, ["v=spf1 redirect=_spf.lake.org"], "spf", BLOCKS, "which has no record"),
        (OWN, ["v=spf1 mx", "v=spf1 a"], "spf", BLOCKS, "there are 2"),
        (OWN, ["v=spf1 +ALL"], "spf", BLOCKS, "everyone"),
        (OWN, ["v=spf1 mx"], "spf", WARNS, "all other servers"),
        (OWN, ["v=spf1 mx ?all"], "spf", WARNS, "all other servers"),
        (OWN, ["v=spf1 ptr -all"], "spf", WARNS, "ptr"),
        (OWN, ["v=spf1 hello -all"], "spf", BLOCKS, "'hello' is no mechanism"),
        (OWN, ["v=spf10 -all", "spf2.0/pra -all"], "spf", BLOCKS, "none"),
        (OWN, [], "spf", BLOCKS, "none"),
        (OWN, None, "spf", OPEN, "no name server"),
        (SELECTED, ["k=rsa; p = ab c/ +1 ;"], "dkim", FINE, ""),
        (SELECTED, ["v=DKIM1; p="], "dkim", BLOCKS, "taken back"),
        (SELECTED, ["v=DKIM1; p=other"], "dkim", BLOCKS, "another key"),
        (SELECTED, [KEY, KEY], "dkim", BLOCKS, "2 records"),
        (SELECTED, ["v=DKIM1"], "dkim", BLOCKS, "no key"),
        (SELECTED, [f"{KEY}; t=s:y"], "dkim", WARNS, "a test"),
        (SELECTED, None, "dkim", OPEN, "no name server"),
        (POLICY, ["v=DMARC1;p=Reject; sp=none"], "dmarc", FINE, "p=reject at lake.org; without rua="),
        (POLICY, ["v=DMARC1; p=reject; t=y; pct=5"], "dmarc", FINE, "to do quarantine; t=y: a test"),
        (POLICY, ["v=DMARC1"], "dmarc", FINE, "p=none"),
        (POLICY, ["v=DMARC1; p=maybe"], "dmarc", WARNS, "counts as none"),
        (POLICY, ["v=DMARC1; p=none", "v=DMARC1; p=none"], "dmarc", BLOCKS, "several"),
        (POLICY, ["v=DMARC12; p=none"], "dmarc", BLOCKS, "none"),
        (POLICY, None, "dmarc", OPEN, "no name server"),
        (MX, ["0 ."], "mx", BLOCKS, "takes no mail"),
        (MX, [], "mx", BLOCKS, "no mail can be sent"),
        (MX, None, "mx", OPEN, "no name server"),
    ],
)
def test_records(at: tuple[str, str], texts: list[str] | None, code: str, verdict: Verdict, said: str) -> None:
    found = judged({**GOOD, at: texts})[code]
    assert found[0] is verdict, found
    assert said in found[1]


def test_without_mx_mail_goes_to_the_domain_itself() -> None:
    assert judged({**GOOD, MX: [], AT: ["8.8.8.8"]})["mx"][0] is WARNS


@settings(max_examples=30)
@given(st.lists(st.text(max_size=60), max_size=3))
def test_whatever_stands_there_is_judged(texts: list[str]) -> None:
    found = judged({OWN: texts, POLICY: texts, SELECTED: texts, MX: texts})
    assert set(found) == {"spf", "dkim", "dmarc", "mx"}
