"""The signed address of a Transcribe streaming session over WebSocket.

Source: Amazon Transcribe Developer Guide, "Setting up a WebSocket stream"; Signature Version 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import boto3
import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

_PATH = "/stream-transcription-websocket"
_PORT = 8443
_VALID_SECONDS = 60


class CredentialsMissing(LookupError):
    """The session has no region or no credentials, so nothing can be signed."""


def find_endpoint(session: boto3.Session) -> str:
    """The service's WebSocket address in the session's region, in whatever partition that region lies.

    Raises:
        CredentialsMissing: the session has no region, or the service does not exist there.
    """
    resolver = botocore.session.Session().get_component("endpoint_resolver")
    endpoint = resolver.construct_endpoint("transcribestreaming", session.region_name) if session.region_name else None
    if endpoint is None:
        raise CredentialsMissing("no region in which Amazon Transcribe streams")
    return f"wss://{endpoint['hostname']}:{_PORT}"


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
