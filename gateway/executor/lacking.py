"""Objects that lack a value which some fields of an entity call need.

A required field may have failed, or an object may have no value to take from a context. Then the
fields that need it are not asked for, since the subgraph would compute them from nothing; but the
other fields of the same call are. So the call is made once more, for these objects, without the
fields concerned. This happens where something went wrong before; plans make no provision for it
beyond saying which field needs what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.executor.errors import MISSING_INPUT, ResponseError, visible_path
from gateway.executor.facts import SupergraphFacts
from gateway.executor.paths import Position, ResponsePath
from gateway.executor.representations import has_all
from gateway.executor.rewrites import rename_path
from gateway.operation.shape import ObjectShape
from gateway.plan.nodes import FetchNode, RequiredFragment

_ONLY_TYPENAME = SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))


class Step(NamedTuple):
    """A field's response name, and the type of objects that it is asked of; None for all."""

    name: str
    on: str | None = None


Way = tuple[Step, ...]
"""How to get from an entity to a field of it, or of an object below it."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Fields of an object, and of those below it, that were left out of a call."""

    position: Position
    ways: tuple[Way, ...]
    subgraph: str


@dataclass(frozen=True, slots=True)
class ReducedCall:
    """A call without some fields, for those who lack what these need."""

    fetch: FetchNode
    positions: list[Position]


def reduced_calls(
    facts: SupergraphFacts,
    fetch: FetchNode,
    lacking: Sequence[Position],
    failed: Collection[ResponsePath],
    missing_variables: frozenset[str] = frozenset(),
) -> tuple[list[ReducedCall], list[NotAsked]]:
    """The calls for objects that lack something, and what is left out of them.

    `failed` has the paths at or below which something failed. `missing_variables` are contextual
    variables that the objects have no value for.
    """
    positions_of: dict[tuple[str, frozenset[str]], list[Position]] = {}
    not_asked: list[NotAsked] = []
    using = _using(fetch, missing_variables)
    using_here = frozenset(way[0].name for way in using if len(way) == 1)
    for position in lacking:
        type_name = str(position.target.get("__typename"))
        all_names = _names_for(facts, fetch, type_name)
        names = frozenset(
            field.response_name
            for field in fetch.dependent_fields
            if facts.applies(field.type_condition, type_name)
            and not has_all(facts, position, field.requires, failed)
        )
        left_out = using | {(Step(name),) for name in names}
        ways = left_out or {(Step(name),) for name in all_names}
        not_asked.append(NotAsked(position, tuple(ways), fetch.subgraph))
        if left_out and not (names | using_here).issuperset(all_names):
            positions_of.setdefault((type_name, names), []).append(position)
    calls = [
        ReducedCall(reduced, positions)
        for (type_name, names), positions in positions_of.items()
        if (reduced := _without(facts, fetch, type_name, names, missing_variables)) is not None
    ]
    return calls, not_asked


def unexplained(
    facts: SupergraphFacts,
    not_asked: Iterable[NotAsked],
    errors: Sequence[ResponseError],
    shape: ObjectShape,
) -> list[ResponseError]:
    """Errors for fields of the client that are null and about which nothing was said yet."""
    known = {error.path for error in errors}
    found: list[ResponseError] = []
    for item in not_asked:
        for way in sorted(item.ways, key=str):
            for path in _absent(facts, item.position.target, item.position.path, way):
                is_said = any(path[:length] in known for length in range(len(path) + 1))
                if not is_said and visible_path(shape, path) == path:
                    message = f'The field was not asked of subgraph "{item.subgraph}": a value '
                    message += "that it needs could not be had."
                    found.append(ResponseError(message, path, MISSING_INPUT, item.subgraph))
    return found


def _absent(
    facts: SupergraphFacts, value: Any, path: ResponsePath, way: Way
) -> Iterator[ResponsePath]:
    """The paths of the fields at the end of a way that no call has answered."""
    if isinstance(value, list):
        for index, element in enumerate(value):
            yield from _absent(facts, element, (*path, index), way)
    elif isinstance(value, dict):
        (name, on), further = way[0], way[1:]
        type_name = value.get("__typename")
        if on is not None and isinstance(type_name, str) and not facts.applies(on, type_name):
            return
        if name not in value:
            yield (*path, name)
        elif further:
            yield from _absent(facts, value[name], (*path, name), further)


def _without(
    facts: SupergraphFacts,
    fetch: FetchNode,
    type_name: str,
    names: frozenset[str],
    missing_variables: frozenset[str],
) -> FetchNode | None:
    """The fetch without fields of these names or variables, for objects of one type."""
    operation, variables = _reduced_operation(fetch, names, missing_variables)
    if operation is None:
        return None
    kept = tuple(
        RequiredFragment(field.type_condition, field.requires)
        for field in fetch.dependent_fields
        if field.response_name not in names and facts.applies(field.type_condition, type_name)
    )
    return replace(
        fetch,
        operation=operation,
        variable_usages=tuple(name for name in fetch.variable_usages if name in variables),
        requires=(*fetch.keys, *kept) if fetch.keys else fetch.requires,
        context_rewrites=tuple(
            rewrite for rewrite in fetch.context_rewrites if rewrite.variable in variables
        ),
        keys=(),
        dependent_fields=(),
    )


