"""SPF, with the cases of RFC 7208 and its limits."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.preflight.deliverability.spf import Result, evaluate, records, terms
from tests.preflight.deliverability.zone import Records, look_of

PASS, FAIL, SOFT, NEUTRAL, NONE = Result.PASS, Result.FAIL, Result.SOFTFAIL, Result.NEUTRAL, Result.NONE
WRONG, LATER = Result.PERMERROR, Result.TEMPERROR

ZONE: Records = {
    ("lake.org", "A"): ["192.0.2.10"],
    ("lake.org", "AAAA"): ["2001:db8::10"],
    ("lake.org", "MX"): ["5 mx.lake.org", "9 mx2.lake.org"],
    ("mx.lake.org", "A"): ["192.0.2.129"],
    ("esp.net", "TXT"): ["v=spf1 ip4:198.51.100.0/24 ~all"],
    ("bare.net", "TXT"): ["something else"],
    ("many.net", "TXT"): [f"v=spf1 {' '.join(f'include:i{at}.net' for at in range(11))} -all"],
    **{(f"i{at}.net", "TXT"): ["v=spf1 -all"] for at in range(11)},
    ("loop.net", "TXT"): ["v=spf1 include:loop.net -all"],
    ("void.net", "TXT"): ["v=spf1 a:x.net a:y.net a:z.net -all"],
    ("late.net", "TXT"): None,
    ("192.0.2.3", "PTR"): ["host.lake.org", "other.org"],
    ("host.lake.org", "A"): ["192.0.2.3"],
    ("3.2.0.192.in-addr.lake.org", "A"): ["127.0.0.2"],
    ("news.lake.org.check.org", "A"): ["127.0.0.2"],
}


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 +all", "192.0.2.1", PASS),
        ("v=spf1 -all", "192.0.2.1", FAIL),
        ("v=spf1 ~all", "192.0.2.1", SOFT),
        ("v=spf1 ?all", "192.0.2.1", NEUTRAL),
        ("v=spf1", "192.0.2.1", NEUTRAL),
        ("v=spf1 a -all", "192.0.2.10", PASS),
        ("v=spf1 a -all", "2001:db8::10", PASS),
        ("v=spf1 a -all", "192.0.2.11", FAIL),
        ("v=spf1 a/28 -all", "192.0.2.11", PASS),
        ("v=spf1 a//64 -all", "2001:db8::99", PASS),
        ("v=spf1 a:lake.org/28//64 -all", "192.0.2.15", PASS),
        ("v=spf1 mx -all", "192.0.2.129", PASS),
        ("v=spf1 mx/25 -all", "192.0.2.200", PASS),
        ("v=spf1 ip4:192.0.2.0/30 -all", "192.0.2.3", PASS),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::5", PASS),
        ("v=spf1 ip4:nonsense -all", "192.0.2.3", WRONG),
        ("v=spf1 include:esp.net -all", "198.51.100.7", PASS),
        ("v=spf1 include:esp.net -all", "192.0.2.7", FAIL),
        ("v=spf1 include:bare.net -all", "192.0.2.7", WRONG),
        ("v=spf1 include:late.net -all", "192.0.2.7", LATER),
        ("v=spf1 redirect=esp.net", "198.51.100.7", PASS),
        ("v=spf1 redirect=esp.net", "192.0.2.7", SOFT),
        ("v=spf1 ?all redirect=esp.net", "198.51.100.7", NEUTRAL),
        ("v=spf1 redirect=bare.net", "192.0.2.7", WRONG),
        ("v=spf1 include:many.net -all", "192.0.2.7", WRONG),
        ("v=spf1 include:loop.net -all", "192.0.2.7", WRONG),
        ("v=spf1 include:void.net -all", "192.0.2.7", WRONG),
        ("v=spf1 ptr -all", "192.0.2.3", PASS),
        ("v=spf1 ptr:other.org -all", "192.0.2.3", FAIL),
        ("v=spf1 exists:%{ir}.%{v}.%{d2} -all", "192.0.2.3", PASS),
        ("v=spf1 exists:%{l}.%{o}.check.org -all", "192.0.2.3", PASS),
        ("v=spf1 exists:%{x}.org -all", "192.0.2.3", WRONG),
        ("v=spf1 unknown:a -all", "192.0.2.3", WRONG),
        ("v=spf1 all:x", "192.0.2.3", WRONG),
        ("v=spf1 include -all", "192.0.2.3", WRONG),
        ("v=spf1 redirect=a redirect=b", "192.0.2.3", WRONG),
        ("v=spf1 made-up=x -all", "192.0.2.3", FAIL),
        ("v=spf10 -all", "192.0.2.3", NONE),
    ],
)
def test_results(record: str, address: str, result: Result) -> None:
    look = look_of({**ZONE, ("lake.org", "TXT"): [record, "verification=1"]})
    found = asyncio.run(evaluate("lake.org", address, "news@lake.org", look))
    assert found.result is result, found.reason
    assert found.lookups <= 11


def test_two_records_count_as_none_and_silence_is_no_result() -> None:
    two = asyncio.run(evaluate("a.org", "192.0.2.1", "x@a.org", look_of({("a.org", "TXT"): ["v=spf1 a", "V=SPF1 b"]})))
    assert (two.result, two.reason) == (WRONG, "a.org has 2 records")
    assert asyncio.run(evaluate("late.net", "192.0.2.1", "x@late.net", look_of(ZONE))).result is LATER
    many = asyncio.run(evaluate("many.net", "192.0.2.1", "x@many.net", look_of(ZONE)))
    assert "more than 10 look-ups; include:i10.net is the first" in many.reason


_WORD = st.sampled_from(
    ["a", "mx", "include:", "redirect=", "%{", "%{d", "}", "ip4:", "//", "/99", " ", "~", "exp=", "ptr"]
)


@settings(max_examples=60)
@given(st.lists(_WORD | st.text(max_size=5), max_size=14).map("".join))
def test_whatever_stands_there_ends_in_a_result(said: str) -> None:
    record = f"v=spf1 {said}"
    terms(record)
    records([said, record])
    found = asyncio.run(
        evaluate("lake.org", "192.0.2.1", "news@lake.org", look_of({**ZONE, ("lake.org", "TXT"): [record]}))
    )
    assert found.result in Result
