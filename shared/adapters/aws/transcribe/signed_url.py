"""The signed address of a Transcribe streaming session over WebSocket.

Source: Amazon Transcribe Developer Guide, "Setting up a WebSocket stream"; Signature Version 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

_PATH = "/stream-transcription-websocket"
_PORT = 8443
_VALID_SECONDS = 60


class CredentialsMissing(LookupError):
    """The session has no credentials, so nothing can be signed."""


def find_endpoint(session: boto3.Session) -> str:
    """The service's WebSocket address in the session's region, in whatever partition that region lies.

    Raises:
        NoRegionError: the session has no region.
    """
    # boto3 knows no streaming Transcribe; its address differs from that of any regional service in the first word.
    options: dict[str, Any] = {"ignore_configured_endpoint_urls": True}  # The library's stubs do not know it yet.
    neighbour = session.client("polly", config=Config(**options))
    _, _, region_and_domain = str(urlsplit(neighbour.meta.endpoint_url).hostname).partition(".")
    return f"wss://transcribestreaming.{region_and_domain}:{_PORT}"


def sign_url(session: boto3.Session, endpoint: str, parameters: Mapping[str, str]) -> str:
    """A URL that opens one session within the next minute. Blocks when the credentials must be fetched or renewed.

    Raises:
        CredentialsMissing: the session has no credentials.
    """
    credentials = session.get_credentials()
    if credentials is None:
        raise CredentialsMissing("no AWS credentials")
    request = AWSRequest(method="GET", url=f"{endpoint}{_PATH}?{urlencode(parameters)}")
    signer = SigV4QueryAuth(
        credentials.get_frozen_credentials(), "transcribe", session.region_name, expires=_VALID_SECONDS
    )
    signer.add_auth(request)
    return str(request.url)
