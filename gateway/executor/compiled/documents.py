"""What a fetch's document asks of an object, once its type and all conditions are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
)

from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.facts import SupergraphFacts
from gateway.plan.nodes import FetchNode

SelectionSets = tuple[SelectionSetNode, ...]


@dataclass(frozen=True, slots=True)
class AskedField:
    """A field of an object in an answer; `wire_name` is its key there."""

    wire_name: str
    name: str
    selections: SelectionSets


def selection_sets(fetch: FetchNode) -> SelectionSets:
    """What a fetch selects: of the root, or of each entity."""
    definitions = parse(fetch.operation, no_location=True).definitions
    operation = next((d for d in definitions if isinstance(d, OperationDefinitionNode)), None)
    if operation is None or len(definitions) != 1:
        raise NotCompilableError("a fetch with fragments of its own")
    if not fetch.requires:
        return (operation.selection_set,)
    selections = operation.selection_set.selections
    if len(selections) != 1 or not isinstance(selections[0], FieldNode):
        raise NotCompilableError("an entity fetch with more than _entities")
    entities = selections[0].selection_set
    if entities is None or selections[0].alias is not None:
        raise NotCompilableError("an entity fetch of another form")
    return (entities,)


def asked_fields(
    facts: SupergraphFacts,
    sets: SelectionSets,
    object_type: str,
    conditions: Mapping[str, bool],
) -> list[AskedField]:
    """The fields that `sets` ask of an object of `object_type`, in the document's order."""
    found: dict[str, list[FieldNode]] = {}
    stack = [selection for part in reversed(sets) for selection in reversed(part.selections)]
    while stack:
        node = stack.pop()
        if not _is_included(node.directives, conditions):
            continue
        if isinstance(node, FieldNode):
            found.setdefault((node.alias or node.name).value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            if condition is None or facts.applies(condition.name.value, object_type):
                stack.extend(reversed(node.selection_set.selections))
        else:
            raise NotCompilableError("a fetch with named fragments")
    return [
        AskedField(
            wire_name,
            nodes[0].name.value,
            tuple(node.selection_set for node in nodes if node.selection_set is not None),
        )
        for wire_name, nodes in found.items()
    ]


def _is_included(
    directives: Iterable[DirectiveNode] | None, conditions: Mapping[str, bool]
) -> bool:
    for directive in directives or ():
        name = directive.name.value
        if name not in ("skip", "include"):
            continue
        arguments = directive.arguments or ()
        value = arguments[0].value if arguments else None
        if isinstance(value, BooleanValueNode):
            holds = value.value
        elif isinstance(value, VariableNode) and value.name.value in conditions:
            holds = conditions[value.name.value]
        else:
            raise NotCompilableError("a condition that the operation does not have")
        if holds is (name == "skip"):
            return False
    return True
