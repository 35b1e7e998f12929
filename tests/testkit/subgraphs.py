"""Subgraphs in process: schemas with data, served through the gateway's `SubgraphClient`.

They answer by graphql-core, validate what they are sent like a real subgraph, resolve `_entities`,
record every request, and fail on demand. `check_against_monolith` compares a federated answer with
the one that a single plain schema over the same data gives.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    build_ast_schema,
    graphql_sync,
    is_object_type,
    parse,
)

from gateway.context import RequestContext
from gateway.executor import EntityCache, ExecutionResult
from gateway.operation import OperationLimits, coerce_variables, prepare_operation
from gateway.plan.nodes import QueryPlan
from gateway.planner import QueryPlanner
from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from supergraph.model import Supergraph
from tests.testkit.executors import execute_both

Resolver = Any
"""A callable `(parent, **arguments)`, or the value itself."""
EntityResolver = Callable[[dict[str, Any]], Any]
Failure = SubgraphCallError | SubgraphResponse | Callable[[SubgraphRequest], SubgraphResponse]

_KEY_DIRECTIVES = ("key", "federation__key")


class Subgraph:
    """One subgraph: its SDL, resolvers by coordinate (`Query.user`), entities by type name.

    A field without a resolver is the member of that name of its object. An entity without a
    resolver is its representation. Errors that resolvers raise become GraphQL errors.
    """

    def __init__(
        self,
        sdl: str,
        resolvers: Mapping[str, Resolver] | None = None,
        entities: Mapping[str, EntityResolver] | None = None,
    ) -> None:
        self.schema = _subgraph_schema(sdl)
        self.resolvers = dict(resolvers or {})
        self.entities = dict(entities or {})

    def answer(self, request: SubgraphRequest) -> SubgraphResponse:
        """Execute one request; the answer went through JSON, so it shares nothing."""
        result = graphql_sync(
            self.schema,
            request.operation,
            root_value={},
            variable_values=json.loads(json.dumps(dict(request.variables))),
            operation_name=request.operation_name,
            field_resolver=self._resolve,
        )
        formatted = json.loads(json.dumps(result.formatted))
        return SubgraphResponse(formatted.get("data"), formatted.get("errors", ()))

    def _resolve(self, parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        if coordinate == "Query._entities":
            return [self._entity(item) for item in arguments["representations"]]
        return resolve_field(self.resolvers, coordinate, parent, info.field_name, arguments)

    def _entity(self, representation: dict[str, Any]) -> Any:
        type_name = representation["__typename"]
        if self.schema.get_type(type_name) is None:
            raise GraphQLError(f"there is no entity type {type_name}")
        resolve = self.entities.get(type_name)
        try:
            entity = resolve(representation) if resolve else representation
        except GraphQLError as error:
            return error
        if isinstance(entity, dict) and is_object_type(self.schema.get_type(type_name)):
            return {**entity, "__typename": type_name}
        return entity


def resolve_field(
    resolvers: Mapping[str, Resolver],
    coordinate: str,
    parent: Any,
    name: str,
    arguments: Mapping[str, Any],
) -> Any:
    """Resolve by coordinate, or read the member of that name."""
    if coordinate in resolvers:
        resolver = resolvers[coordinate]
        return resolver(parent, **arguments) if callable(resolver) else resolver
    return parent.get(name) if isinstance(parent, dict) else None


def _subgraph_schema(sdl: str) -> GraphQLSchema:
    document = parse(sdl)
    objects = (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)
    keyed = {
        node.name.value
        for node in document.definitions
        if isinstance(node, objects)
        and any(d.name.value in _KEY_DIRECTIVES for d in node.directives or ())
    }
    has_query = any(
        isinstance(node, objects) and node.name.value == "Query" for node in document.definitions
    )
    additions = "" if has_query else "type Query { _service: String }"
    if keyed:
        additions += f"""
            scalar _Any
            union _Entity = {" | ".join(sorted(keyed))}
            extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}
        """
    extra = parse(additions).definitions if additions else ()
    merged = DocumentNode(definitions=(*document.definitions, *extra))
    return build_ast_schema(merged, assume_valid=True, assume_valid_sdl=True)


@dataclass
class Subgraphs:
    """A `SubgraphClient` over subgraphs in process."""

    by_name: Mapping[str, Subgraph]
    requests: list[SubgraphRequest] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    before: Callable[[SubgraphRequest], Awaitable[None]] | None = None
    """Awaited before each answer, to hold one back or to let something happen meanwhile."""
    closed: bool = False

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer, or fail as `failures` says for the subgraph."""
        self.requests.append(request)
        if self.before is not None:
            await self.before(request)
        match self.failures.get(request.subgraph):
            case None:
                return self.by_name[request.subgraph].answer(request)
            case SubgraphCallError() as error:
                raise error
            case SubgraphResponse() as response:
                return SubgraphResponse(
                    json.loads(json.dumps(response.data)), response.errors, response.extensions
                )
            case answer:
                return answer(request)

    async def close(self) -> None:
        """Note that it was called."""
        self.closed = True

    def sent_to(self, subgraph: str) -> list[SubgraphRequest]:
        """The requests that one subgraph received."""
        return [request for request in self.requests if request.subgraph == subgraph]

    def representations(self, subgraph: str) -> list[list[dict[str, Any]]]:
        """The representations of each entity call that one subgraph received."""
        return [
            list(request.variables["representations"])
            for request in self.sent_to(subgraph)
            if "representations" in request.variables
        ]

    def fail(self, subgraph: str, code: str = "SUBREQUEST_CONNECTION_ERROR") -> None:
        """Let every call of the subgraph fail from now on."""
        message = f'Subgraph "{subgraph}" is not reachable.'
        self.failures[subgraph] = SubgraphCallError(subgraph, code, message)


