"""One subgraph call: what is sent, what came back, where it goes.

Whatever a subgraph does, the outcome is data that was merged, errors with a path, or both; an
exception would stop the rest of the plan, which can still answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from graphql import OperationType

from gateway.context import RequestContext
from gateway.executor.contexts import context_call, context_groups, part_of
from gateway.executor.entity_cache import CachedEntities, EntityCache
from gateway.executor.errors import (
    INTERNAL_ERROR,
    MALFORMED_RESPONSE,
    ResponseError,
    error_path,
    subgraph_error,
)
from gateway.executor.facts import SupergraphFacts, root_response_names
from gateway.executor.lacking import NotAsked, ReducedCall, reduced_calls
from gateway.executor.merge import copy_json, merge_object
from gateway.executor.paths import Position, ResponsePath, common_path, find_positions
from gateway.executor.representations import (
    Representations,
    above,
    collect_representations,
)
from gateway.executor.rewrites import apply_rewrites, rename_path
from gateway.plan.nodes import FetchNode, FieldSegment, FlattenNode
from gateway.transport.base import (
    JsonObject,
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Execution:
    """The state of one operation while its plan runs."""

    facts: SupergraphFacts
    variables: Mapping[str, Any]
    client: SubgraphClient
    context: RequestContext
    entity_cache: EntityCache | None
    """None also for mutations: what they return is read from the source."""
    data: JsonObject = field(default_factory=dict)
    errors: list[ResponseError] = field(default_factory=list)
    not_asked: list[NotAsked] = field(default_factory=list)
    has_contexts: bool = False
    """Whether a call of the plan sends what it takes from objects further up."""


async def run_fetch(execution: Execution, node: FetchNode | FlattenNode) -> None:
    """Run one fetch of the plan; whatever happens, the rest of the plan goes on."""
    fetch = node if isinstance(node, FetchNode) else node.node
    try:
        if isinstance(node, FetchNode):
            await _fetch_root(execution, node)
        else:
            await _fetch_entities(execution, node)
    except RecursionError:
        _malformed(execution, fetch, _paths(node), "answered a value that is nested too deeply")
    except Exception:
        # A defect of ours must not take down what else there is; clients learn no details.
        logger.exception("the answer of subgraph %s could not be processed", fetch.subgraph)
        message = f'The answer of subgraph "{fetch.subgraph}" could not be processed.'
        execution.errors.extend(
            ResponseError(message, path, INTERNAL_ERROR, fetch.subgraph) for path in _paths(node)
        )


async def _fetch_root(execution: Execution, fetch: FetchNode) -> None:
    """Run a fetch of root fields and merge its answer at the root."""
    response = await _call(execution, fetch, {}, lambda: _root_paths(fetch))
    if response is None:
        return
    for error in response.errors:
        path = error_path(error)
        exact = path is not None
        if path is None:
            paths = _root_paths(fetch)
            path = paths[0] if len(paths) == 1 else ()
        execution.errors.append(
            subgraph_error(
                fetch.subgraph, error, rename_path(path, fetch.output_rewrites), is_exact=exact
            )
        )
    if response.data is None:
        if not response.errors:
            _malformed(execution, fetch, _root_paths(fetch), "answered neither data nor errors")
        return
    if fetch.output_rewrites:
        apply_rewrites(execution.facts, response.data, fetch.output_rewrites)
    merge_object(execution.facts, execution.data, response.data)


async def _fetch_entities(execution: Execution, flatten: FlattenNode) -> None:
    """Run an entity fetch for all objects at the flatten node's paths."""
    fetch = flatten.node
    positions = find_positions(execution.facts, execution.data, flatten.paths)
    if not positions:
        return
    if not fetch.requires:
        await _fetch_root_at(execution, fetch, positions)
        return
    failed = above({error.path for error in execution.errors})
    if fetch.context_rewrites:
        await _fetch_in_contexts(execution, fetch, positions, failed)
    else:
        await _fetch_with(execution, fetch, positions, failed)


async def _fetch_with(
    execution: Execution,
    fetch: FetchNode,
    positions: Sequence[Position],
    failed: Collection[ResponsePath],
) -> None:
    """Run an entity fetch that sends one set of variables."""
    representations = collect_representations(execution.facts, fetch, positions, failed)
    if failed and representations.lacking:
        calls = _reduce(execution, fetch, representations.lacking, failed)
        for call in calls:
            await _fetch_with(execution, call.fetch, call.positions, failed)
    if not representations.items:
        return
    places = _Places(positions, representations)
    cached = None
    wanted = list(range(len(representations.items)))
    if execution.entity_cache is not None:
        cached = await execution.entity_cache.lookup(
            execution.context, fetch, _used_variables(execution, fetch), representations
        )
        wanted = cached.missing
        for index, entity in cached.found.items():
            _merge_entity(execution, fetch, places, index, entity)
    if wanted:
        await _fetch_wanted(execution, fetch, places, wanted, cached)


