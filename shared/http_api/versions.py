"""Optimistic versions: what a client read is what it changes, or nothing."""

from __future__ import annotations

from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Response

from shared.http_api.envelope import Success


class _Versioned(Protocol):
    version: int


View = TypeVar("View", bound=_Versioned)


def read_version(
    if_match: Annotated[str, Header(pattern=r'^"?[1-9][0-9]{0,8}"?$', examples=['"1"'])],
) -> int:
    """The version that the caller changes, as the `ETag` gave it."""
    return int(if_match.strip('"'))


ReadVersion = Annotated[int, Depends(read_version)]


def tagged(response: Response, view: View) -> Success[View]:
    """The answer, with its version as the `ETag`."""
    response.headers["etag"] = f'"{view.version}"'
    return Success(data=view)
