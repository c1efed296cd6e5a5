"""Only servers that the operator has named may be visited."""

from __future__ import annotations

import pytest

from shared.domain.tools.allowed_hosts import AllowedHosts

HOSTS = AllowedHosts.of(" Office.example , *.partner.example, api.example:8443 ,")


@pytest.mark.parametrize(
    "url",
    [
        "https://office.example/bills",
        "https://OFFICE.example:443/bills",
        "https://a.partner.example/",
        "https://a.b.partner.example/",
        "https://api.example:8443/",
    ],
)
def test_what_is_named_may_be_visited(url: str) -> None:
    assert HOSTS.problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "https://partner.example/",
        "https://evilpartner.example/",
        "https://office.example.evil.example/",
        "https://office.example:8443/",
        "https://api.example/",
        "http://office.example/",
        "http://api.example:8443/",
        "https://office.example@evil.example/",
        "ftp://office.example/",
        "file:///etc/passwd",
        "//office.example/",
        "",
    ],
)
def test_nothing_else_may(url: str) -> None:
    assert HOSTS.problem(url) is not None


def test_without_names_there_is_nothing_to_visit() -> None:
    assert AllowedHosts.of("").problem("https://office.example/") is not None


def test_a_server_on_this_machine_is_for_development_only_and_named_in_full() -> None:
    in_development = AllowedHosts.of("127.0.0.1:9000,*.local.example", may_be_local=True)
    in_production = AllowedHosts.of("127.0.0.1:9000")

    assert in_development.problem("http://127.0.0.1:9000/x") is None
    assert in_development.trusts("http://127.0.0.1:9000/x")
    assert in_development.problem("http://127.0.0.1:9001/x") is not None
    assert in_development.problem("http://a.local.example/x") is not None
    assert not in_development.trusts("https://a.local.example/x")
    assert in_production.problem("http://127.0.0.1:9000/x") is not None
    assert not in_production.trusts("https://127.0.0.1:9000/x")
