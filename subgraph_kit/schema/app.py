"""A subgraph's GraphQL endpoint: POST with JSON in, JSON out, whatever comes.

What a client did wrong is told to it; what went wrong inside is logged whole and sent as its code
only. Limits stand before the work they limit: bytes before parsing, tokens and depth before
validation and execution.

Source: GraphQL over HTTP specification.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from graphql import GraphQLError, OperationDefinitionNode
from opentelemetry.trace import Status, StatusCode
from starlette.requests import Request
from starlette.responses import Response
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType as StrawberryOperationType

from subgraph_kit.errors import EntityNotFoundError, KitError
from subgraph_kit.schema.loaders import RequestLoaders
from subgraph_kit.telemetry import names
from subgraph_kit.telemetry.setup import server_span

_log = structlog.get_logger(__name__)

_JSON = "application/json"
_GRAPHQL_JSON = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class GraphQLLimits:
    """What one request may cost. A gateway's requests are long lists of representations."""

    body_bytes: int = 16 * 1024 * 1024
    max_tokens: int = 20_000
    max_depth: int = 40
    max_aliases: int = 1_000
    representations: int = 50_000


@dataclass(slots=True)
class RequestContext:
    """`info.context` of every resolver. `headers` are the request's, names in lower case."""

    loaders: RequestLoaders = field(default_factory=RequestLoaders)
    headers: Mapping[str, str] = field(default_factory=dict)


def standard_extensions(
    limits: GraphQLLimits,
) -> list[type[SchemaExtension] | Callable[[], SchemaExtension]]:
    """The Strawberry extensions every subgraph of the kit runs with."""
    # The same rule objects for every request: the validation cache knows documents by their rules.
    rules = [
        *QueryDepthLimiter(max_depth=limits.max_depth).validation_rules,
        *MaxAliasesLimiter(max_alias_count=limits.max_aliases).validation_rules,
    ]
    return [
        lambda: MaxTokensLimiter(max_token_count=limits.max_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=512),
        lambda: ValidationCache(maxsize=512),
        _OneOperation,
        _FreshReadsInMutations,
    ]


class _OneOperation(SchemaExtension):
    """Which of several operations is meant has to be said; Strawberry would take the first.

    Source: GraphQL specification, "GetOperation(document, operationName)".
    """

    def on_validate(self) -> Any:
        # Stands after the validation cache in the list: what that found comes first.
        self._check()
        yield

    def _check(self) -> None:
        context = self.execution_context
        if context.graphql_document is None or context.pre_execution_errors:
            return
        operations = sum(
            isinstance(definition, OperationDefinitionNode)
            for definition in context.graphql_document.definitions
        )
        if context._provided_operation_name is None and operations > 1:
            context.pre_execution_errors = [
                GraphQLError("the document has several operations: say which by operationName")
            ]


class _FreshReadsInMutations(SchemaExtension):
    """One mutation must not see what the one before it loaded."""

    def on_execute(self) -> Any:
        context = self.execution_context
        if context.operation_type is StrawberryOperationType.MUTATION and isinstance(
            context.context, RequestContext
        ):
            context.context.loaders.remember = False
        yield