@lru_cache(maxsize=512)
def _entity_selections(operation: str) -> tuple[OperationDefinitionNode, SelectionSetNode]:
    """The operation and what it asks of `_entities`."""
    definition = parse(operation, no_location=True).definitions[0]
    if isinstance(definition, OperationDefinitionNode):
        (entities,) = definition.selection_set.selections
        if isinstance(entities, FieldNode) and entities.selection_set is not None:
            return definition, entities.selection_set
    raise AssertionError("an entity call asks for _entities")


def _fields(
    selections: SelectionSetNode, on: str | None = None
) -> Iterable[tuple[str | None, FieldNode]]:
    """The fields of an entity call with the type condition nearest to each."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield on, selection
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            yield from _fields(selection.selection_set, condition.name.value if condition else on)


def _response_name(fetch: FetchNode, node: FieldNode) -> str:
    """The name that the field has in the response, after output rewrites."""
    return str(rename_path(((node.alias or node.name).value,), fetch.output_rewrites)[0])


def _names_for(facts: SupergraphFacts, fetch: FetchNode, type_name: str) -> frozenset[str]:
    return frozenset(
        _response_name(fetch, node)
        for on, node in _fields(_entity_selections(fetch.operation)[1])
        if node.name.value != "__typename" and (on is None or facts.applies(on, type_name))
    )


def _using(fetch: FetchNode, variables: frozenset[str]) -> frozenset[Way]:
    """The fields that take one of the variables."""
    if not variables:
        return frozenset()
    selections = _entity_selections(fetch.operation)[1]
    return frozenset(
        tuple(
            Step(str(name), step.on)
            for name, step in zip(
                rename_path([step.name for step in way], fetch.output_rewrites), way, strict=True
            )
        )
        for way in _ways_to(selections, variables)
    )


def _ways_to(selections: SelectionSetNode, variables: frozenset[str]) -> Iterator[Way]:
    for on, node in _fields(selections):
        step = Step((node.alias or node.name).value, on)
        if _takes(node, variables):
            yield (step,)
        elif node.selection_set is not None:
            for way in _ways_to(node.selection_set, variables):
                yield (step, *way)


def _takes(node: FieldNode, variables: frozenset[str]) -> bool:
    """Whether the field itself takes one of the variables."""
    return bool(variables) and not variables.isdisjoint(_variables(node.arguments or ()))


def _variables(nodes: Any) -> set[str]:
    found: set[str] = set()

    class Collect(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            found.add(node.name.value)

    for node in nodes:
        visit(node, Collect())
    return found


@lru_cache(maxsize=512)
def _reduced_operation(
    fetch: FetchNode, names: frozenset[str], missing_variables: frozenset[str]
) -> tuple[str | None, frozenset[str]]:
    """The document without some fields, and its variables; None if nothing is left."""
    definition, selections = _entity_selections(fetch.operation)
    kept = _reduced(fetch, selections, names, missing_variables)
    if kept is None:
        return None, frozenset()
    (entities,) = definition.selection_set.selections
    if not isinstance(entities, FieldNode):
        return None, frozenset()
    asked = FieldNode(
        alias=entities.alias,
        name=entities.name,
        arguments=entities.arguments,
        directives=entities.directives,
        selection_set=kept,
    )
    variables = frozenset(_variables([asked]))
    document = OperationDefinitionNode(
        operation=definition.operation,
        name=definition.name,
        variable_definitions=tuple(
            item
            for item in definition.variable_definitions or ()
            if item.variable.name.value in variables
        ),
        directives=definition.directives,
        selection_set=SelectionSetNode(selections=(asked,)),
    )
    return print_ast(document), variables


def _reduced(
    fetch: FetchNode,
    selections: SelectionSetNode,
    names: frozenset[str],
    missing_variables: frozenset[str],
) -> SelectionSetNode | None:
    """What is left without fields of these names here, and such that take missing variables."""
    kept: list[FieldNode | InlineFragmentNode] = []
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            if _response_name(fetch, selection) not in names and not _takes(
                selection, missing_variables
            ):
                kept.append(_without_below(fetch, selection, missing_variables))
        elif isinstance(selection, InlineFragmentNode):
            below = _reduced(fetch, selection.selection_set, names, missing_variables)
            if below is not None:
                kept.append(
                    InlineFragmentNode(
                        type_condition=selection.type_condition,
                        directives=selection.directives,
                        selection_set=below,
                    )
                )
    is_asked = any(
        isinstance(node, InlineFragmentNode) or node.name.value != "__typename" for node in kept
    )
    return SelectionSetNode(selections=tuple(kept)) if is_asked else None


def _without_below(
    fetch: FetchNode, node: FieldNode, missing_variables: frozenset[str]
) -> FieldNode:
    """The field, without such below it that take missing variables; its objects still count."""
    if node.selection_set is None or missing_variables.isdisjoint(_variables([node])):
        return node
    below = _reduced(fetch, node.selection_set, frozenset(), missing_variables)
    return FieldNode(
        alias=node.alias,
        name=node.name,
        arguments=node.arguments,
        directives=node.directives,
        selection_set=below or _ONLY_TYPENAME,
    )
