"""What lists can be asked for: filter inputs and orders, and what an adapter gets of them.

A filter names fields, and of each the operators its source answers well; an `EntityQuery` gets them
with JSON-safe values, as entities have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, EnumMeta
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types import get_object_definition

from subgraph_kit.data_product import EntityField, EntityQuery, EntitySchema, Order
from subgraph_kit.schema.derived.naming import attribute_name, filter_input_name
from subgraph_kit.schema.derived.types import TypeFactory, list_of, new_class, optional
from subgraph_kit.sources.canonical import canonical

DEFAULT_LIMIT = 20
MAX_LIMIT = 1_000
"""The most items one list field answers; more is asked page by page."""
MAX_OFFSET = 1_000_000

_NO_FILTER = ("json", "object", "bytes", "duration")


class ListInputs:
    """The inputs of lists, each made once for a schema."""

    def __init__(self, types: TypeFactory) -> None:
        self._types = types
        self._operators: dict[str, type] = {}
        self._filters: dict[str, Any] = {}
        self._orders: dict[str, Any] = {}

    def filter_type(self, schema: EntitySchema) -> Any | None:
        """`OrderFilter`, or None if nothing can be asked for."""
        if schema.entity not in self._filters:
            self._filters[schema.entity] = self._make_filter(schema)
        return self._filters[schema.entity]

    def order_type(self, schema: EntitySchema) -> Any | None:
        """`OrderOrderBy`, an enum of `field_ASC` and `field_DESC`, or None."""
        if schema.entity not in self._orders:
            self._orders[schema.entity] = _make_order(schema)
        return self._orders[schema.entity]

    def _make_filter(self, schema: EntitySchema) -> Any | None:
        cls = new_class(f"{schema.entity}Filter")
        for field in schema.fields:
            if field.is_list or field.type in _NO_FILTER:
                continue
            if field.filters:
                annotation = optional(self._operator_input(schema.entity, field))
            elif field.type != "enum" and (field.indexed or field.name in schema.key):
                annotation = optional(self._types.inner_type(schema.entity, field))
            else:
                continue
            attribute = attribute_name(field.name)
            cls.__annotations__[attribute] = annotation
            setattr(
                cls,
                attribute,
                strawberry.field(
                    name=field.name, description=field.description, default=strawberry.UNSET
                ),
            )
        if not cls.__annotations__:
            return None
        return strawberry.input(
            cls, name=cls.__name__, description="All given conditions must hold."
        )

    def _operator_input(self, owner: str, field: EntityField) -> Any:
        scalar = self._types.inner_type(owner, field)
        name = filter_input_name(self._types.inner_name(owner, field), field.filters)
        if name not in self._operators:
            cls = new_class(name)
            for operator in sorted(set(field.filters), key=_OPERATORS.index):
                # Strawberry writes `starts_with` as `startsWith`.
                attribute = f"{operator}_" if operator == "in" else operator
                annotation = list_of(scalar) if operator == "in" else scalar
                cls.__annotations__[attribute] = optional(annotation)
                graphql_name = _GRAPHQL_OPERATORS.get(operator, operator)
                setattr(
                    cls, attribute, strawberry.field(name=graphql_name, default=strawberry.UNSET)
                )
            self._operators[name] = strawberry.input(
                cls, name=name, description="All given must hold."
            )
        return self._operators[name]


_OPERATORS = ("eq", "neq", "in", "gt", "gte", "lt", "lte", "contains", "starts_with")
_GRAPHQL_OPERATORS = {"starts_with": "startsWith"}


def _make_order(schema: EntitySchema) -> Any | None:
    names = [field.name for field in schema.fields if field.orderable]
    if not names:
        return None
    name = f"{schema.entity}OrderBy"
    members = EnumMeta.__prepare__(name, (Enum,))
    for field in names:
        for direction in ("ASC", "DESC"):
            value = f"{field}_{direction}"
            members[f"V_{value}"] = strawberry.enum_value(value, name=value)
    enum = EnumMeta(name, (Enum,), members)
    return strawberry.enum(
        enum, name=name, description="Later orders decide where earlier ones are equal."
    )


def entity_query(filter: Any, order_by: Any, limit: int, offset: int) -> EntityQuery:
    """What the adapter is asked, of checked arguments.

    Raises:
        GraphQLError: if they make no sense; the text is for the client.
    """
    for name, value, largest in (("limit", limit, MAX_LIMIT), ("offset", offset, MAX_OFFSET)):
        if not 0 <= value <= largest:
            raise GraphQLError(
                f"{name} must be from 0 to {largest:,}", extensions={"code": "BAD_USER_INPUT"}
            )
    return EntityQuery(
        filter=conditions(filter), order=orders(order_by), limit=limit, offset=offset
    )


def conditions(filter: Any) -> dict[str, Any]:
    """The given conditions by field: a value, or a mapping of operators.

    Raises:
        GraphQLError: if a condition is null: it would look like none at all.
    """
    if filter is None or filter is strawberry.UNSET:
        return {}
    found: dict[str, Any] = {}
    for name, value in _given(filter).items():
        if value is not None and get_object_definition(type(value)) is not None:
            operators = _given(value)
            if not operators:
                continue
            for operator, operand in operators.items():
                _refuse_null(f"{name}.{operator}", operand)
            found[name] = {
                _OPERATOR_OF.get(operator, operator): comparable(operand)
                for operator, operand in operators.items()
            }
        else:
            _refuse_null(name, value)
            found[name] = comparable(value)
    return found


_OPERATOR_OF = {graphql: operator for operator, graphql in _GRAPHQL_OPERATORS.items()}


def _given(value: Any) -> Mapping[str, Any]:
    definition = get_object_definition(type(value), strict=True)
    return {
        str(field.graphql_name): given
        for field in definition.fields
        if (given := getattr(value, field.python_name)) is not strawberry.UNSET
    }


def _refuse_null(name: str, value: Any) -> None:
    if value is None:
        raise GraphQLError(
            f"the filter's {name} is null: leave it out, or give a value",
            extensions={"code": "BAD_USER_INPUT"},
        )


def comparable(value: Any) -> Any:
    """A value as entities carry it."""
    return canonical(value)


def orders(order_by: Any) -> tuple[Order, ...]:
    """`createdAt_DESC` → by `createdAt`, descending."""
    found = []
    for each in order_by or ():
        name, _, direction = str(each.value).rpartition("_")
        found.append(Order(name, descending=direction == "DESC"))
    return tuple(found)