_planners: dict[int, QueryPlanner] = {}


def planner_of(supergraph: Supergraph) -> QueryPlanner:
    """The planner of a supergraph; made once, for property tests ask often."""
    planner = _planners.get(id(supergraph))
    if planner is None or planner.supergraph is not supergraph:
        planner = _planners[id(supergraph)] = QueryPlanner(supergraph)
    return planner


async def answer(
    supergraph: Supergraph,
    client: Subgraphs,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    plan: QueryPlan | None = None,
    context: RequestContext | None = None,
    entity_cache: EntityCache | None = None,
    limits: OperationLimits | None = None,
) -> ExecutionResult:
    """Answer a query like the gateway does; without `plan`, by the planner's."""
    prepared = prepare_operation(supergraph.api_schema, query, None, limits or OperationLimits())
    if isinstance(prepared, list):
        return ExecutionResult(None, [dict(error.formatted) for error in prepared])
    values = coerce_variables(supergraph.api_schema, prepared.operation.variables, variables)
    if isinstance(values, list):
        return ExecutionResult(None, [dict(error.formatted) for error in values])
    if plan is None:
        plan = planner_of(supergraph).plan(prepared.operation)
    return await execute_both(
        plan,
        prepared,
        values,
        supergraph=supergraph,
        client=client,
        context=context,
        entity_cache=entity_cache,
    )


def monolith_answer(
    schema: GraphQLSchema,
    resolvers: Mapping[str, Resolver],
    query: str,
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Answer the query by one plain schema over the same data."""

    def resolve(parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        return resolve_field(resolvers, coordinate, parent, info.field_name, arguments)

    result = graphql_sync(
        schema,
        query,
        root_value={},
        variable_values=dict(variables or {}),
        field_resolver=resolve,
    )
    formatted: dict[str, Any] = json.loads(json.dumps(result.formatted))
    return formatted


async def check_against_monolith(
    supergraph: Supergraph,
    client: Subgraphs,
    resolvers: Mapping[str, Resolver],
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    plan: QueryPlan | None = None,
) -> ExecutionResult:
    """Assert that the federated answer is the monolith's: values, order of members, errors or none.

    `resolvers` answer the API schema's fields over the same data as the subgraphs'.
    """
    result = await answer(supergraph, client, query, variables, plan=plan)
    expected = monolith_answer(supergraph.api_schema, resolvers, query, variables)
    assert json.dumps(result.data) == json.dumps(expected["data"]), result.errors
    assert bool(result.errors) == bool(expected.get("errors")), result.errors
    return result
