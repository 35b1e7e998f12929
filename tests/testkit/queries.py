"""Random valid queries for a schema: aliases, arguments, variables, fragments, conditions."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)


@dataclass
class RandomQueries:
    """Makes queries; `variables` holds values for the last one."""

    schema: GraphQLSchema
    random: random.Random
    max_fields: int = 40
    max_depth: int = 6
    variables: dict[str, Any] = field(default_factory=dict)

    def query(self) -> str:
        """A new query; it may still be invalid where aliases collide."""
        self.variables = {}
        self._declared: list[str] = []
        self._left = self.random.randint(2, self.max_fields)
        root = self.schema.query_type
        if root is None:
            raise AssertionError("the schema has no queries")
        body = self._selections(root, 0)
        head = f"query ({', '.join(self._declared)}) " if self._declared else ""
        return head + body

    def _selections(self, type_: GraphQLNamedType, depth: int) -> str:
        parts: list[str] = []
        fields: dict[str, GraphQLField] = getattr(type_, "fields", {})
        candidates = [
            (name, definition)
            for name, definition in fields.items()
            if depth < self.max_depth or not is_composite_type(get_named_type(definition.type))
        ]
        for _ in range(self.random.randint(1, 5)):
            if candidates and self._left > 0:
                name, definition = self.random.choice(candidates)
                parts.append(self._field(name, definition, depth))
        if self.random.random() < 0.15:
            parts.append("__typename")
        if (is_abstract_type(type_) or self.random.random() < 0.1) and depth < self.max_depth:
            parts += self._fragments(type_, depth)
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _fragments(self, type_: GraphQLNamedType, depth: int) -> list[str]:
        possible = [type_] if is_object_type(type_) else []
        if is_abstract_type(type_):
            possible = list(self.schema.get_possible_types(type_))
        conditions: list[GraphQLNamedType] = [*possible]
        for one in possible:
            conditions += [i for i in getattr(one, "interfaces", ()) if is_interface_type(i)]
        parts = []
        for _ in range(self.random.randint(0, 3)):
            if conditions and self._left > 0:
                chosen = self.random.choice(conditions)
                inner = self._selections(chosen, depth + 1)
                parts.append(f"... on {chosen.name}{self._condition()} {inner}")
        return parts

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        self._left -= 1
        text = name
        arguments = [
            f"{argument}: {self._argument(details.type)}"
            for argument, details in definition.args.items()
            if isinstance(details.type, GraphQLNonNull) or self.random.random() < 0.5
        ]
        if arguments:
            text += f"({', '.join(arguments)})"
            text = f"{name}_{self.random.randint(0, 99)}: {text}"
        elif self.random.random() < 0.1:
            others = [other for other in ("id", "name", "price", "a", "b") if other != name]
            text = f"{self.random.choice(others)}: {text}"
        text += self._condition()
        named = get_named_type(definition.type)
        if is_composite_type(named):
            text += " " + self._selections(named, depth + 1)
        return text

    def _condition(self) -> str:
        if self.random.random() > 0.1:
            return ""
        name = f"c{self.random.randint(0, 2)}"
        if name not in self.variables:
            self.variables[name] = self.random.random() < 0.5
            self._declared.append(f"${name}: Boolean!")
        return f" @{self.random.choice(('include', 'skip'))}(if: ${name})"

    def _argument(self, type_: GraphQLInputType) -> str:
        if self.random.random() < 0.4:
            name = f"v{len(self.variables)}"
            self.variables[name] = self.value(type_)
            self._declared.append(f"${name}: {type_}")
            return f"${name}"
        return _literal(self.value(type_), type_)

    def value(self, type_: GraphQLInputType) -> Any:
        """A value that an argument or a variable of the type may have."""
        if isinstance(type_, GraphQLNonNull):
            return self.value(type_.of_type)
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type)]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(sorted(type_.values))
        if is_input_object_type(type_):
            return {name: self.value(part.type) for name, part in type_.fields.items()}
        number = self.random.randint(0, 3)
        return {"Int": number, "Float": number + 0.5, "Boolean": bool(number % 2)}.get(
            get_named_type(type_).name, f"text-{number}"
        )


def _literal(value: Any, type_: GraphQLInputType | GraphQLNamedType) -> str:
    named = get_named_type(type_)
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, named) for item in value)}]"
    if isinstance(value, dict):
        fields = getattr(named, "fields", {})
        parts = (f"{name}: {_literal(part, fields[name].type)}" for name, part in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(named, GraphQLEnumType):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
