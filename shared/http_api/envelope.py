"""The JSON envelope of every answer, as models, and how operations describe their answers in OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from shared import errors
from shared.http_contract import encode_envelope, failure, status_of_kind, success

Content = TypeVar("Content")
Item = TypeVar("Item")


class Success(BaseModel, Generic[Content]):
    """An answer."""

    status: Literal["success"] = "success"
    data: Content
    error: None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """A name for generated clients: `ConversationAnswer`."""
        return f"{params[0].__name__.removesuffix('View')}Answer"


class ItemPage(BaseModel, Generic[Item]):
    """Some items in order; `next_cursor` asks for the page after, null when this is the last."""

    model_config = ConfigDict(from_attributes=True)

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """A name for generated clients: `ConversationPage`."""
        return f"{params[0].__name__.removesuffix('View')}Page"


class Problem(BaseModel):
    """What went wrong. `code` is stable; `message` is for people and holds no internals."""

    code: str
    message: str
    details: dict[str, Any] | None
    request_id: str | None


class Failure(BaseModel):
    """An answer that says why there is none."""

    status: Literal["error"] = "error"
    data: None = None
    error: Problem


_SAMPLES: dict[type[errors.PlatformError], str] = {
    errors.InvalidRequest: "The cursor is not one of ours.",
    errors.InvalidContent: "limit: Input should be less than or equal to 100",
    errors.Unauthenticated: "The bearer token is not valid.",
    errors.SignatureInvalid: "The request is not signed by the provider.",
    errors.Forbidden: "This needs the role admin.",
    errors.NotFound: "There is no such conversation.",
    errors.VersionConflict: "Somebody else changed it since; read it again.",
    errors.TooLarge: "The request is larger than the platform accepts.",
    errors.RateLimited: "Too many requests; try again later.",
    errors.StoreUnavailable: "The database does not answer.",
}
_SAMPLE_REQUEST_ID = "7f8f2f1e-6f0e-4a53-9a7e-2f2b9f3b6c11"


def succeeds_with(data: object, *, status: int = 200, description: str = "Success") -> dict[int | str, dict[str, Any]]:
    """The `responses` entry of an operation's success, with an example.

    Examples are JSON text here, because FastAPI drops nulls from its document; `local.openapi` turns them into values.
    """
    content = {"application/json": {"example": encode_envelope(success(data))}}
    return {status: {"description": description, "content": content}}


def fails_with(*kinds: type[errors.PlatformError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` entries of the errors an operation may answer, each with an example."""
    described: dict[int | str, dict[str, Any]] = {}
    for status, group in _by_status(kinds).items():
        examples = {kind.code: {"value": _example(kind)} for kind in group}
        described[status] = {
            "model": Failure,
            "description": " ".join(str(kind.__doc__).split("\n", 1)[0] for kind in group),
            "content": {"application/json": {"examples": examples}},
        }
    return described


def _example(kind: type[errors.PlatformError]) -> str:
    return encode_envelope(failure(kind.code, _sample(kind), request_id=_SAMPLE_REQUEST_ID))


def _by_status(kinds: Sequence[type[errors.PlatformError]]) -> dict[int, list[type[errors.PlatformError]]]:
    grouped: dict[int, list[type[errors.PlatformError]]] = {}
    for kind in kinds:
        grouped.setdefault(status_of_kind(kind), []).append(kind)
    return grouped


def _sample(kind: type[errors.PlatformError]) -> str:
    return _SAMPLES.get(kind, str(kind.__doc__).split("\n", 1)[0])
