"""The graph of a running gateway: its supergraph where it gives it out, else its API schema.

A supergraph says everything. A gateway that keeps it to itself is asked by introspection: then
clients' view can be compared, but neither federation nor plans.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from supergraph.checks.errors import CheckInputError
from supergraph.checks.sources.source import GraphSource
from supergraph.subgraph_sources import MAX_SDL_BYTES, without_secrets

if TYPE_CHECKING:
    import httpx  # imported where it is needed: most checks need none of it

SUPERGRAPH_PATH = "/supergraph"
"""Where our gateway gives out its supergraph, if it is told to (`listen.supergraph_path`)."""

_GRAPHQL_PATH = "/graphql"
_TIMEOUT_SECONDS = 20.0


def read_gateway(address: str, headers: Mapping[str, str]) -> GraphSource:
    """Ask a gateway for its graph; `headers` go along and are never shown.

    Raises:
        CheckInputError: if there is no answer to use.
    """
    import httpx

    shown = without_secrets(address)
    try:
        parts = urlsplit(address)
        endpoint = address if parts.path.strip("/") else _at(address, _GRAPHQL_PATH)
        with httpx.Client(
            timeout=_TIMEOUT_SECONDS, headers=dict(headers), follow_redirects=True
        ) as client:
            for place in dict.fromkeys((address, _at(address, SUPERGRAPH_PATH))):
                text = _get_supergraph(client, place)
                if text is not None:
                    return GraphSource(f"the gateway at {shown}", supergraph_sdl=text, file=shown)
            return GraphSource(f"the gateway at {shown}", api_sdl=_introspect(client, endpoint))
    except httpx.ConnectError:
        raise CheckInputError(f"Nothing listens at {shown}. Is the gateway running?") from None
    except httpx.TimeoutException:
        raise CheckInputError(
            f"{shown} did not answer within {_TIMEOUT_SECONDS:.0f} seconds."
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # The text of the exception may repeat the URL with its credentials.
        raise CheckInputError(f"{shown} could not be asked ({type(error).__name__}).") from None


def _at(address: str, path: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _get_supergraph(client: httpx.Client, address: str) -> str | None:
    status, body = _send(client, "GET", address, None)
    if not 200 <= status < 300 or b"@join__" not in body:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _introspect(client: httpx.Client, endpoint: str) -> str:
    # Most checks read files, and need nothing of it yet.
    from graphql import build_client_schema, get_introspection_query, print_schema

    shown = without_secrets(endpoint)
    query = get_introspection_query(
        descriptions=True, specified_by_url=True, directive_is_repeatable=True,
        input_value_deprecation=True,
    )  # fmt: skip
    status, body = _send(client, "POST", endpoint, {"query": query})
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise CheckInputError(
            f"{shown} answered with HTTP {status} and no JSON. Is this the address of a GraphQL "
            "server?"
        ) from None
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("__schema"), dict):
        raise CheckInputError(
            f"{shown} gives out neither its supergraph nor its schema: switch on introspection, or "
            f"the gateway's listen.supergraph_path: {SUPERGRAPH_PATH}"
        )
    try:
        return print_schema(build_client_schema(data))  # type: ignore[arg-type] # checked there
    except Exception as error:  # whatever a stranger's server sends
        raise CheckInputError(f"{shown} answered with a schema that is not valid.") from error


def _send(
    client: httpx.Client, method: str, address: str, content: Mapping[str, str] | None
) -> tuple[int, bytes]:
    body = bytearray()
    with client.stream(method, address, json=content) as response:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_SDL_BYTES:
                raise CheckInputError(
                    f"{without_secrets(address)}: the answer is larger than {MAX_SDL_BYTES} bytes."
                )
    return response.status_code, bytes(body)
