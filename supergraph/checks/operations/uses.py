"""Which elements of a schema an operation uses, as schema coordinates.

    query ($f: Filter!) { products(filter: $f, sort: NAME) { ... on Book { isbn } } }

uses `query`, `Query`, `Query.products`, `Query.products(filter:)`, `Sort.NAME`, `Book`,
`Book.isbn`, and of `Filter` all that it leads to: which of it a client sends in a variable is
nowhere written. The type of a field is used even where nothing of it is named: a client may get
any value of an enum, and any member of a union.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNode,
    ValueNode,
    get_named_type,
)


class UseFinder:
    """Finds the uses of valid operations of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._reachable: dict[str, frozenset[str]] = {}

    def uses(self, document: DocumentNode) -> set[str]:
        """The coordinates of all that a document uses.

        What the schema lacks is among them, though not what stands below it.
        """
        found: set[str] = set()
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        seen: set[tuple[str, str]] = set()
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self._operation(node, fragments, found, seen)
        return found

    def _operation(
        self,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        found: set[str],
        seen: set[tuple[str, str]],
    ) -> None:
        found.add(node.operation.value)
        self._directives(node.directives, found)
        for variable in node.variable_definitions or ():
            name = _named(variable.type)
            found |= self._whole_input(name)
            self._directives(variable.directives, found)
            if variable.default_value is not None:
                self._value(variable.default_value, name, found)
        root = self._schema.get_root_type(node.operation)
        if root is not None:
            self._selections(node.selection_set, root.name, fragments, found, seen)

    def _selections(
        self,
        selections: SelectionSetNode,
        parent: str,
        fragments: Mapping[str, FragmentDefinitionNode],
        found: set[str],
        seen: set[tuple[str, str]],
    ) -> None:
        pending = [(selections, parent)]
        while pending:
            current, type_name = pending.pop()
            found.add(type_name)
            for node in current.selections:
                self._directives(node.directives, found)
                if isinstance(node, FieldNode):
                    below = self._field(node, type_name, found)
                    if below is not None and node.selection_set is not None:
                        pending.append((node.selection_set, below))
                elif isinstance(node, InlineFragmentNode):
                    condition = node.type_condition
                    inner = condition.name.value if condition is not None else type_name
                    pending.append((node.selection_set, inner))
                elif isinstance(node, FragmentSpreadNode):
                    fragment = fragments.get(node.name.value)
                    key = (node.name.value, type_name)
                    if fragment is not None and key not in seen:
                        seen.add(key)
                        pending.append((fragment.selection_set, fragment.type_condition.name.value))

    def _field(self, node: FieldNode, parent: str, found: set[str]) -> str | None:
        """Note a field; the name of its type, None if the schema has no such field."""
        coordinate = f"{parent}.{node.name.value}"
        found.add(coordinate)
        owner = self._schema.type_map.get(parent)
        if not isinstance(owner, GraphQLObjectType | GraphQLInterfaceType):
            return None
        field = owner.fields.get(node.name.value)
        if field is None:
            return None
        self._arguments(node.arguments, field.args, coordinate, found)
        type_name: str = get_named_type(field.type).name
        found.add(type_name)
        return type_name

    def _directives(self, nodes: Iterable[DirectiveNode] | None, found: set[str]) -> None:
        for node in nodes or ():
            coordinate = f"@{node.name.value}"
            found.add(coordinate)
            directive = self._schema.get_directive(node.name.value)
            if directive is not None:
                self._arguments(node.arguments, directive.args, coordinate, found)

    def _arguments(
        self,
        nodes: Iterable[ArgumentNode] | None,
        arguments: Mapping[str, GraphQLArgument],
        owner: str,
        found: set[str],
    ) -> None:
        for node in nodes or ():
            argument = arguments.get(node.name.value)
            if argument is not None:
                found.add(f"{owner}({node.name.value}:)")
                self._value(node.value, get_named_type(argument.type).name, found)

    def _value(self, value: ValueNode, type_name: str, found: set[str]) -> None:
        """Note what a literal uses; what a variable uses is noted where it is defined."""
        if isinstance(value, ListValueNode):
            for item in value.values:
                self._value(item, type_name, found)
        elif isinstance(value, EnumValueNode):
            if isinstance(self._schema.type_map.get(type_name), GraphQLEnumType):
                found.add(f"{type_name}.{value.value}")
        elif isinstance(value, ObjectValueNode):
            definition = self._schema.type_map.get(type_name)
            if not isinstance(definition, GraphQLInputObjectType):
                return
            found.add(type_name)
            for member in value.fields:
                field = definition.fields.get(member.name.value)
                if field is not None:
                    found.add(f"{type_name}.{member.name.value}")
                    self._value(member.value, get_named_type(field.type).name, found)

    def _whole_input(self, name: str) -> frozenset[str]:
        """All that a variable of a type may use."""
        known = self._reachable.get(name)
        if known is not None:
            return known
        found: set[str] = set()
        pending, seen = [name], {name}
        while pending:
            current = pending.pop()
            found.add(current)
            definition = self._schema.type_map.get(current)
            if isinstance(definition, GraphQLEnumType):
                found |= {f"{current}.{value}" for value in definition.values}
            elif isinstance(definition, GraphQLInputObjectType):
                for field_name, field in definition.fields.items():
                    found.add(f"{current}.{field_name}")
                    below = get_named_type(field.type).name
                    if below not in seen:
                        seen.add(below)
                        pending.append(below)
        result = self._reachable[name] = frozenset(found)
        return result


def _named(node: TypeNode) -> str:
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)  # noqa: S101 - the three kinds are all there are
    return node.name.value
