"""What subgraphs declare, read from their SDL alone.

The proof must not look at a supergraph with the eyes of the composer that made it: a directive the
composer forgets would be forgotten in the subgraphs too. So the SDL is read here once more, in the
plainest way: parse, put extensions together, look at directives by their plain names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from graphql import (
    DefinitionNode,
    DirectiveNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    InputValueDefinitionNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SchemaExtensionNode,
    SelectionSetNode,
    StringValueNode,
    TypeNode,
    TypeSystemExtensionNode,
    build_ast_schema,
    parse,
    print_ast,
)

_KINDS = {
    "object_type": "object",
    "interface_type": "interface",
    "union_type": "union",
    "enum_type": "enum",
    "scalar_type": "scalar",
    "input_object_type": "input",
}
_FEDERATION = ("_entities", "_service")


@dataclass
class Declared:
    """One type as one subgraph declares it."""

    name: str
    kind: str
    fields: dict[str, FieldDefinitionNode] = field(default_factory=dict)
    inputs: list[InputValueDefinitionNode] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    directives: list[DirectiveNode] = field(default_factory=list)

    @property
    def is_interface_object(self) -> bool:
        return bool(applied(self.directives, "interfaceObject"))

    def own_keys(self) -> Iterator[tuple[SelectionSetNode, bool]]:
        """Field sets of its keys, each with whether it is resolvable."""
        for directive in applied(self.directives, "key"):
            text = argument(directive, "fields")
            if text is not None:
                yield field_set(text), argument(directive, "resolvable") != "False"


class DeclaredSubgraph:
    """One subgraph's types."""

    def __init__(self, name: str, sdl: str) -> None:
        self.name = name
        document = parse(sdl, no_location=True)
        self.is_federation_1 = "federation/v2" not in sdl
        self.types: dict[str, Declared] = {}
        for node in document.definitions:
            self._add(node)
        self.schema = self._schema()
        self._own_keys = {
            (declared.name, selection.name.value)
            for declared in self.types.values()
            for selections, _ in declared.own_keys()
            for selection in selections.selections
            if isinstance(selection, FieldNode)
        }

    def _add(self, node: DefinitionNode) -> None:
        if isinstance(node, OperationDefinitionNode | SchemaExtensionNode):
            return
        is_extension = isinstance(node, TypeSystemExtensionNode)
        kind = _KINDS.get(node.kind.removesuffix("_extension").removesuffix("_definition"))
        if kind is None:
            return
        name = node.name.value  # type: ignore[attr-defined]  # all types have names
        declared = self.types.setdefault(name, Declared(name, kind))
        assert declared.kind == kind, f"{name} is {declared.kind} and {kind}: {is_extension}"
        declared.directives += node.directives or ()  # type: ignore[attr-defined]  # and these
        for part in getattr(node, "fields", None) or ():
            if isinstance(part, FieldDefinitionNode):
                declared.fields[part.name.value] = part
            else:
                declared.inputs.append(part)
        declared.interfaces += [item.name.value for item in getattr(node, "interfaces", None) or ()]
        declared.members += [item.name.value for item in getattr(node, "types", None) or ()]
        declared.values += [item.name.value for item in getattr(node, "values", None) or ()]

    def _schema(self) -> GraphQLSchema:
        """An executable schema with `_entities`; validity of the SDL is the composer's business."""
        entities = [
            declared.name
            for declared in self.types.values()
            if declared.kind == "object" and any(True for _ in declared.own_keys())
        ]
        entry = "_entities(representations: [_Any!]!): [_Entity]!"
        parts = [
            _definition(declared, entry if declared.name == "Query" else "")
            for declared in self.types.values()
        ]
        parts += [
            "scalar _Any",
            f"union _Entity = {' | '.join(entities) or '_Nothing'}",
            "" if entities else "type _Nothing { nothing: Int }",
            "" if "Query" in self.types else f"type Query {{ {entry} }}",
        ]
        document = parse("\n".join(parts), no_location=True)
        return build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)

    def resolves(self, type_name: str, field_name: str) -> bool:
        """Whether the field is declared as its own here (whoever may have overridden it)."""
        declared = self.types.get(type_name)
        node = declared.fields.get(field_name) if declared else None
        if declared is None or node is None or declared.kind != "object":
            return False
        if self.is_federation_1 and (type_name, field_name) in self._own_keys:
            return True  # `extend type T @key(fields: "id") { id: ID! @external }`
        return not (
            applied(node.directives, "external") or applied(declared.directives, "external")
        )

    def sets(self, context: str, type_name: str) -> bool:
        """Whether objects of a type set a context, by themselves or by what they belong to."""
        return any(
            type_name in self.possible_types(declared.name)
            and any(
                argument(item, "name") == context
                for item in applied(declared.directives, "context")
            )
            for declared in self.types.values()
            if declared.kind in ("object", "interface", "union")
        )

    def possible_types(self, type_name: str) -> set[str]:
        """Object types that can stand for a type here."""
        declared = self.types[type_name]
        if declared.kind == "object":
            return {type_name}
        if declared.kind == "union":
            return set(declared.members)
        return {
            other.name
            for other in self.types.values()
            if other.kind == "object" and type_name in other.interfaces
        }


def _definition(declared: Declared, further_field: str = "") -> str:
    def plain(node: FieldDefinitionNode) -> str:
        arguments = ", ".join(_input(item) for item in node.arguments or ())
        suffix = f"({arguments})" if arguments else ""
        return f"{node.name.value}{suffix}: {print_ast(node.type)}"

    def _input(node: InputValueDefinitionNode) -> str:
        default = f" = {print_ast(node.default_value)}" if node.default_value else ""
        return f"{node.name.value}: {print_ast(node.type)}{default}"

    fields = " ".join(plain(item) for item in declared.fields.values()) + f" {further_field}"
    implements = f" implements {' & '.join(declared.interfaces)}" if declared.interfaces else ""
    match declared.kind:
        case "object":
            return f"type {declared.name}{implements} {{ {fields} }}"
        case "interface":
            return f"interface {declared.name}{implements} {{ {fields} }}"
        case "union":
            return f"union {declared.name} = {' | '.join(declared.members)}"
        case "enum":
            return f"enum {declared.name} {{ {' '.join(declared.values)} }}"
        case "input":
            return f"input {declared.name} {{ {' '.join(_input(i) for i in declared.inputs)} }}"
        case _:
            return f"scalar {declared.name}"


def applied(
    directives: list[DirectiveNode] | tuple[DirectiveNode, ...] | None, name: str
) -> list[DirectiveNode]:
    """The directives of one name."""
    return [item for item in directives or () if item.name.value == name]


def argument(directive: DirectiveNode, name: str) -> str | None:
    """An argument's value as text; booleans as `True` and `False`."""
    for item in directive.arguments or ():
        if item.name.value == name:
            value = item.value
            return value.value if isinstance(value, StringValueNode) else str(value.value)  # type: ignore[attr-defined]  # scalars have values
    return None


@lru_cache(maxsize=4096)
def field_set(text: str) -> SelectionSetNode:
    """A field set as a selection set."""
    definition = parse(f"{{{text}}}", no_location=True).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition.selection_set


def named(node: TypeNode) -> str:
    """The name inside lists and non-nulls."""
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]  # wrappers have types
    return node.name.value


__all__ = [
    "Declared",
    "DeclaredSubgraph",
    "InlineFragmentNode",
    "applied",
    "argument",
    "field_set",
    "named",
]
