"""What a request comes to, before it is written for a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from graphql import OperationType

from gateway.errors import RequestError
from gateway.executor.compiled import CompiledResult
from gateway.executor.execute import ExecutionResult
from gateway.operation.model import Operation
from gateway.transport.base import JsonObject


class Outcome(msgspec.Struct, frozen=True):
    """What a request comes to.

    `was_executed` tells whether there is a `data` entry (which may be null): without one the
    request was refused. `is_graphql_refusal` then tells whether its GraphQL was the reason (it
    does not parse, is not valid, its variables do not fit), rather than anything around it.
    `status` is the HTTP status for a refused request.
    """

    data: JsonObject | msgspec.Struct | None = None
    """A Struct where compiled code answered; msgspec encodes both."""
    errors: Sequence[JsonObject] = ()
    extensions: Mapping[str, Any] | None = None
    was_executed: bool = False
    is_graphql_refusal: bool = False
    status: int = 200
    headers: Mapping[str, str] = {}
    operation_name: str | None = None
    operation_type: str | None = None

    def as_json(self) -> JsonObject:
        """The response object of the specification."""
        body: JsonObject = {}
        if self.was_executed:
            body["data"] = self.data
        if self.errors:
            body["errors"] = self.errors
        if self.extensions:
            body["extensions"] = self.extensions
        return body


def executed(operation: Operation, result: CompiledResult | ExecutionResult) -> Outcome:
    """What an operation comes to that was executed."""
    errors: Sequence[JsonObject] = ()
    extensions: Mapping[str, Any] | None = None
    if isinstance(result, ExecutionResult):
        errors, extensions = result.errors, result.extensions
    kind = operation.kind
    return Outcome(
        result.data,
        errors,
        extensions,
        was_executed=True,
        operation_name=operation.name,
        # The value of an enumeration is read by a function.
        operation_type="query" if kind is OperationType.QUERY else kind.value,
    )


def refused(error: RequestError) -> Outcome:
    """What a request comes to that cannot be answered as it is."""
    return Outcome(errors=[error.as_json()], status=error.status, headers=error.headers)


def timed_out(seconds: float) -> RequestError:
    """The error of a request that took longer than it may."""
    return RequestError(
        504, "REQUEST_TIMEOUT", f"The request was not answered within {seconds:g} s"
    )
