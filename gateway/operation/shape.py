"""What the response to an operation looks like, object by object.

Which fields an object of the response has, and in which order, depends on its runtime type and on
the variables in conditions. Both are few, so the answer is worked out once per combination
(specification, "CollectFields") and kept with the prepared operation.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLCompositeType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
    is_object_type,
)

from gateway.operation.model import Conditions, FieldSelection, SelectionSet
from gateway.operation.normalize.apply_types import possible_types
from gateway.operation.schema_lookup import composite_type, field_definition

_KEPT_CONDITION_VALUES = 32
"""Combinations of condition values kept per operation; a client decides how many there are."""


PythonType: TypeAlias = type[Any]


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of an object in the response."""

    response_name: str
    parent_type: str
    """Name of the object type that has the field."""
    type: GraphQLOutputType
    """Its type in the API schema."""
    selection: FieldSelection
    """The first selection that asks for it; the others agree on name and arguments."""
    nested: ObjectShape | None
    """None for a leaf."""
    plain_type: PythonType | None = None
    """The Python type whose every value is valid here as it is; None if there is no such type."""

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.selection.name


class ObjectShape:
    """The fields of objects at one place of the response, by runtime type."""

    __slots__ = ("_by_type", "_conditions", "_schema", "is_object", "selection_sets", "type")

    def __init__(
        self,
        schema: GraphQLSchema,
        type_: GraphQLCompositeType,
        selection_sets: tuple[SelectionSet, ...],
        conditions: Mapping[str, bool],
    ) -> None:
        self.type = type_
        self.is_object = is_object_type(type_)
        self.selection_sets = selection_sets
        self._schema = schema
        self._conditions = conditions
        self._by_type: dict[str, dict[str, FieldShape]] = {}

    def fields(self, object_type: str) -> Mapping[str, FieldShape]:
        """Fields by response name, in response order, for an object type of the API schema.

        For an abstract type: those that it has itself, without fragments on its objects.
        """
        found = self._by_type.get(object_type)
        if found is None:
            found = self._by_type[object_type] = self._collect(object_type)
        return found

    def fields_of_any_type(self) -> Mapping[str, FieldShape] | None:
        """The fields where they are the same whatever the object's type is; otherwise None.

        A subgraph with an `@interfaceObject` does not know the true types of its objects.
        """
        if any(self._depends_on_type(selections) for selections in self.selection_sets):
            return None
        return self.fields(self.type.name)

    def object_types(self) -> frozenset[str]:
        """The object types that can stand here, as far as clients may know."""
        return possible_types(self._schema, self.type)

    def _collect(self, object_type: str) -> dict[str, FieldShape]:
        groups: dict[str, list[FieldSelection]] = {}
        for selections in self.selection_sets:
            self._group(selections, object_type, groups)
        parent = composite_type(self._schema, object_type)
        shapes: dict[str, FieldShape] = {}
        for response_name, group in groups.items():
            type_ = field_definition(self._schema, parent, group[0].name).type
            named = get_named_type(type_)
            nested = None
            if is_composite_type(named):
                parts = tuple(field.selections for field in group)
                nested = ObjectShape(self._schema, named, parts, self._conditions)
            shapes[response_name] = FieldShape(
                response_name, object_type, type_, group[0], nested, _plain_type(type_)
            )
        return shapes

    def _depends_on_type(self, selections: SelectionSet) -> bool:
        for selection in selections:
            if not self._holds(selection.conditions):
                continue
            if isinstance(selection, FieldSelection):
                if selection.name == "__typename":
                    return True
            elif selection.type_condition is not None or self._depends_on_type(
                selection.selections
            ):
                return True
        return False

    def _group(
        self,
        selections: SelectionSet,
        object_type: str,
        groups: dict[str, list[FieldSelection]],
    ) -> None:
        for selection in selections:
            if not self._holds(selection.conditions):
                continue
            if isinstance(selection, FieldSelection):
                groups.setdefault(selection.response_name, []).append(selection)
            elif selection.type_condition is None or object_type in possible_types(
                self._schema, composite_type(self._schema, selection.type_condition)
            ):
                self._group(selection.selections, object_type, groups)

    def _holds(self, conditions: Conditions) -> bool:
        return all(self._conditions[c.variable] is c.required for c in conditions)


class ResponseShape:
    """The shape of a whole response; immutable but for its memory of what it worked out."""

    def __init__(
        self,
        schema: GraphQLSchema,
        root_type: GraphQLCompositeType,
        selections: SelectionSet,
    ) -> None:
        self._schema = schema
        self._root_type = root_type
        self._selections = selections
        self.condition_variables = tuple(sorted(_condition_variables(selections)))
        self._kept: OrderedDict[tuple[bool, ...], ObjectShape] = OrderedDict()

    @property
    def root_type(self) -> str:
        """The API schema's name for the root type."""
        return self._root_type.name

    def for_variables(self, variables: Mapping[str, Any]) -> ObjectShape:
        """The root object, for coerced variables."""
        values = tuple(bool(variables.get(name)) for name in self.condition_variables)
        shape = self._kept.get(values)
        if shape is None:
            conditions = dict(zip(self.condition_variables, values, strict=True))
            shape = ObjectShape(self._schema, self._root_type, (self._selections,), conditions)
            self._kept[values] = shape
            if len(self._kept) > _KEPT_CONDITION_VALUES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(values)
        return shape


_PLAIN_TYPES: Mapping[str, PythonType] = {"String": str, "ID": str, "Boolean": bool}


def _plain_type(type_: GraphQLOutputType) -> PythonType | None:
    nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return _PLAIN_TYPES.get(nullable.name) if isinstance(nullable, GraphQLScalarType) else None


def _condition_variables(selections: SelectionSet) -> Iterable[str]:
    found: set[str] = set()
    stack = list(selections)
    while stack:
        selection = stack.pop()
        found.update(condition.variable for condition in selection.conditions)
        stack.extend(selection.selections)
    return found
