"""Which addresses may be visited: those of everybody, and no others."""

from __future__ import annotations

import pytest

from shared.adapters.public_hosts import is_loopback, is_public


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "13.234.0.1", "2606:4700:4700::1111", "2a05:d014::1"])
def test_a_global_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "::",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "fc00::1",
        "fd12:3456::1",
        "169.254.1.1",
        "fe80::1",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "2001:db8::1",
        "224.0.0.1",
        "239.255.255.250",
        "ff02::1",
        "ff0e::1",
        "240.0.0.1",
        "255.255.255.255",
        "fec0::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::",
        "2001:0:7f00:1::1",
        "not an address",
        "",
        "0x7f.1",
        "2130706433",
    ],
)
def test_any_other_address_is_not(address: str) -> None:
    assert not is_public(address)


def test_loopback_is_this_machine() -> None:
    addresses = ("127.0.0.1", "127.8.9.1", "::1", "10.0.0.1", "8.8.8.8", "localhost", "")

    assert [address for address in addresses if is_loopback(address)] == ["127.0.0.1", "127.8.9.1", "::1"]
