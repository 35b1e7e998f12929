"""From what subgraphs answered to what the client asked for.

The response so far holds keys, required fields and parts of other types beside what was asked. It
is projected onto the shape of the operation: exactly the client's fields in the client's order, of
the runtime type, with values that the API schema allows and null where there is none. A null in a
non-null place moves up to the nearest place that may be null (specification, "Handling Execution
Errors"), with an error unless one explains it already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_named_type,
    is_enum_type,
)

from gateway.executor.errors import (
    INTERNAL_ERROR,
    INVALID_VALUE,
    NULL_IN_NON_NULL,
    KnownErrors,
    ResponseError,
)
from gateway.executor.facts import SupergraphFacts
from gateway.executor.paths import ResponsePath
from gateway.executor.scalars import BUILT_IN, InvalidLeafError
from gateway.operation.model import FieldSelection
from gateway.operation.shape import FieldShape, ObjectShape
from gateway.transport.base import JsonObject


class _Marker:
    pass


_MISSING: Final = _Marker()
"""No subgraph answered the field."""
_FAILED: Final = _Marker()
"""Null, and an error says why."""
_PROPAGATE: Final = _Marker()
"""Null where none may be: the place around it becomes null."""

Introspect = Callable[[FieldSelection], Any]


class Projection:
    """Projects one response; collects the errors it finds in `errors`."""

    def __init__(
        self, facts: SupergraphFacts, known_errors: list[ResponseError], introspect: Introspect
    ) -> None:
        self.errors: list[ResponseError] = []
        self._facts = facts
        self._introspect = introspect
        self._earlier_errors = known_errors
        self._known: KnownErrors | None = None
        self._path: list[str | int] = []

    def project(self, data: JsonObject, shape: ObjectShape) -> JsonObject | None:
        """Return the client's `data`; None if a null went all the way up."""
        name = shape.type.name
        projected: JsonObject | _Marker = self._object(data, shape.fields(name), name)
        return None if isinstance(projected, _Marker) else projected

    def _object(
        self, data: JsonObject, fields: Mapping[str, FieldShape], object_type: str
    ) -> JsonObject | _Marker:
        result: JsonObject = {}
        path = self._path
        for name, field in fields.items():
            if field.selection.name == "__typename":
                result[name] = object_type
                continue
            value: object = data.get(name, _MISSING)
            if type(value) is field.plain_type:
                result[name] = value
                continue
            path.append(name)
            if field.selection.name in ("__schema", "__type"):
                value = self._introspection(field)
            else:
                value = self._value(field.type, value, field)
            path.pop()
            if value is _PROPAGATE:
                return _PROPAGATE
            result[name] = None if value is _FAILED else value
        return result

    def _value(self, type_: GraphQLOutputType, value: Any, field: FieldShape) -> Any:
        if isinstance(type_, GraphQLNonNull):
            completed = self._value(type_.of_type, value, field)
            if completed is None:
                self._null_in_non_null(field, is_missing=value is _MISSING)
                return _PROPAGATE
            return _PROPAGATE if completed is _FAILED else completed
        if value is None or value is _MISSING:
            return None
        if isinstance(type_, GraphQLList):
            return self._list(type_.of_type, value, field)
        if field.nested is not None:
            return self._composite(value, field.nested, field)
        return self._leaf(type_, value, field)

    def _list(self, item_type: GraphQLOutputType, value: Any, field: FieldShape) -> Any:
        if not isinstance(value, list):
            return self._violation(field, "is no list")
        result: list[Any] = []
        path = self._path
        for index, item in enumerate(value):
            path.append(index)
            completed = self._value(item_type, item, field)
            path.pop()
            if completed is _PROPAGATE:
                return _FAILED
            result.append(None if completed is _FAILED else completed)
        return result

    def _composite(self, value: Any, shape: ObjectShape, field: FieldShape) -> Any:
        if not isinstance(value, dict):
            return self._violation(field, "is no object")
        if shape.is_object:
            name = shape.type.name
            completed = self._object(value, shape.fields(name), name)
            return _FAILED if completed is _PROPAGATE else completed
        type_name = value.get("__typename")
        if isinstance(type_name, str) and type_name in shape.object_types():
            fields: Mapping[str, FieldShape] | None = shape.fields(type_name)
        elif (
            isinstance(type_name, str)
            and self._facts.is_object(type_name)
            and self._facts.applies(shape.type.name, type_name)
        ):
            return None  # an inaccessible type: as if nothing were there
        elif self._facts.is_hidden_behind(type_name, shape.type.name):
            type_name, fields = shape.type.name, shape.fields_of_any_type()
        else:
            fields = None
        if fields is None or not isinstance(type_name, str):
            if self._explained(is_missing=True):
                return _FAILED
            return self._violation(field, f"has no object type of {shape.type.name}")
        completed = self._object(value, fields, type_name)
        return _FAILED if completed is _PROPAGATE else completed

    def _leaf(self, type_: GraphQLOutputType, value: Any, field: FieldShape) -> Any:
        if isinstance(type_, GraphQLEnumType):
            if isinstance(value, str) and value in type_.values:
                return value
            if self._is_inaccessible_value(type_.name, value):
                return None
            return self._violation(field, f"is no value of the enum {type_.name}")
        complete = BUILT_IN.get(get_named_type(type_).name)
        if complete is None:
            return value
        try:
            return complete(value)
        except InvalidLeafError as error:
            return self._violation(field, str(error))

    def _is_inaccessible_value(self, enum: str, value: Any) -> bool:
        full = self._facts.schema.get_type(enum)
        return is_enum_type(full) and isinstance(value, str) and value in full.values

    def _introspection(self, field: FieldShape) -> Any:
        try:
            answer = self._introspect(_whole_selection(field))
        except GraphQLError as error:
            self._add(ResponseError(error.message, tuple(self._path), INTERNAL_ERROR))
            return _PROPAGATE if isinstance(field.type, GraphQLNonNull) else _FAILED
        return answer

    def _violation(self, field: FieldShape, problem: str) -> _Marker:
        message = f"The value that a subgraph sent for {field.parent_type}.{field.name} {problem}."
        self._add(ResponseError(message, tuple(self._path), INVALID_VALUE))
        return _FAILED

    def _null_in_non_null(self, field: FieldShape, *, is_missing: bool) -> None:
        if not self._explained(is_missing=is_missing):
            message = f"Cannot return null for non-nullable field {field.parent_type}.{field.name}."
            self._add(ResponseError(message, tuple(self._path), NULL_IN_NON_NULL))

    def _explained(self, *, is_missing: bool) -> bool:
        if not self._earlier_errors:
            return False
        if self._known is None:
            self._known = KnownErrors(self._earlier_errors)
        return self._known.explain(tuple(self._path), is_missing=is_missing)

    def _add(self, error: ResponseError) -> None:
        self.errors.append(error)


