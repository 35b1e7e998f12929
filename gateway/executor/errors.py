"""Errors of a response: what went wrong where, in the client's terms.

An error of a subgraph is kept with its message, gets the client's path, and says which subgraph it
came from. Of its extensions everything goes on but what would show a subgraph's insides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.executor.paths import ResponsePath
from gateway.operation.shape import ObjectShape
from gateway.transport.base import JsonObject

DOWNSTREAM_SERVICE_ERROR = "DOWNSTREAM_SERVICE_ERROR"
"""The code of a subgraph's error that has none of its own."""
MALFORMED_RESPONSE = "SUBREQUEST_MALFORMED_RESPONSE"
INTERNAL_ERROR = "INTERNAL_SERVER_ERROR"
UNRESOLVABLE_FIELD = "UNRESOLVABLE_FIELD"
INVALID_VALUE = "INVALID_SUBGRAPH_VALUE"
NULL_IN_NON_NULL = "NULL_IN_NON_NULL_FIELD"
MISSING_INPUT = "REQUIRED_VALUE_MISSING"
"""A field was not asked for, since what its resolver needs failed."""

_INTERNAL_EXTENSIONS = frozenset(
    ("exception", "stacktrace", "stackTrace", "debugMessage", "trace", "originalError")
)


@dataclass(frozen=True, slots=True)
class ResponseError:
    """One entry of `errors`. An empty path means that no field of the response is to blame."""

    message: str
    path: ResponsePath = ()
    code: str = DOWNSTREAM_SERVICE_ERROR
    service: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
    is_exact: bool = True
    """False where a subgraph named no place: then any null it sent below `path` may be meant."""

    def to_json(self) -> JsonObject:
        """The form of the GraphQL specification, "Response: Errors"."""
        formatted: JsonObject = {"message": self.message}
        if self.path:
            formatted["path"] = list(self.path)
        formatted["extensions"] = {**self.extensions, "code": self.code}
        if self.service is not None:
            formatted["extensions"]["service"] = self.service
        return formatted


def subgraph_error(
    subgraph: str, error: Mapping[str, Any], path: ResponsePath, *, is_exact: bool
) -> ResponseError:
    """Translate an error that a subgraph answered; its form is not trusted."""
    message = error.get("message")
    extensions = error.get("extensions")
    kept = dict(extensions) if isinstance(extensions, Mapping) else {}
    for name in _INTERNAL_EXTENSIONS & kept.keys():
        del kept[name]
    code = kept.get("code")
    return ResponseError(
        message if isinstance(message, str) else f'Subgraph "{subgraph}" answered an error.',
        path,
        code if isinstance(code, str) else DOWNSTREAM_SERVICE_ERROR,
        subgraph,
        kept,
        is_exact,
    )


def error_path(error: Mapping[str, Any]) -> ResponsePath | None:
    """The path of a subgraph's error; None if it has none that can be used."""
    path = error.get("path")
    if not isinstance(path, Sequence) or isinstance(path, str | bytes) or not path:
        return None
    if any(isinstance(key, bool) or not isinstance(key, str | int) for key in path):
        return None
    return tuple(path)


class KnownErrors:
    """Answers: is there an error already that explains this null?"""

    def __init__(self, errors: Iterable[ResponseError]) -> None:
        self._at: set[ResponsePath] = set()
        self._above: set[ResponsePath] = set()
        self._whole: set[ResponsePath] = set()
        for error in errors:
            self.add(error)

    def add(self, error: ResponseError) -> None:
        """Take a further error into account."""
        self._at.add(error.path)
        for length in range(len(error.path) + 1):
            self._above.add(error.path[:length])
        if not error.is_exact:
            self._whole.add(error.path)

    def explain(self, path: ResponsePath, *, is_missing: bool) -> bool:
        """Whether an error at, below or (where it counts) above `path` explains a null there.

        A value that is missing was never fetched, which an error anywhere above explains. A null
        that a subgraph sent is explained from above only by an error without a place of its own.
        """
        if path and path in self._above:
            return True
        explaining = self._at if is_missing else self._whole
        return any(path[:length] in explaining for length in range(len(path)))


def visible_path(shape: ObjectShape, path: ResponsePath) -> ResponsePath:
    """Cut a path where it leaves what the client asked for (a key, a required field)."""
    shapes = [shape]
    for position, key in enumerate(path):
        if isinstance(key, int):
            continue
        found = [
            fields[key]
            for current in shapes
            for object_type in current.object_types()
            if key in (fields := current.fields(object_type))
        ]
        if not found:
            return path[:position]
        shapes = [field.nested for field in found if field.nested is not None]
    return path
