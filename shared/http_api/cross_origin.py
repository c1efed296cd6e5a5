"""Which pages of other origins may call the API from a browser. Source: Fetch standard, "CORS protocol"."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from shared import errors
from shared.http_api.boundary import name_request, problem_response


class CrossOrigin(CORSMiddleware):
    """Starlette's rules, refusing in the envelope. It lies outermost, so that errors carry its headers too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks before it sends; caches must not mix the answers of origins."""
        response = super().preflight_response(request_headers)
        if response.status_code >= 400:  # noqa: PLR2004 - whatever is refused, and refusals begin here.
            request_id = name_request(request_headers)
            refused = errors.Forbidden("Pages of this origin may not do this.")
            response = problem_response(refused, request_id=request_id)
            response.headers["x-request-id"] = request_id
        response.headers["vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        return response
