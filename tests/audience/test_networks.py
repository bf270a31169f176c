from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.audience.networks import counted, kept


@pytest.mark.parametrize(
    ("ip", "cut", "full", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24", "192.0.2.77", (4, "192.0.2.77/32")),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2:3::4", (6, "2001:db8:1:2::/64")),
        ("::ffff:192.0.2.77", "192.0.2.0/24", "192.0.2.77", (4, "192.0.2.77/32")),
        ("fe80::1%eth0", "fe80::/48", "fe80::1", (6, "fe80::/64")),
    ],
)
def test_what_is_kept_and_counted(ip: str, cut: str, full: str, network: tuple[int, str]) -> None:
    assert (kept(ip, "cut"), kept(ip, "full"), kept(ip, "none")) == (cut, full, None)
    assert counted(ip) == network


@pytest.mark.parametrize("text", [None, "", "testclient", "192.0.2.0/24", "1.2.3.4, 5.6.7.8"])
def test_what_is_no_address_counts_for_nobody(text: str | None) -> None:
    assert kept(text, "full") is None
    assert counted(text) is None


@given(st.ip_addresses())
def test_a_cut_address_says_no_more_than_its_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    cut = kept(str(address), "cut")
    assert cut is not None
    network = ipaddress.ip_network(cut)
    assert network.num_addresses >= 256
    assert network.version != address.version or address in network


@given(st.text(max_size=50))
def test_any_text_is_taken(text: str) -> None:
    assert (kept(text, "full") is None) == (counted(text) is None)
