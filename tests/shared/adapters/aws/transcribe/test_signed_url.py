"""Signed addresses, checked against Signature Version 4 written out from its specification."""

import hashlib
import hmac
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import pytest

from shared.adapters.aws.transcribe.signed_url import CredentialsMissing, find_endpoint, sign_url
from tests.fakes.aws_events import aws_session

PARAMETERS = {"language-code": "en-IN", "media-encoding": "pcm", "sample-rate": "8000"}


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def expected_signature(url, secret):
    parts = urlsplit(url)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "X-Amz-Signature"}
    canonical_query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query)
    )
    request = "\n".join(
        ["GET", parts.path, canonical_query, f"host:{parts.netloc}\n", "host", hashlib.sha256(b"").hexdigest()]
    )
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    to_sign = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = mac(key, part)
    return mac(key, to_sign).hex()


def query_of(url):
    return dict(parse_qsl(urlsplit(url).query))


def test_signature_covers_host_path_and_parameters():
    url = sign_url(aws_session(), "wss://transcribestreaming.ap-south-1.amazonaws.com:8443", PARAMETERS)

    assert query_of(url)["X-Amz-Signature"] == expected_signature(url, "wJalrXUtnFEMI")
    assert query_of(url)["X-Amz-Credential"].endswith("/ap-south-1/transcribe/aws4_request")
    assert PARAMETERS.items() <= query_of(url).items()
    assert urlsplit(url).path == "/stream-transcription-websocket"


def test_token_of_temporary_credentials_is_signed_too():
    session = boto3.Session(
        aws_access_key_id="ASIAEXAMPLE",
        aws_secret_access_key="k",
        aws_session_token="a/b+c==",
        region_name="ap-south-1",
    )

    url = sign_url(session, "wss://host:8443", PARAMETERS)

    assert query_of(url)["X-Amz-Security-Token"] == "a/b+c=="
    assert query_of(url)["X-Amz-Signature"] == expected_signature(url, "k")


def test_address_is_valid_for_a_short_time():
    assert int(query_of(sign_url(aws_session(), "wss://host:8443", {}))["X-Amz-Expires"]) <= 300


@pytest.mark.parametrize("region", ["ap-south-1", "ap-southeast-1"])
def test_endpoint_lies_in_the_region_of_the_session(region):
    session = boto3.Session(region_name=region)

    assert find_endpoint(session) == f"wss://transcribestreaming.{region}.amazonaws.com:8443"


def test_endpoint_of_another_partition_has_its_own_domain():
    assert find_endpoint(boto3.Session(region_name="cn-north-1")).endswith(".amazonaws.com.cn:8443")


def test_endpoint_set_for_other_services_is_not_taken_for_this_one(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")

    assert find_endpoint(boto3.Session(region_name="ap-south-1")).startswith("wss://transcribestreaming.ap-south-1.")


def test_missing_credentials_are_named(monkeypatch):
    session = aws_session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)

    with pytest.raises(CredentialsMissing):
        sign_url(session, "wss://host:8443", {})