async def _fetch_in_contexts(
    execution: Execution,
    fetch: FetchNode,
    positions: Sequence[Position],
    failed: Collection[ResponsePath],
) -> None:
    """Run an entity fetch whose objects may take different variables from above.

    Its answers depend on more than the entity, so the entity cache has no part in it.
    """
    parts: list[tuple[JsonObject, _Places]] = []
    calls: list[ReducedCall] = []
    for group in context_groups(execution.facts, execution.data, fetch, positions, failed):
        if group.missing:
            calls += _reduce(execution, fetch, group.positions, failed, group.missing)
            continue
        found = collect_representations(execution.facts, fetch, group.positions, failed)
        if failed and found.lacking:
            calls += _reduce(execution, fetch, found.lacking, failed)
        if found.items:
            parts.append((group.values, _Places(group.positions, found)))
    for call in calls:
        if call.fetch.context_rewrites:
            await _fetch_in_contexts(execution, call.fetch, call.positions, failed)
        else:
            await _fetch_with(execution, call.fetch, call.positions, failed)
    if not parts:
        return
    request = context_call(
        fetch, [(values, places.representations.items) for values, places in parts]
    )

    def everywhere() -> list[ResponsePath]:
        return [common_path([path for _, places in parts for path in places.all_paths()])]

    response = await _call(execution, fetch, request.variables, everywhere, request.operation)
    if response is None:
        return
    for index, (_, places) in enumerate(parts):
        wanted = list(range(len(places.representations.items)))
        _take_entities(
            execution, fetch, places, wanted, part_of(response, index, len(parts)), everywhere
        )


def _reduce(
    execution: Execution,
    fetch: FetchNode,
    lacking: Sequence[Position],
    failed: Collection[ResponsePath],
    missing: frozenset[str] = frozenset(),
) -> list[ReducedCall]:
    calls, not_asked = reduced_calls(execution.facts, fetch, lacking, failed, missing)
    execution.not_asked += not_asked
    return calls


async def _fetch_root_at(
    execution: Execution, fetch: FetchNode, positions: Sequence[Position]
) -> None:
    """Fetch root fields for places where a field of the graph returned the root type."""
    everywhere = [position.path for position in positions]
    response = await _call(execution, fetch, {}, lambda: [common_path(everywhere)])
    if response is None:
        return
    for error in response.errors:
        rest = error_path(error)
        renamed = rename_path(rest or (), fetch.output_rewrites)
        execution.errors.extend(
            subgraph_error(fetch.subgraph, error, (*place, *renamed), is_exact=rest is not None)
            for place in everywhere
        )
    if response.data is None:
        if not response.errors:
            _malformed(execution, fetch, everywhere, "answered neither data nor errors")
        return
    if fetch.output_rewrites:
        apply_rewrites(execution.facts, response.data, fetch.output_rewrites)
    for position in positions:
        merge_object(execution.facts, position.target, copy_json(response.data))


async def _fetch_wanted(
    execution: Execution,
    fetch: FetchNode,
    places: _Places,
    wanted: Sequence[int],
    cached: CachedEntities | None,
) -> None:
    items = places.representations.items

    def everywhere() -> list[ResponsePath]:
        return [common_path([path for index in wanted for path in places.paths(index)])]

    response = await _call(
        execution, fetch, {"representations": [items[index] for index in wanted]}, everywhere
    )
    if response is None:
        return
    complete = _take_entities(execution, fetch, places, wanted, response, everywhere, merge=False)
    if cached is not None and execution.entity_cache is not None and not response.errors:
        # Stored before it is merged: merging makes the objects part of this response.
        await execution.entity_cache.store(execution.facts, execution.context, cached, complete)
    for index, entity in complete.items():
        _merge_entity(execution, fetch, places, index, entity)


def _take_entities(
    execution: Execution,
    fetch: FetchNode,
    places: _Places,
    wanted: Sequence[int],
    response: SubgraphResponse,
    everywhere: Callable[[], list[ResponsePath]],
    *,
    merge: bool = True,
) -> dict[int, JsonObject]:
    """Take the answer to a call for `wanted` representations; its good entities by index."""
    items = places.representations.items
    complete: dict[int, JsonObject] = {}
    for error in response.errors:
        _add_entity_error(execution, fetch, places, wanted, error, everywhere)
    entities = (response.data or {}).get("_entities")
    if entities is None and response.errors:
        return complete
    if not isinstance(entities, list) or len(entities) != len(wanted):
        problem = f"did not answer a list of the {len(wanted)} entities it was asked for"
        _malformed(execution, fetch, everywhere(), problem)
        return complete
    for index, entity in zip(wanted, entities, strict=True):
        if entity is None:
            continue
        wrong = _entity_problem(execution.facts, items[index], entity)
        if wrong is not None:
            _malformed(execution, fetch, places.paths(index), wrong)
            continue
        if fetch.output_rewrites:
            apply_rewrites(execution.facts, entity, fetch.output_rewrites)
        complete[index] = entity
    if merge:
        for index, entity in complete.items():
            _merge_entity(execution, fetch, places, index, entity)
    return complete


