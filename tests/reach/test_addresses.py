"""Which addresses may be connected to: never one that is not public, however it is written or named."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ReachError
from syndicate.reach.addresses import addresses_of, is_public, without_userinfo


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "198.18.0.1", "192.0.2.1"),
        *("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fec0::1", "::ffff:169.254.169.254", "::ffff:0:7f00:1"),
    ],
)
def test_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909"])
def test_address_that_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
@settings(max_examples=50)
def test_wrapping_in_ipv6_hides_nothing(inner: ipaddress.IPv4Address) -> None:
    for wrapped in (
        f"::ffff:{inner}",
        f"64:ff9b::{inner}",
        str(ipaddress.IPv6Address((0x2002 << 112) | int(inner) << 80)),
    ):
        assert is_public(wrapped) == is_public(str(inner)), wrapped


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """What a name with those addresses may be connected to."""

    def answer(host: str, port: int | None, **_: Any) -> list[Any]:
        assert host == "callback.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asyncio.run(addresses_of("callback.example", 443, allow_private=False, permitted_by="[x] y"))


def test_a_name_with_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolved(monkeypatch, "9.9.9.9", "9.9.9.9", "2620:fe::fe") == ["9.9.9.9", "2620:fe::fe"]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "fe80::1%1", "::ffff:10.0.0.1"])
def test_a_name_with_one_address_that_is_not(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(ReachError, match=r"which is not public; `\[x\] y` permits it") as raised:
        resolved(monkeypatch, "9.9.9.9", address)
    assert "s3cret" not in str(raised.value)


def test_user_name_and_password_are_not_shown() -> None:
    assert without_userinfo("http://me:s3cret@x.example/a?b") == "http://x.example/a?b"
    assert without_userinfo("http://[") == "the address"
