"""A subgraph request as JSON."""

from __future__ import annotations

import msgspec

from gateway.transport.base import SubgraphCallError, SubgraphRequest

_encode_json = msgspec.json.Encoder().encode


def encode_request_body(request: SubgraphRequest) -> bytes:
    """The request as JSON ("GraphQL over HTTP", section 5.1).

    Raises:
        SubgraphCallError: if its variables cannot be written as JSON.
    """
    body: dict[str, object] = {"query": request.operation}
    if request.variables:
        body["variables"] = request.variables
    if request.operation_name is not None:
        body["operationName"] = request.operation_name
    try:
        return _encode_json(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise SubgraphCallError(
            request.subgraph,
            "SUBREQUEST_CONNECTION_ERROR",
            f'The variables for subgraph "{request.subgraph}" cannot be written as JSON',
        ) from error
