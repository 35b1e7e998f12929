"""What the executor asks the supergraph: which types apply where, and what identifies an entity.

It looks at the full schema, not at the API schema: subgraphs speak of inaccessible types too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    is_abstract_type,
    is_interface_type,
    is_object_type,
    parse,
)

from supergraph.federation.field_set import FieldSet, FieldSetField
from supergraph.model import SubgraphName, Supergraph, TypeName

KeyState = Literal["complete", "null", "absent"]


class SupergraphFacts:
    """Cheap to make, so every execution has its own."""

    __slots__ = ("_keys", "api_schema", "schema", "supergraph")

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self._keys: dict[tuple[str, str], tuple[FieldSet, ...]] = {}
        self.schema: GraphQLSchema = supergraph.schema
        self.api_schema: GraphQLSchema = supergraph.api_schema

    def applies(self, type_condition: str, type_name: str) -> bool:
        """Whether a fragment on `type_condition` applies to an object called `type_name`.

        `type_name` may be an interface: an `@interfaceObject` has no better name in its subgraph.
        """
        if type_condition == type_name:
            return True
        condition = self.schema.get_type(type_condition)
        named = self.schema.get_type(type_name)
        if not is_abstract_type(condition):
            return False
        if is_object_type(named) or is_interface_type(named):
            return self.schema.is_sub_type(condition, named)
        return False

    def is_object(self, type_name: object) -> bool:
        """Whether this is the name of an object type."""
        return isinstance(type_name, str) and is_object_type(self.schema.get_type(type_name))

    def is_hidden_behind(self, type_name: object, static_type: str) -> bool:
        """Whether `type_name`, where objects of `static_type` stand, is an interface object's."""
        if type_name is None:
            return self.has_interface_object(static_type)
        return (
            isinstance(type_name, str)
            and self.has_interface_object(type_name)
            and self.applies(static_type, type_name)
        )

    def has_interface_object(self, type_name: str) -> bool:
        """Whether some subgraph declares this interface as an object, by `@interfaceObject`."""
        definition = self.supergraph.types.get(TypeName(type_name))
        return definition is not None and any(join.is_interface_object for join in definition.joins)

    def keys(self, subgraph: str, type_name: str) -> tuple[FieldSet, ...]:
        """The keys by which `subgraph` knows the entity type, those of its interfaces included."""
        known = self._keys.get((subgraph, type_name))
        if known is None:
            known = self._keys[subgraph, type_name] = self._find_keys(subgraph, type_name)
        return known

    def _find_keys(self, subgraph: str, type_name: str) -> tuple[FieldSet, ...]:
        names = [type_name]
        named = self.schema.get_type(type_name)
        if is_object_type(named) or is_interface_type(named):
            names.extend(interface.name for interface in named.interfaces)
        found: dict[FieldSet, None] = {}
        for name in names:
            definition = self.supergraph.types.get(TypeName(name))
            for join in definition.keys(SubgraphName(subgraph)) if definition else ():
                if join.key is not None:
                    found[join.key] = None
        return tuple(found)


def key_state(value: Any, key: FieldSet) -> KeyState:
    """Whether all leaves of `key` are in `value`: there, null, or not even named."""
    if isinstance(value, list):
        states = {key_state(item, key) for item in value}
        return "absent" if "absent" in states else "null" if "null" in states else "complete"
    if value is None:
        return "null"
    if not isinstance(value, dict):
        return "absent"
    worst: KeyState = "complete"
    for selection in key:
        if not isinstance(selection, FieldSetField):
            continue  # a fragment in a key applies to some types only
        if selection.name not in value:
            return "absent"
        child = value[selection.name]
        state: KeyState = "null" if child is None else "complete"
        if child is not None and selection.selections:
            state = key_state(child, selection.selections)
        if state == "absent":
            return "absent"
        if state == "null":
            worst = "null"
    return worst


def key_values(value: Any, key: FieldSet) -> list[str]:
    """The leaves of `key` in `value` as texts, in the key's order."""
    if isinstance(value, list):
        return [text for item in value for text in key_values(item, key)]
    found: list[str] = []
    for selection in key:
        if isinstance(selection, FieldSetField) and isinstance(value, dict):
            child = value.get(selection.name)
            if selection.selections:
                found.extend(key_values(child, selection.selections))
            else:
                found.append(str(child))
    return found


@lru_cache(maxsize=4096)
def root_response_names(operation: str) -> tuple[str, ...]:
    """The response names at the root of a fetch's document; for errors that concern all of it."""
    names: dict[str, None] = {}
    for definition in parse(operation, no_location=True).definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        stack = list(reversed(definition.selection_set.selections))
        while stack:
            node = stack.pop()
            if isinstance(node, FieldNode):
                names[(node.alias or node.name).value] = None
            elif isinstance(node, InlineFragmentNode):
                stack.extend(reversed(node.selection_set.selections))
    return tuple(names)