class GraphQLEndpoint:
    """Answers GraphQL requests from a Strawberry schema; `handle` is a Starlette endpoint."""

    def __init__(
        self,
        schema: Any,
        *,
        limits: GraphQLLimits | None = None,
        max_batch_size: int | None = None,
        batch_window_seconds: float = 0.0,
    ) -> None:
        self._schema = schema
        self._limits = limits or GraphQLLimits()
        self._max_batch_size = max_batch_size
        self._batch_window_seconds = batch_window_seconds

    async def handle(self, request: Request) -> Response:
        """Answer one HTTP request; never raises."""
        media_type = _GRAPHQL_JSON if _GRAPHQL_JSON in request.headers.get("accept", "") else _JSON
        headers = {name.lower(): value for name, value in request.headers.items()}
        with server_span(names.SPAN_GRAPHQL, headers) as span:
            status, answer = await self._answer(request, headers)
            if answer.get("data") is None and status == 200 and media_type == _GRAPHQL_JSON:
                # Nothing was executed: the newer media type says so in the status, too.
                status = 200 if "data" in answer else 400
            if answer.get("errors"):
                span.set_status(Status(StatusCode.ERROR, "the answer has errors"))
            span.set_attribute(names.ATTR_HTTP_STATUS, status)
        extra = {"Allow": "POST"} if status == 405 else {}
        body = orjson.dumps(answer, default=str)
        return Response(body, status, extra, media_type)

    async def _answer(
        self, request: Request, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        if request.method != "POST":
            return 405, _failure("send GraphQL by POST", "METHOD_NOT_ALLOWED")
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != _JSON:
            return 415, _failure("the content type must be application/json", "BAD_REQUEST")
        body = await read_body(request, self._limits.body_bytes)
        if body is None:
            limit = f"{self._limits.body_bytes:,}"
            return 413, _failure(f"the request has more than {limit} bytes", "TOO_LARGE")
        try:
            parsed = _parse(body, self._limits)
        except _BadRequestError as error:
            return 400, _failure(str(error), "BAD_REQUEST")
        context = RequestContext(
            RequestLoaders(self._max_batch_size, self._batch_window_seconds), headers
        )
        started = time.perf_counter()
        try:
            result: ExecutionResult = await self._schema.execute(
                parsed.query,
                variable_values=parsed.variables,
                operation_name=parsed.operation_name,
                context_value=context,
                allowed_operation_types=_ALLOWED,
            )
        except CannotGetOperationTypeError:
            return 400, _failure(
                "the document has no operation of the name in operationName", "BAD_REQUEST"
            )
        except InvalidOperationTypeError:
            return 400, _failure("subscriptions are not served here", "BAD_REQUEST")
        except RecursionError:
            return 400, _failure("the document is nested too deeply", "BAD_REQUEST")
        except Exception:
            _log.exception("a GraphQL request failed", duration_ms=_milliseconds(started))
            return 500, _failure("internal error", "INTERNAL_ERROR")
        return 200, self._json(result)

    def _json(self, result: ExecutionResult) -> dict[str, Any]:
        errors = [_client_error(error) for error in result.errors or ()]
        # A request that was not executed has no data member at all.
        executed = result.data is not None or any("path" in error for error in errors)
        answer: dict[str, Any] = {}
        if executed or not errors:
            answer["data"] = result.data
        if errors:
            answer["errors"] = errors
        return answer


@dataclass(frozen=True, slots=True)
class _GraphQLRequest:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class _BadRequestError(Exception):
    """The request is no GraphQL request; the text is for its sender."""


_ALLOWED = (StrawberryOperationType.QUERY, StrawberryOperationType.MUTATION)


def _parse(body: bytes, limits: GraphQLLimits) -> _GraphQLRequest:
    try:
        parsed = orjson.loads(body)
    except ValueError:
        raise _BadRequestError("the body is not JSON") from None
    if isinstance(parsed, list):
        raise _BadRequestError("batches of operations are not served here: send one at a time")
    if not isinstance(parsed, dict):
        raise _BadRequestError("the body must be a JSON object with a query")
    query, variables = parsed.get("query"), parsed.get("variables")
    operation_name = parsed.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _BadRequestError("the body must have a query, as a string")
    if variables is not None and not isinstance(variables, dict):
        raise _BadRequestError("variables must be an object")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _BadRequestError("operationName must be a string")
    representations = (variables or {}).get("representations")
    if isinstance(representations, list) and len(representations) > limits.representations:
        raise _BadRequestError(f"more than {limits.representations:,} representations at once")
    return _GraphQLRequest(query, variables, operation_name)


async def read_body(request: Request, max_bytes: int) -> bytes | None:
    """Read a request's body, or return None as soon as it is larger than `max_bytes`."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and len(length) < 19 and int(length) > max_bytes:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _client_error(error: GraphQLError) -> dict[str, Any]:
    """The error as the client may see it; what is internal is logged here."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    formatted: dict[str, Any] = {"message": error.message}
    if error.locations:
        formatted["locations"] = [{"line": p.line, "column": p.column} for p in error.locations]
    if error.path:
        formatted["path"] = list(error.path)
    extensions = dict(error.extensions or {})
    match original:
        case None | GraphQLError():
            extensions.setdefault("code", "GRAPHQL_ERROR")
        case KitError():
            extensions["code"] = original.code
            if not isinstance(original, EntityNotFoundError):
                _log.warning("a field failed", code=original.code, error=str(original))
        case _:
            _log.error("a field failed", exc_info=original, path=formatted.get("path"))
            formatted["message"] = "internal error"
            extensions = {"code": "INTERNAL_ERROR"}
    formatted["extensions"] = extensions
    return formatted


def _failure(message: str, code: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
