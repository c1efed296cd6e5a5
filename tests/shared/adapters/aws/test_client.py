"""How clients of AWS services are made."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.aws.client import AwsClient


@pytest.mark.parametrize("region", ["ap-south-1", "ap-southeast-1"])
def test_links_to_files_name_the_region_and_are_signed_the_way_that_encrypted_files_need(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    s3 = AwsClient("s3", region=region)

    link = s3().generate_presigned_url("get_object", Params={"Bucket": "vaani-data", "Key": "a.wav"})

    assert urlsplit(link).netloc == f"vaani-data.s3.{region}.amazonaws.com"
    assert parse_qs(urlsplit(link).query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
