"""The schema of a GraphQL API, from its URL (introspection), its SDL, or a saved introspection.

A federated subgraph says its keys itself: by `_service { sdl }`, or in the SDL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    build_ast_schema,
    build_client_schema,
    get_introspection_query,
    parse,
)
from graphql.language import StringValueNode

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.fetch import fetch, is_url, shown

WHAT = "a GraphQL schema (SDL)"
_TIMEOUT_SECONDS = 30.0
_MAX_BYTES = 64 * 1024 * 1024
_MAX_TOKENS = 3_000_000

Keys = Mapping[str, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True)
class FoundSchema:
    """A schema; `keys` are those that `@key` states, by type, of plain fields only."""

    schema: GraphQLSchema
    address: str
    keys: Keys = field(default_factory=dict)


async def load_schema(location: str) -> FoundSchema:
    """Read the schema behind a URL or in a file.

    Raises:
        ConfigurationError: if there is none, it is broken, or the API does not tell it.
    """
    if is_url(location):
        return await _from_url(location)
    fetched = await fetch(location, what=WHAT, max_bytes=_MAX_BYTES)
    place = shown(location)
    if fetched.body.lstrip()[:1] == b"{" and b"__schema" in fetched.body[:4096]:
        try:
            return FoundSchema(_from_introspection(json.loads(fetched.body), place), "")
        except ValueError:
            raise ConfigurationError(
                f"{place} is no whole introspection result: save it again"
            ) from None
    try:
        text = fetched.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{place} is no text; {WHAT} was expected there") from None
    document = _parse(text, place)
    return FoundSchema(_build(document, place), "", stated_keys(document))


async def _from_url(location: str) -> FoundSchema:
    place = shown(location)
    answer = await _ask(location, get_introspection_query(descriptions=True))
    schema = _from_introspection(answer, place)
    query = schema.query_type
    keys: Keys = {}
    if query is not None and "_service" in query.fields:
        told = await _ask(location, "{ _service { sdl } }")
        sdl = ((told.get("data") or {}).get("_service") or {}).get("sdl")
        if isinstance(sdl, str):
            keys = stated_keys(_parse(sdl, place))
    return FoundSchema(schema, place, keys)


async def _ask(location: str, query: str) -> dict[str, Any]:
    place = shown(location)
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client,
            client.stream("POST", location, json={"query": query}) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise ConfigurationError(
                        f"{place} answered more than {_MAX_BYTES // 1024**2} MiB; give its SDL "
                        "in a file"
                    )
            status = response.status_code
    except httpx.TimeoutException:
        raise ConfigurationError(
            f"{place} did not answer within {_TIMEOUT_SECONDS:g} s: check the URL, or give its "
            "SDL in a file"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise ConfigurationError(
            f"{place} cannot be reached: check the URL and the network, or give its SDL in a file"
        ) from None
    if status in (401, 403):
        raise ConfigurationError(
            f"{place} answered HTTP {status}: it wants credentials; save its SDL or introspection "
            "in a file and give that"
        )
    try:
        answer = json.loads(bytes(body))
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        what = "HTML" if bytes(body).lstrip()[:1] == b"<" else "something that is not JSON"
        raise ConfigurationError(
            f"{place} answered HTTP {status} with {what}: give the URL that takes GraphQL queries "
            "by POST"
        )
    return answer


def _from_introspection(answer: dict[str, Any], place: str) -> GraphQLSchema:
    data = answer.get("data", answer)
    if not isinstance(data, dict) or "__schema" not in data:
        raise ConfigurationError(
            f"{place} does not tell its schema (introspection is off, or it is no GraphQL API): "
            "give its SDL in a file"
        )
    try:
        return build_client_schema(data, assume_valid=True)  # type: ignore[arg-type]
    except (TypeError, KeyError, ValueError, GraphQLError):
        raise ConfigurationError(
            f"{place} has an introspection result that cannot be read: give its SDL in a file"
        ) from None


def _parse(text: str, place: str) -> DocumentNode:
    try:
        return parse(text, no_location=False, max_tokens=_MAX_TOKENS)
    except GraphQLError as error:
        at = f" at line {error.locations[0].line}" if error.locations else ""
        if text.lstrip()[:1] == "<":
            raise ConfigurationError(
                f"{place} is HTML or XML, not {WHAT}: give the file itself"
            ) from None
        raise ConfigurationError(
            f"{place} is not {WHAT}{at}: mend it; is the file complete?"
        ) from None
    except RecursionError:
        raise ConfigurationError(f"{place} is nested too deep to be {WHAT}") from None


def _build(document: DocumentNode, place: str) -> GraphQLSchema:
    try:
        schema = build_ast_schema(_whole(document), assume_valid=True, assume_valid_sdl=True)
    except (TypeError, KeyError, ValueError, GraphQLError) as error:
        text = str(error)
        # graphql-core's own sentence: it names a type of the schema, no data.
        raise ConfigurationError(f"{place} is not {WHAT}: {text[:200]}") from None
    if schema.query_type is None or not schema.query_type.fields:
        raise ConfigurationError(f"{place} has no type Query, so nothing can be asked of it")
    return schema


def _whole(document: DocumentNode) -> DocumentNode:
    """A subgraph may only extend types: extensions without a definition become one."""
    defined = {
        node.name.value
        for node in document.definitions
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
    }
    definitions = []
    for node in document.definitions:
        if isinstance(node, ObjectTypeExtensionNode) and node.name.value not in defined:
            defined.add(node.name.value)
            node = ObjectTypeDefinitionNode(
                name=node.name,
                interfaces=node.interfaces,
                directives=node.directives,
                fields=node.fields,
            )
        definitions.append(node)
    return DocumentNode(definitions=tuple(definitions))


def stated_keys(document: DocumentNode) -> Keys:
    """The `@key`s (or supergraph's `@join__type(key:)`) of plain fields, by type."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for node in document.definitions:
        if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            continue
        for directive in node.directives or ():
            if directive.name.value not in ("key", "federation__key", "join__type"):
                continue
            for argument in directive.arguments or ():
                if argument.name.value not in ("fields", "key"):
                    continue
                if not isinstance(argument.value, StringValueNode):
                    continue
                text = argument.value.value
                keys = found.setdefault(node.name.value, [])
                key = tuple(text.split())
                if "{" not in text and key and key not in keys:
                    keys.append(key)
    return {name: tuple(keys) for name, keys in found.items() if keys}