def _whole_selection(field: FieldShape) -> FieldSelection:
    """One selection that asks for all that is asked for under this name."""
    sets = field.nested.selection_sets if field.nested else ()
    selections = tuple(selection for part in sets for selection in part)
    return FieldSelection(
        field.selection.name, field.selection.alias, field.selection.arguments, selections
    )


def places_of(
    data: Mapping[str, Any], names: tuple[str, ...], types: tuple[str, ...] = ()
) -> tuple[list[ResponsePath], ResponsePath]:
    """Find the objects that should have the field at `names` and have not.

    With `types`, objects of other types are not meant; where one tells no type it may be.
    Returns their paths with the field's name added, and the longest part of the way that exists.
    """
    current: list[tuple[Any, ResponsePath]] = [(data, ())]
    deepest: ResponsePath = ()
    for position, name in enumerate(names):
        objects: list[tuple[Mapping[str, Any], ResponsePath]] = []
        while current:
            value, path = current.pop()
            if isinstance(value, list):
                current.extend((item, (*path, i)) for i, item in enumerate(value))
            elif isinstance(value, Mapping):
                objects.append((value, path))
        if objects:
            deepest = names[: position + 1]
        if position == len(names) - 1:
            return [
                (*path, name)
                for value, path in reversed(objects)
                if name not in value and (not types or value.get("__typename") in (None, *types))
            ], deepest
        current = [(value.get(name), (*path, name)) for value, path in reversed(objects)]
    return [], deepest
