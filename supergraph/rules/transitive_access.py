"""Who may read a field may read what it is made of: requirements of required fields are repeated.

A gateway fetches what `@requires` and `@fromContext` name on its own account; a field that is less
protected than what goes into it would give protected data away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from graphql import ListValueNode, StringValueNode, ValueNode

from supergraph.definitions import Element, FieldDefinition, TypeDefinition, base_name
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.directives import ACCESS_DIRECTIVES
from supergraph.federation.field_set import FieldSet, FieldSetFragment, parse_field_set
from supergraph.merge.context import MergeContext
from supergraph.subgraph.contexts import contextual_arguments, types_setting
from supergraph.subgraph.field_sets import parsed_fields
from supergraph.subgraph.model import Subgraph

_ANYONE: frozenset[frozenset[str]] = frozenset({frozenset()})


@dataclass(frozen=True, slots=True)
class AccessRequirements:
    """What a caller needs: for each directive, any of the alternatives, each a set of names."""

    by_directive: tuple[frozenset[frozenset[str]], ...] = (_ANYONE,) * len(ACCESS_DIRECTIVES)

    @classmethod
    def of(cls, element: Element) -> AccessRequirements:
        """The requirements written on one element of the merged schema."""
        return cls(
            tuple(
                _alternatives(element, feature, argument)
                for feature, argument in ACCESS_DIRECTIVES.items()
            )
        )

    def __and__(self, other: AccessRequirements) -> AccessRequirements:
        return AccessRequirements(
            tuple(
                frozenset(left | right for left, right in product(mine, theirs))
                for mine, theirs in zip(self.by_directive, other.by_directive, strict=True)
            )
        )

    def implies(self, other: AccessRequirements) -> bool:
        """Whether everyone who satisfies these satisfies the others."""
        return all(
            all(any(need <= have for need in theirs) for have in mine)
            for mine, theirs in zip(self.by_directive, other.by_directive, strict=True)
        )


def _alternatives(
    element: Element, feature: str, argument: str | None
) -> frozenset[frozenset[str]]:
    applied = element.applied(feature)
    if not applied:
        return _ANYONE
    if argument is None:
        return frozenset({frozenset({feature})})
    return frozenset(
        frozenset(item.value for item in _items(inner) if isinstance(item, StringValueNode))
        for inner in _items(applied[0].arguments.get(argument))
    )


def _items(value: ValueNode | None) -> tuple[ValueNode, ...]:
    if value is None:
        return ()
    return tuple(value.values) if isinstance(value, ListValueNode) else (value,)


def check_transitive_access(context: MergeContext) -> Iterator[CompositionError]:
    """Code MISSING_TRANSITIVE_AUTH_REQUIREMENTS."""
    if not any(feature in context.feature_names for feature in ACCESS_DIRECTIVES):
        return
    for subgraph in context.subgraphs:
        for definition in subgraph.types.values():
            for field in definition.fields.values():
                for directive in field.applied("requires"):
                    field_set = parsed_fields(directive) or ()
                    yield from _check(
                        context, subgraph, definition, field, definition, field_set, "@requires"
                    )
        for item in contextual_arguments(subgraph):
            if item.reference is None:
                continue
            field_set = parse_field_set(item.reference.selection)
            for setting in types_setting(subgraph, item.reference.context):
                yield from _check(
                    context, subgraph, item.parent, item.field, setting, field_set, "@fromContext"
                )


def _check(
    context: MergeContext,
    subgraph: Subgraph,
    parent: TypeDefinition,
    field: FieldDefinition,
    selected_on: TypeDefinition,
    field_set: FieldSet,
    what: str,
) -> Iterator[CompositionError]:
    merged_parent = context.merged.types.get(parent.name)
    merged_field = merged_parent.fields.get(field.name) if merged_parent else None
    if merged_parent is None or merged_field is None:
        return
    own = AccessRequirements.of(merged_parent) & AccessRequirements.of(merged_field)
    coordinate = f"{parent.name}.{field.name}"
    for needs, target in _needs(context, selected_on.name, field_set):
        if not own.implies(needs):
            yield subgraph.error(
                ErrorCode.MISSING_TRANSITIVE_AUTH_REQUIREMENTS,
                f'Field "{coordinate}" does not specify necessary @authenticated, @requiresScopes '
                f"and/or @policy auth requirements to access the transitive {target} data from "
                f"{what} selection set.",
                *field.nodes,
                coordinate=coordinate,
            )
            return


def _needs(
    context: MergeContext, type_name: str, field_set: FieldSet
) -> Iterator[tuple[AccessRequirements, str]]:
    """What each thing a field set selects asks for, with how messages call it."""
    definition = context.merged.types.get(type_name)
    for selection in field_set:
        if isinstance(selection, FieldSetFragment):
            condition = selection.type_condition
            target = context.merged.types.get(condition or type_name)
            if target is not None:
                if condition is not None:
                    what = f'inline fragment type condition "{condition}"'
                    yield AccessRequirements.of(target), what
                yield from _needs(context, target.name, selection.selections)
            continue
        field = definition.fields.get(selection.name) if definition else None
        if definition is None or field is None:
            continue
        returned = context.merged.types.get(base_name(field.type))
        needs = AccessRequirements.of(field)
        if returned is not None:
            needs &= AccessRequirements.of(returned)
        yield needs, f'field "{definition.name}.{field.name}"'
        yield from _needs(context, base_name(field.type), selection.selections)
