"""What the fields of a subgraph are used for: keys, `@provides`, `@requires`, interfaces.

`@external` has a meaning only together with these uses, and merging needs them: key fields are
shareable without saying so, provided fields are resolved although they are external.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    TypeDefinition,
    TypeKind,
    base_name,
)
from supergraph.federation.field_set import FieldSet, FieldSetError, parse_field_set
from supergraph.subgraph.contexts import contextual_arguments, types_setting
from supergraph.subgraph.field_sets import parsed_fields, selected_fields
from supergraph.subgraph.model import Subgraph

Coordinate = tuple[str, str]
"""Type name and field name."""


@dataclass(slots=True)
class FieldUsage:
    """Coordinates of fields by what uses them in the subgraph."""

    keys: set[Coordinate] = field(default_factory=set)
    provided: set[Coordinate] = field(default_factory=set)
    required: set[Coordinate] = field(default_factory=set)
    for_interface: set[Coordinate] = field(default_factory=set)
    in_contexts: set[Coordinate] = field(default_factory=set)

    def is_used(self, coordinate: Coordinate) -> bool:
        """Whether anything in the subgraph refers to the field."""
        return (
            coordinate in self.keys
            or coordinate in self.provided
            or coordinate in self.required
            or coordinate in self.for_interface
            or coordinate in self.in_contexts
        )


def field_usage(subgraph: Subgraph) -> FieldUsage:
    """Collect the uses of all fields; invalid field sets count as far as they can be followed."""
    usage = FieldUsage()
    for definition in subgraph.types.values():
        for key in definition.applied("key"):
            _collect(subgraph, definition, key, usage.keys)
        for item in definition.fields.values():
            for requires in item.applied("requires"):
                _collect(subgraph, definition, requires, usage.required)
            target = subgraph.types.get(base_name(item.type))
            if target is not None:
                for provides in item.applied("provides"):
                    _collect(subgraph, target, provides, usage.provided)
        if definition.kind is TypeKind.OBJECT:
            for interface in definition.interfaces:
                found = subgraph.types.get(interface)
                for name in found.fields if found is not None else ():
                    usage.for_interface.add((definition.name, name))
    _collect_contexts(subgraph, usage)
    return usage


def _collect_contexts(subgraph: Subgraph, usage: FieldUsage) -> None:
    """What `@fromContext` reads."""
    if not any(definition.has("context") for definition in subgraph.types.values()):
        return
    for item in contextual_arguments(subgraph):
        if item.reference is None:
            continue
        try:
            field_set = parse_field_set(item.reference.selection)
        except FieldSetError:
            continue
        for setting in types_setting(subgraph, item.reference.context):
            _collect_selected(subgraph, setting, field_set, usage.in_contexts)


def _collect(
    subgraph: Subgraph,
    parent: TypeDefinition,
    directive: AppliedDirective,
    into: set[Coordinate],
) -> None:
    _collect_selected(subgraph, parent, parsed_fields(directive) or (), into)


def _collect_selected(
    subgraph: Subgraph, parent: TypeDefinition, field_set: FieldSet, into: set[Coordinate]
) -> None:
    for selected in selected_fields(subgraph, parent, field_set):
        into.add((selected.parent.name, selected.field.name))
        if selected.parent.kind is TypeKind.INTERFACE:
            # A field selected on an interface is a field of each implementation.
            for name in subgraph.possible_types(selected.parent.name):
                into.add((name, selected.field.name))


def is_external(definition: TypeDefinition, item: FieldDefinition, usage: FieldUsage) -> bool:
    """Whether the subgraph does not resolve the field.

    Key fields that a type *extension* marks as external are resolved all the same: that is how
    Federation 1 wrote them.
    """
    if not item.has("external"):
        return False
    is_key = (definition.name, item.name) in usage.keys
    return not (is_key and item.in_extension)
