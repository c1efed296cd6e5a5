"""What counts as one sender."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.source_address import UNKNOWN_SOURCE, source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:40312", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_source_is_what_one_sender_has_to_itself(address: str, source: str) -> None:
    assert source_of(address) == source


@pytest.mark.parametrize("text", ["", "localhost", "203.0.113", "203.0.113.9, ", "1" * 100_000, "[::1", "\x00"])
def test_text_that_is_no_address_is_one_source_whatever_it_says(text: str) -> None:
    assert source_of(text) == UNKNOWN_SOURCE


@given(st.text(max_size=80))
def test_any_text_has_a_short_source(text: str) -> None:
    assert 0 < len(source_of(text)) <= 43


@given(st.integers(1, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_an_address_of_the_same_network_is_no_new_source(network: int, host: int, other_host: int) -> None:
    one, another = (IPv6Address(network << 64 | part) for part in (host, other_host))

    assert source_of(str(one)) == source_of(str(another))


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_a_source_of_its_own(address: IPv4Address) -> None:
    assert source_of(str(address)) == str(address)