class _Places:
    """Where in the response each representation's entity stands."""

    def __init__(self, positions: Sequence[Position], representations: Representations) -> None:
        self.representations = representations
        self._positions: list[list[Position]] = [[] for _ in representations.items]
        for position, index in zip(positions, representations.indices, strict=True):
            if index is not None:
                self._positions[index].append(position)

    def of(self, index: int) -> list[Position]:
        return self._positions[index]

    def paths(self, index: int) -> list[ResponsePath]:
        return [position.path for position in self._positions[index]]

    def all_paths(self) -> list[ResponsePath]:
        return [position.path for positions in self._positions for position in positions]


def _merge_entity(
    execution: Execution, fetch: FetchNode, places: _Places, index: int, entity: JsonObject
) -> None:
    """Merge an entity wherever it stands.

    Places of one branch share the entity's parts, so that cost follows distinct data: they are
    asked the same from here on. Another branch has other selections below it, which may use one
    name for different fields; they must not meet in the same object. Where values from contexts
    are sent, what stands above a place decides, too, and no part is shared.
    """
    versions: dict[tuple[int, int], JsonObject] = {}
    for number, position in enumerate(places.of(index)):
        branch = (number, 0) if execution.has_contexts else position.branch
        version = versions.get(branch)
        if version is None:
            version = entity if not versions else copy_json(next(iter(versions.values())))
            versions[branch] = version
        merge_object(execution.facts, position.target, version)


def _entity_problem(
    facts: SupergraphFacts, representation: JsonObject, entity: object
) -> str | None:
    if not isinstance(entity, dict):
        return "answered an entity that is no object"
    type_name, wanted = entity.get("__typename"), representation["__typename"]
    if type_name is None or type_name == wanted or facts.applies(wanted, str(type_name)):
        return None
    if facts.applies(str(type_name), wanted):
        return None  # an @interfaceObject, which calls its objects by the interface's name
    return "answered an entity of another type than it was asked for"


def _add_entity_error(
    execution: Execution,
    fetch: FetchNode,
    places: _Places,
    wanted: Sequence[int],
    error: Mapping[str, Any],
    everywhere: Callable[[], list[ResponsePath]],
) -> None:
    path = error_path(error)
    match path:
        case ("_entities", int(sent), *rest) if 0 <= sent < len(wanted):
            renamed = rename_path(rest, fetch.output_rewrites)
            execution.errors.extend(
                subgraph_error(fetch.subgraph, error, (*place, *renamed), is_exact=True)
                for place in places.paths(wanted[sent])
            )
        case _:
            execution.errors.extend(
                subgraph_error(fetch.subgraph, error, place, is_exact=False)
                for place in everywhere()
            )


async def _call(
    execution: Execution,
    fetch: FetchNode,
    extra_variables: JsonObject,
    paths: Callable[[], Sequence[ResponsePath]],
    operation: str | None = None,
) -> SubgraphResponse | None:
    """Send a fetch, or another operation for it; a failure becomes one error per path and None."""
    request = SubgraphRequest(
        subgraph=fetch.subgraph,
        operation=fetch.operation if operation is None else operation,
        operation_name=fetch.operation_name,
        variables={**_used_variables(execution, fetch), **extra_variables},
        headers=execution.context.headers,
        is_mutation=fetch.kind is OperationType.MUTATION,
        security=execution.context.security,
    )
    try:
        return await execution.client.execute(request)
    except SubgraphCallError as error:
        message, code = error.message, error.code
    except Exception:
        logger.exception("the call of subgraph %s failed unexpectedly", fetch.subgraph)
        message = f'The call of subgraph "{fetch.subgraph}" failed unexpectedly.'
        code = INTERNAL_ERROR
    execution.errors.extend(ResponseError(message, path, code, fetch.subgraph) for path in paths())
    return None


def _used_variables(execution: Execution, fetch: FetchNode) -> JsonObject:
    values = execution.variables
    return {name: values[name] for name in fetch.variable_usages if name in values}


def _paths(node: FetchNode | FlattenNode) -> list[ResponsePath]:
    """The nearest places known before anything was fetched."""
    if isinstance(node, FetchNode):
        return _root_paths(node)
    names: list[ResponsePath] = []
    for path in node.paths:
        until_list = takewhile(lambda segment: isinstance(segment, FieldSegment), path)
        names.append(tuple(s.response_name for s in until_list if isinstance(s, FieldSegment)))
    return list(dict.fromkeys(names))


def _root_paths(fetch: FetchNode) -> list[ResponsePath]:
    """The places of a root fetch's fields."""
    names = root_response_names(fetch.operation)
    return [rename_path((name,), fetch.output_rewrites) for name in names]


def _malformed(
    execution: Execution, fetch: FetchNode, paths: Sequence[ResponsePath], problem: str
) -> None:
    message = f'Subgraph "{fetch.subgraph}" {problem}.'
    execution.errors.extend(
        ResponseError(message, path, MALFORMED_RESPONSE, fetch.subgraph) for path in paths
    )
