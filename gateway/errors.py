"""The gateway's own errors, by who may read them.

    GatewayError
    ├── ConfigurationError   for the person who starts the gateway; the text says what to change
    └── RequestError         for the client of one request; the text is safe to send

Whatever else is raised while a request runs is internal: it is logged whole and answered as
`INTERNAL_SERVER_ERROR` without its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class GatewayError(Exception):
    """Base of what the gateway raises on purpose."""


class ConfigurationError(GatewayError):
    """A setting, a file or an address is missing or wrong; the text says what to change."""


class RequestError(GatewayError):
    """The request cannot be answered as it is; `status` is the HTTP status that says so.

    `code` goes into `extensions.code`, `headers` into the HTTP response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """The GraphQL error object."""
        return error_json(self.code, self.message)


def error_json(code: str, message: str) -> dict[str, Any]:
    """A GraphQL error object without path."""
    return {"message": message, "extensions": {"code": code}}


INTERNAL_ERROR = error_json(
    "INTERNAL_SERVER_ERROR", "Internal error; the gateway's log has the details"
)
"""What a client sees of an error that is none of its business."""
