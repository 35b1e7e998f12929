"""Schema definitions as plain objects: what a subgraph says, and what merging makes of it.

A subgraph may define a type in pieces (`type` and any number of `extend type`); here every type is
one object that remembers the AST nodes it came from, so that errors can name their place. Loading
makes these of SDL, merging makes one set of many, the printer writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    Node,
    NonNullTypeNode,
    StringValueNode,
    TypeNode,
    ValueNode,
    print_ast,
)
from graphql.language.print_string import print_string

ROOT_NAMES = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
"""Operation to the name its root type has in every supergraph."""


class TypeKind(StrEnum):
    """The kinds of named types; the value is how messages call them."""

    SCALAR = "Scalar"
    OBJECT = "Object"
    INTERFACE = "Interface"
    UNION = "Union"
    ENUM = "Enum"
    INPUT_OBJECT = "InputObject"


@dataclass(slots=True, eq=False)
class AppliedDirective:
    """A directive on an element.

    `name` is how the SDL writes it, `feature` the plain name of a directive that composition knows
    (`key`, `tag`, `deprecated`), whatever it was imported as; None for any other directive.
    """

    name: str
    arguments: dict[str, ValueNode] = field(default_factory=dict)
    feature: str | None = None
    node: Node | None = None

    def text(self, argument: str) -> str | None:
        """The value of a string argument; None if it is absent or no string."""
        value = self.arguments.get(argument)
        return value.value if isinstance(value, StringValueNode) else None

    def flag(self, argument: str, default: bool) -> bool:
        """The value of a boolean argument."""
        value = self.arguments.get(argument)
        return value.value if isinstance(value, BooleanValueNode) else default


@dataclass(slots=True, eq=False)
class Element:
    """What all definitions share."""

    name: str
    description: str | None = None
    directives: list[AppliedDirective] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def applied(self, feature: str) -> list[AppliedDirective]:
        """The applications of a known directive, in the order written."""
        return [item for item in self.directives if item.feature == feature]

    def has(self, feature: str) -> bool:
        """Whether a known directive is applied."""
        if not self.directives:
            return False  # as nearly everywhere, and it is asked some hundred thousand times
        return any(item.feature == feature for item in self.directives)


@dataclass(slots=True, eq=False)
class InputValueDefinition(Element):
    """An argument or an input field."""

    type: TypeNode = field(default_factory=lambda: named_type("String"))
    default: ValueNode | None = None

    @property
    def is_required(self) -> bool:
        """Non-null without a default."""
        return isinstance(self.type, NonNullTypeNode) and self.default is None


@dataclass(slots=True, eq=False)
class FieldDefinition(Element):
    """A field of an object or interface type."""

    type: TypeNode = field(default_factory=lambda: named_type("String"))
    arguments: dict[str, InputValueDefinition] = field(default_factory=dict)
    in_extension: bool = False


@dataclass(slots=True, eq=False)
class EnumValueDefinition(Element):
    """A value of an enum type."""


@dataclass(slots=True, eq=False)
class TypeDefinition(Element):
    """A named type; only the members that belong to its kind are filled."""

    kind: TypeKind = TypeKind.OBJECT
    fields: dict[str, FieldDefinition] = field(default_factory=dict)
    input_fields: dict[str, InputValueDefinition] = field(default_factory=dict)
    values: dict[str, EnumValueDefinition] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    has_base: bool = True
    """False if the subgraph only extends the type."""
    has_extensions: bool = False

    def children(self) -> Iterator[Element]:
        """Fields, input fields and enum values."""
        yield from self.fields.values()
        yield from self.input_fields.values()
        yield from self.values.values()

    @property
    def is_composite(self) -> bool:
        """Whether selections can be made on it."""
        return self.kind in (TypeKind.OBJECT, TypeKind.INTERFACE, TypeKind.UNION)


@dataclass(slots=True, eq=False)
class DirectiveDefinition(Element):
    """A directive's definition; `locations` are sorted as written."""

    locations: tuple[str, ...] = ()
    repeatable: bool = False
    arguments: dict[str, InputValueDefinition] = field(default_factory=dict)


Definition: TypeAlias = (
    TypeDefinition | FieldDefinition | InputValueDefinition | EnumValueDefinition
)


@dataclass(slots=True, eq=False)
class SchemaDefinitions:
    """A whole schema. `roots` maps an operation to the name of its root type."""

    types: dict[str, TypeDefinition] = field(default_factory=dict)
    directives: dict[str, DirectiveDefinition] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    schema: Element = field(default_factory=lambda: Element("schema"))

    def elements(self) -> Iterator[tuple[str, Element]]:
        """Everything that directives are applied to, with its schema coordinate."""
        yield "schema", self.schema
        for definition in self.types.values():
            yield definition.name, definition
            for child in definition.children():
                yield f"{definition.name}.{child.name}", child
            for member in definition.fields.values():
                for argument in member.arguments.values():
                    yield f"{definition.name}.{member.name}({argument.name}:)", argument
        for directive in self.directives.values():
            for argument in directive.arguments.values():
                yield f"@{directive.name}({argument.name}:)", argument

    def possible_types(self, name: str) -> Iterator[str]:
        """The object types a value of the type can have."""
        found = self.types.get(name)
        if found is None:
            return
        if found.kind is TypeKind.OBJECT:
            yield name
        elif found.kind is TypeKind.UNION:
            yield from found.members
        elif found.kind is TypeKind.INTERFACE:
            for other in self.types.values():
                if other.kind is TypeKind.OBJECT and name in other.interfaces:
                    yield other.name


def named_type(name: str) -> NamedTypeNode:
    """A reference to a named type."""
    return NamedTypeNode(name=NameNode(value=name))


def type_text(node: TypeNode) -> str:
    """The type as written in SDL, e.g. `[User!]!`."""
    if isinstance(node, NonNullTypeNode):
        return f"{type_text(node.type)}!"
    if isinstance(node, ListTypeNode):
        return f"[{type_text(node.type)}]"
    assert isinstance(node, NamedTypeNode)  # noqa: S101 - the three kinds are all there are
    return node.name.value


def base_name(node: TypeNode) -> str:
    """The named type inside lists and non-nulls."""
    while isinstance(node, (NonNullTypeNode, ListTypeNode)):
        node = node.type
    assert isinstance(node, NamedTypeNode)  # noqa: S101 - the three kinds are all there are
    return node.name.value


def string_value(text: str) -> ValueNode:
    """A string literal."""
    return StringValueNode(value=text, block=False)


def boolean_value(value: bool) -> ValueNode:
    """A boolean literal."""
    return BooleanValueNode(value=value)


def enum_value(name: str) -> ValueNode:
    """An enum literal."""
    return EnumValueNode(value=name)


def value_text(node: ValueNode | None) -> str:
    """A value as written in SDL; a string does not keep its block form."""
    if node is None:
        return "null"
    # Nearly all are of these kinds, and printing a tree takes its time for a leaf, too.
    if isinstance(node, StringValueNode):
        return print_string(node.value)
    if isinstance(node, EnumValueNode):
        return node.value
    return print_ast(node)


def quoted_list(names: Sequence[str], noun: str = "subgraph") -> str:
    """`subgraph "a"`, `subgraphs "a" and "b"`, `subgraphs "a", "b" and "c"`."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) == 1:
        return f"{noun} {quoted[0]}" if noun else quoted[0]
    plural = f"{noun}s " if noun else ""
    return f"{plural}{', '.join(quoted[:-1])} and {quoted[-1]}"
