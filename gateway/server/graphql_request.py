"""From an HTTP request to the parameters of a GraphQL request, or to a sentence on what is wrong.

Source: "GraphQL over HTTP" (draft), section 5. Everything wrong here is a `RequestError` with a
status of its own, before any GraphQL is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gateway.errors import RequestError

Headers = Mapping[bytes, bytes]
"""Of an ASGI request, names in lower case; of a repeated one the last."""

_PREFLIGHT_HEADERS = (
    b"x-apollo-operation-name", b"apollo-require-preflight", b"graphql-require-preflight",
)  # fmt: skip
_SIMPLE_CONTENT_TYPES = frozenset(
    ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
)
_MAX_QUERY_STRING_FIELDS = 50


class GraphQLRequest(msgspec.Struct, frozen=True):
    """The well-formed parameters; nothing is said yet about what they mean."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] | None = None
    is_get: bool = False
    """A GET may only query (section 5.2.2)."""


class _Parameters(msgspec.Struct, frozen=True, rename="camel"):
    """Those of a request's body that are as they should be."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


_decode_parameters = msgspec.json.Decoder(_Parameters).decode


def read_post(headers: Headers, body: bytes) -> GraphQLRequest:
    """Read a POST.

    Raises:
        RequestError: with status 400 or 415.
    """
    _check_content_type(headers)
    try:
        read = _decode_parameters(body)
    except (ValueError, RecursionError):
        return _read_any(body)  # which has words for what is wrong
    return GraphQLRequest(read.query, read.operation_name, read.variables, read.extensions)


def _read_any(body: bytes) -> GraphQLRequest:
    try:
        # msgspec keeps integers beyond 64 bits as they are.
        parameters = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        reason = "it is empty" if not body.strip() else _json_problem(error)
        raise _bad_request(f"The request body is not valid JSON: {reason}") from None
    if isinstance(parameters, list):
        raise RequestError(
            400,
            "BATCHING_NOT_SUPPORTED",
            "Several operations in one request are not supported; send one JSON object per request",
        )
    if not isinstance(parameters, dict):
        raise _bad_request(
            'The request body must be a JSON object such as {"query": "{ __typename }"}'
        )
    return _from_parameters(parameters, is_get=False)


def read_get(headers: Headers, query_string: bytes, *, csrf_prevention: bool) -> GraphQLRequest:
    """Read a GET; `variables` and `extensions` are JSON texts in the query string.

    Raises:
        RequestError: with status 400.
    """
    if csrf_prevention and _may_come_from_a_foreign_page(headers):
        raise RequestError(
            400,
            "CSRF_PREVENTED",
            "A browser's GET request needs a header that pages of other origins cannot send: "
            "set content-type: application/json or graphql-require-preflight: 1",
        )
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_QUERY_STRING_FIELDS,
        )
    except ValueError:
        raise _bad_request("The query string is not valid percent-encoded UTF-8") from None
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name in parameters:
            raise _bad_request(f"The query string gives {name[:50]!r} twice")
        parameters[name] = value
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        if text is None:
            continue
        if not text:
            del parameters[name]
            continue
        try:
            parameters[name] = msgspec.json.decode(text)
        except (ValueError, RecursionError) as error:
            raise _bad_request(f"`{name}` is not valid JSON: {_json_problem(error)}") from None
    if parameters.get("operationName") == "":
        del parameters["operationName"]
    return _from_parameters(parameters, is_get=True)


def _from_parameters(parameters: Mapping[str, Any], *, is_get: bool) -> GraphQLRequest:
    query = parameters.get("query")
    operation_name = parameters.get("operationName")
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise _wrong_type("extensions", "an object", extensions)
    if query is None:
        if extensions and "persistedQuery" in extensions:
            # Clients that try the hash first send the whole document after this answer.
            raise RequestError(200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
        raise _bad_request("`query` is missing; it must be a string with a GraphQL document")
    if not isinstance(query, str):
        raise _wrong_type("query", "a string", query)
    if operation_name is not None and not isinstance(operation_name, str):
        raise _wrong_type("operationName", "a string", operation_name)
    if variables is not None and not isinstance(variables, dict):
        raise _wrong_type("variables", "an object", variables)
    return GraphQLRequest(query, operation_name, variables, extensions, is_get)


def _check_content_type(headers: Headers) -> None:
    problem = _content_problem(
        headers.get(b"content-type", b""), headers.get(b"content-encoding", b"identity")
    )
    if problem is not None:
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", problem)


@lru_cache(maxsize=256)
def _content_problem(raw_content_type: bytes, content_encoding: bytes) -> str | None:
    """Why a POST of this content type and encoding cannot be read; None if it can."""
    content_type = raw_content_type.decode("latin-1")
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/json":
        got = f'"{media_type.strip()[:60]}"' if media_type.strip() else "no content type"
        return f"The content type of a POST request must be application/json; this one has {got}"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8"):
            return "The charset of the request body must be utf-8"
    if content_encoding.strip().lower() not in (b"", b"identity"):
        return "Compressed request bodies are not supported"
    return None


def _may_come_from_a_foreign_page(headers: Headers) -> bool:
    """Whether a page of another origin could have made a browser send this without asking.

    A page cannot set the preflight headers, nor a content type that is not "simple", without the
    browser asking first (CORS). Programs other than browsers are not concerned: they have no
    user's cookies to misuse.
    """
    if any(name in headers for name in _PREFLIGHT_HEADERS):
        return False
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and media_type not in _SIMPLE_CONTENT_TYPES:
        return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in (b"same-origin", b"none")
    if b"origin" in headers or b"referer" in headers:
        return True
    return headers.get(b"user-agent", b"").startswith(b"Mozilla/")


def _wrong_type(name: str, expected: str, value: object) -> RequestError:
    kinds = {
        bool: "a boolean", int: "a number", float: "a number", str: "a string",
        list: "a list", dict: "an object",
    }  # fmt: skip
    found = kinds.get(type(value), "null")
    return _bad_request(f"`{name}` must be {expected}, not {found}")


def _bad_request(message: str) -> RequestError:
    return RequestError(400, "BAD_REQUEST", message)


def _json_problem(error: Exception) -> str:
    """What the parser says; its messages speak of positions, never of content."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error).removeprefix("JSON is malformed: ")
