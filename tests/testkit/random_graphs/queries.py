"""Random operations for a schema: everything a client may write, and what none should.

Aliases take the names of other fields, of keys above all; fragments are named or inline, on
objects, interfaces and unions, with conditions; variables stand in arguments, inside input objects
and lists, with and without defaults. Some results are invalid because aliases collide: whoever
asks validates, and asks again.
"""

from __future__ import annotations

import random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
    parse,
    validate,
)

MAX_DEPTH = 6


class QueryMaker:
    """Makes one operation; `variables` holds the values for it."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self.schema = schema
        self.random = random.Random(seed)
        self.variables: dict[str, Any] = {}
        self._declared: list[str] = []
        self._fragments: list[tuple[str, str, str]] = []
        self._left = self.random.choice((4, 8, 8, 15, 30))
        self._hostile = self.random.choice((0.0, 0.05, 0.25))
        self._objects = [
            type_
            for type_ in schema.type_map.values()
            if is_composite_type(type_) and type_.name[0] != "_"
        ]

    def make(self) -> str:
        """The operation."""
        kind = "query"
        root = self.schema.query_type
        if self.schema.mutation_type is not None and self.random.random() < 0.2:
            kind, root = "mutation", self.schema.mutation_type
        assert root is not None
        body = self._selections(root, 0)
        head = f"{kind} ({', '.join(self._declared)})" if self._declared else kind
        return (
            head
            + " "
            + body
            + "".join(f"\nfragment {name} on {on} {text}" for name, on, text in self._fragments)
        )

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _selections(self, type_: GraphQLNamedType, depth: int) -> str:
        fields: dict[str, GraphQLField] = dict(getattr(type_, "fields", {}))
        if depth >= MAX_DEPTH or self._left <= 0:
            fields = {
                n: f for n, f in fields.items() if not is_composite_type(get_named_type(f.type))
            }
        parts: list[str] = []
        names = sorted(fields)
        for _ in range(self.random.randint(1, 4)):
            if names and (self._left > 0 or not parts):
                name = self.random.choice(names)
                parts.append(self._field(name, fields[name], depth, sorted(fields)))
        if self._chance(0.15):
            alias = self.random.choice(("", "", "kind: ", "id: "))
            parts.insert(
                self.random.randint(0, len(parts)), f"{alias}__typename{self._condition()}"
            )
        wanted = self.random.randint(1, 3) if is_abstract_type(type_) else int(self._chance(0.12))
        if depth < MAX_DEPTH:
            for _ in range(wanted):
                if self._left > 0:
                    parts.insert(self.random.randint(0, len(parts)), self._fragment(type_, depth))
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        if self._fragments and self._chance(0.2):
            name, on, _ = self.random.choice(self._fragments)
            if self._overlaps(type_, on):
                return f"...{name}{self._condition()}"
        if self._chance(0.1):
            return f"...{self._condition()} {self._selections(type_, depth + 1)}"
        others = [other for other in self._objects if self._overlaps(type_, other.name)]
        chosen = self.random.choice(others)
        inner = self._selections(chosen, depth + 1)
        if self._chance(0.3):
            name = f"F{len(self._fragments)}"
            self._fragments.append((name, chosen.name, inner))
            return f"...{name}{self._condition()}"
        return f"... on {chosen.name}{self._condition()} {inner}"

    def _overlaps(self, type_: GraphQLNamedType, name: str) -> bool:
        return not self._possible(type_.name).isdisjoint(self._possible(name))

    def _possible(self, name: str) -> set[str]:
        type_ = self.schema.type_map[name]
        if is_object_type(type_):
            return {name}
        return {item.name for item in self.schema.get_possible_types(type_)}  # type: ignore[arg-type]  # it is abstract

    def _field(self, name: str, definition: GraphQLField, depth: int, others: list[str]) -> str:
        self._left -= 1
        text = name
        arguments = [
            f"{argument}: {self._argument(details.type)}"
            for argument, details in definition.args.items()
            if (isinstance(details.type, GraphQLNonNull) and details.default_value is None)
            or (
                isinstance(details.type, GraphQLNonNull)
                and "Undefined" in repr(details.default_value)
            )
            or self._chance(0.6)
        ]
        if arguments:
            text += f"({', '.join(arguments)})"
        if self._chance(self._hostile):
            text = f"{self.random.choice([*others, 'id', 'code', 'ref', 'name'])}: {text}"
        elif arguments:
            text = f"{name}{self.random.randint(0, 99)}: {text}"
        text += self._condition()
        target = get_named_type(definition.type)
        if is_composite_type(target):
            text += " " + self._selections(target, depth + 1)
        return text

    def _condition(self) -> str:
        if not self._chance(0.08):
            return ""
        word = self.random.choice(("include", "skip"))
        if self._chance(0.1):
            return f" @{word}(if: {self.random.choice(('true', 'false'))})"
        name = f"c{self.random.randint(0, 2)}"
        if name not in self.variables:
            self.variables[name] = self._chance(0.5)
            self._declared.append(f"${name}: Boolean!")
        return f" @{word}(if: ${name})"

    # --- Arguments --------------------------------------------------------------------------------

    def _argument(self, type_: Any, *, inside: bool = False) -> str:
        if self._chance(0.35):
            return self._variable(type_)
        if isinstance(type_, GraphQLNonNull):
            return self._argument_of(type_.of_type)
        if not inside and self._chance(0.1):
            return "null"
        return self._argument_of(type_)

    def _variable(self, type_: Any) -> str:
        name = f"v{len(self._declared)}"
        text = str(type_)
        if not text.endswith("!") and self._chance(0.3):
            text += " = " + _literal(self._value(type_), type_)
            if self._chance(0.5):
                self._declared.append(f"${name}: {text}")
                return f"${name}"
        self.variables[name] = self._value(type_)
        self._declared.append(f"${name}: {text}")
        return f"${name}"

    def _argument_of(self, type_: Any) -> str:
        if isinstance(type_, GraphQLList):
            count = self.random.randint(0, 2)
            return (
                f"[{', '.join(self._argument(type_.of_type, inside=True) for _ in range(count))}]"
            )
        if isinstance(type_, GraphQLInputObjectType):
            parts = [
                f"{name}: {self._argument(part.type)}"
                for name, part in type_.fields.items()
                if isinstance(part.type, GraphQLNonNull) or self._chance(0.6)
            ]
            return f"{{{', '.join(parts)}}}"
        return _literal(self._value(type_), type_)

    def _value(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type)
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type) for _ in range(self.random.randint(0, 2))]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(sorted(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return {
                name: self._value(part.type)
                for name, part in type_.fields.items()
                if isinstance(part.type, GraphQLNonNull) or self._chance(0.6)
            }
        number = self.random.randint(0, 3)
        return {"Int": number, "Float": number + 0.5, "Boolean": bool(number % 2)}.get(
            type_.name, f"text {number}"
        )


def _literal(value: Any, type_: Any) -> str:
    if isinstance(type_, GraphQLNonNull):
        return _literal(value, type_.of_type)
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, type_.of_type) for item in value)}]"
    if isinstance(value, dict):
        parts = (f"{n}: {_literal(part, type_.fields[n].type)}" for n, part in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(type_, GraphQLEnumType):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def make_query(schema: GraphQLSchema, seed: int) -> tuple[str, dict[str, Any]]:
    """A valid operation with its variables."""
    for attempt in range(100):
        maker = QueryMaker(schema, seed * 100 + attempt)
        text = maker.make()
        # All else is right by construction; the gateway validates the whole once more.
        document = parse(text, no_location=True)
        if not validate(schema, document, (OverlappingFieldsCanBeMergedRule,), max_errors=1):
            return text, maker.variables
    raise AssertionError(f"no valid operation was found for seed {seed}")
