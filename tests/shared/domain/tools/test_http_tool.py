"""A tool's address with its arguments filled in leads nowhere but where the operator meant."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tools.http_tool import HttpMethod, HttpTool, problem_of_url, request_of
from shared.errors import InvalidContent

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def a_tool(url: str = "https://office.example/bills/{number}?lang={lang}", **given: Any) -> HttpTool:
    names = ["number", "lang"]
    parameters = {"type": "object", "properties": {name: {} for name in names}, "required": names}
    values: dict[str, Any] = {"method": HttpMethod.GET, "parameters": parameters}
    return HttpTool(id="look_up", description="Looks up.", url=url, **{**values, **given})


def test_placeholders_are_filled_and_the_rest_of_a_get_is_its_query() -> None:
    request = request_of(a_tool(), {"number": "INV/1 2", "lang": "hi", "tags": ["a", "b"], "all": True, "none": None})

    assert request.url == "https://office.example/bills/INV%2F1%202?lang=hi&tags=a&tags=b&all=true"
    assert request.body is None


def test_the_rest_of_any_other_method_is_its_body() -> None:
    request = request_of(a_tool(method=HttpMethod.POST), {"number": 7, "lang": "hi", "notes": {"a": [1]}})

    assert request.url == "https://office.example/bills/7?lang=hi"
    assert request.body == {"notes": {"a": [1]}}


def test_words_of_any_script_are_percent_encoded() -> None:
    assert request_of(a_tool(), {"number": "बिल", "lang": "😀"}).url.isascii()


@pytest.mark.parametrize("value", ["", ".", "..", None, ["a"], {"a": 1}])
def test_what_would_lead_to_another_folder_is_refused(value: Any) -> None:
    with pytest.raises(InvalidContent):
        request_of(a_tool(), {"number": value, "lang": "en"})


def test_arguments_that_are_too_long_for_an_address_are_refused() -> None:
    with pytest.raises(InvalidContent):
        request_of(a_tool(), {"number": "x", "lang": "x" * 9000})


@given(number=JSON_VALUES, lang=JSON_VALUES, rest=st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=3))
def test_no_argument_changes_host_folder_or_the_meaning_of_the_query(number: Any, lang: Any, rest: Any) -> None:
    arguments = {**rest, "number": number, "lang": lang}
    try:
        request = request_of(a_tool(), arguments)
    except InvalidContent:
        return

    # As the client reads it that sends the request.
    parts, sent = urlsplit(request.url), httpx.URL(request.url)
    assert (parts.scheme, parts.netloc, sent.host) == ("https", "office.example", "office.example")
    assert parts.path.startswith("/bills/")
    assert parts.path.count("/") == 2
    assert sent.raw_path.decode() == request.url.removeprefix("https://office.example")
    assert parts.fragment == ""
    assert next(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)) == "lang"
    if isinstance(number, str):
        assert unquote(parts.path.removeprefix("/bills/")) == number.encode("utf-8", "replace").decode()


@given(arguments=st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4))
def test_what_a_body_carries_are_the_arguments(arguments: Any) -> None:
    request = request_of(a_tool("https://office.example/bills", method=HttpMethod.POST), arguments)

    assert (request.url, request.body) == ("https://office.example/bills", arguments)


@pytest.mark.parametrize(
    "url",
    [
        "https://office.example",
        "https://office.example/bills/{number}",
        "https://office.example/a?b={lang}&c=d",
        "https://office.example:8443/x%20y",
    ],
)
def test_an_address_that_can_be_used(url: str) -> None:
    assert problem_of_url(a_tool(url)) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/bills",
        "https://",
        "https://office.example:99999/",
        "https://user:secret@office.example/",
        "https://office.example/#part",
        "https://office.example/a b",
        "https://office.example/a\nb",
        "https://office.example\\@evil.example/",
        "https://büro.example/",
        "https://{number}.example/",
        "https://office.example/{number",
        "https://office.example/{}",
        "https://office.example/{{number}}",
        "https://office.example/{other}",
        "https://office.example/" + "x" * 2000,
    ],
)
def test_an_address_that_cannot(url: str) -> None:
    assert problem_of_url(a_tool(url)) is not None
