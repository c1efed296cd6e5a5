"""What can go wrong when Bedrock is called, in the platform's words."""

from __future__ import annotations

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailure
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from shared.adapters.models.attempts import PassingModelFailure
from shared.errors import ModelUnavailable

# A stream that breaks off raises the HTTP library's own errors, since botocore translates only its requests.
BEDROCK_FAILURES = (BotoCoreError, ClientError, HTTPError, ParserError, ResponseParserError, OSError)

_PASSING_CODES = frozenset(
    {
        "internalserverexception",
        "modelerrorexception",
        "modelnotreadyexception",
        "modelstreamerrorexception",
        "modeltimeoutexception",
        "serviceunavailableexception",
        "throttlingexception",
    }
)


def as_model_failure(error: Exception) -> ModelUnavailable:
    """Name a failure by what can be done about it: ask again, or not."""
    if isinstance(error, ClientError):
        # The same exception is called ThrottlingException in a response and throttlingException in a stream.
        code = error.response.get("Error", {}).get("Code", "").lower()
        if code in _PASSING_CODES:
            return PassingModelFailure("Bedrock cannot answer now")
        return ModelUnavailable("Bedrock refuses the request")
    if isinstance(error, BotoCoreError) and not isinstance(error, (ConnectionFailure, HTTPClientError)):
        return ModelUnavailable("Bedrock cannot be called")
    return PassingModelFailure("the connection to Bedrock failed")
