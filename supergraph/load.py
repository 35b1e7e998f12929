"""Supergraph SDL to `Supergraph`: the first thing a gateway does.

The SDL comes from a composer, ours or another, in any version of the join specification, and also
from files that are no supergraph at all: everything wrong with it is an `InvalidSupergraphError`
with a sentence for whoever started the gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from graphql import (
    BooleanValueNode,
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    ValueNode,
    build_ast_schema,
    parse_type,
    validate_schema,
)

from supergraph.api_schema import has_directive, inaccessible_directive, visible_document
from supergraph.collection import collection_paused
from supergraph.federation.field_set import FieldSet, FieldSetError, field_names, parse_field_set
from supergraph.links import LinkedSpec, linked_specs
from supergraph.model import (
    InvalidSupergraphError,
    JoinContextArgument,
    JoinEnumValue,
    JoinField,
    JoinGraph,
    JoinImplements,
    JoinType,
    JoinUnionMember,
    SubgraphName,
    Supergraph,
    SupergraphField,
    SupergraphType,
    TypeKind,
    TypeName,
)
from supergraph.parsing import parse

SUPPORTED_JOIN_VERSIONS = frozenset({(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)})

_KINDS: Mapping[type[TypeDefinitionNode], TypeKind] = {
    ObjectTypeDefinitionNode: TypeKind.OBJECT,
    InterfaceTypeDefinitionNode: TypeKind.INTERFACE,
    UnionTypeDefinitionNode: TypeKind.UNION,
    EnumTypeDefinitionNode: TypeKind.ENUM,
    ScalarTypeDefinitionNode: TypeKind.SCALAR,
    InputObjectTypeDefinitionNode: TypeKind.INPUT_OBJECT,
}

Arguments = Mapping[str, ValueNode]
T = TypeVar("T")


def load_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph.

    Raises:
        InvalidSupergraphError: if `sdl` is no supergraph this gateway can serve.
    """
    with collection_paused():
        return read_supergraph(sdl, parse_supergraph(sdl))


def parse_supergraph(sdl: str, *, no_location: bool = True) -> DocumentNode:
    """Parse the SDL of a supergraph.

    Raises:
        InvalidSupergraphError: if `sdl` is not GraphQL.
    """
    try:
        return parse(sdl, no_location=no_location)
    except GraphQLError as error:
        raise InvalidSupergraphError(
            f"The supergraph is not valid GraphQL: {error.message}{_line(error)}"
        ) from error
    except RecursionError as error:
        raise InvalidSupergraphError("The supergraph is nested too deeply to be read.") from error


def read_supergraph(sdl: str, document: DocumentNode) -> Supergraph:
    """Read a supergraph of which `document` is the parsed SDL.

    Raises:
        InvalidSupergraphError: if it is no supergraph this gateway can serve.
    """
    specs = linked_specs(document)
    reader = _Reader(_join_spec(specs), document)
    types = reader.types(specs)
    schema = _schema(document, specs, keep_inaccessible=True)
    # Nothing hidden is the usual case, and one schema of a large graph is half the time and memory.
    api_schema = (
        _schema(document, specs, keep_inaccessible=False)
        if f"@{inaccessible_directive(specs)}" in sdl
        else schema
    )
    return Supergraph(
        sdl=sdl,
        graphs=reader.graphs,
        types=types,
        root_types={
            kind: TypeName(root.name)
            for kind, root in (
                ("query", schema.query_type),
                ("mutation", schema.mutation_type),
                ("subscription", schema.subscription_type),
            )
            if root is not None
        },
        schema=schema,
        api_schema=api_schema,
    )


def read_joins(
    document: DocumentNode,
) -> tuple[Mapping[SubgraphName, JoinGraph], Mapping[TypeName, SupergraphType]]:
    """The subgraphs and types of a supergraph's document, without the schemas made of them.

    The document may lack types; the links and the enum of the subgraphs have to be in it.

    Raises:
        InvalidSupergraphError: if it is not of a supergraph.
    """
    specs = linked_specs(document)
    reader = _Reader(_join_spec(specs), document)
    return reader.graphs, reader.types(specs)


def _join_spec(specs: Iterable[LinkedSpec]) -> LinkedSpec:
    join = next((spec for spec in specs if spec.name == "join"), None)
    if join is None:
        raise InvalidSupergraphError(
            "This is no supergraph: its schema definition links no join specification. "
            "Compose the subgraphs first: dictamesh supergraph compose --config supergraph.yaml"
        )
    if join.version not in SUPPORTED_JOIN_VERSIONS:
        raise InvalidSupergraphError(
            f"The supergraph uses join specification v{join.version[0]}.{join.version[1]}; "
            "v0.1 to v0.5 are supported."
        )
    return join


def _schema(
    document: DocumentNode, specs: tuple[LinkedSpec, ...], *, keep_inaccessible: bool
) -> GraphQLSchema:
    visible = visible_document(document, specs, keep_inaccessible=keep_inaccessible)
    what = "supergraph" if keep_inaccessible else "supergraph's API schema"
    try:
        schema = build_ast_schema(visible, assume_valid_sdl=True)
        problems = validate_schema(schema)
    except (TypeError, GraphQLError, KeyError, RecursionError) as error:
        raise InvalidSupergraphError(f"The {what} is not a valid schema: {error}") from error
    if problems:
        sentences = " ".join(problem.message for problem in problems[:3])
        more = f" ({len(problems) - 3} more problems)" if len(problems) > 3 else ""
        raise InvalidSupergraphError(f"The {what} is not a valid schema: {sentences}{more}")
    return schema


class _Reader:
    """Reads the join directives of one document."""

    def __init__(self, join: LinkedSpec, document: DocumentNode) -> None:
        self._join = join
        self._document = document
        self._by_enum_value = self._read_graphs()
        self._known_types = {
            node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode)
        }
        self.graphs: Mapping[SubgraphName, JoinGraph] = {
            graph.name: graph for graph in self._by_enum_value.values()
        }

    def _read_graphs(self) -> dict[str, JoinGraph]:
        enum_name = self._join.type("Graph")
        enum = next(
            (
                node
                for node in self._document.definitions
                if isinstance(node, EnumTypeDefinitionNode) and node.name.value == enum_name
            ),
            None,
        )
        if enum is None:
            raise InvalidSupergraphError(
                f'The supergraph lists no subgraphs: it has no enum "{enum_name}".'
            )
        found: dict[str, JoinGraph] = {}
        for value in enum.values or ():
            for arguments in self._applied(value, "graph"):
                name = SubgraphName(_text(arguments, "name") or value.name.value)
                url = _text(arguments, "url") or ""
                found[value.name.value] = JoinGraph(name, url, value.name.value)
        return found

    def types(self, specs: tuple[LinkedSpec, ...]) -> Mapping[TypeName, SupergraphType]:
        hidden = inaccessible_directive(specs)
        setting = next(
            (spec.directive("context") for spec in specs if spec.name == "context"), None
        )
        return {
            TypeName(node.name.value): self._type(node, hidden, setting)
            for node in self._document.definitions
            if isinstance(node, TypeDefinitionNode)
            and not any(spec.owns_type(node.name.value) for spec in specs)
        }

    def _type(self, node: TypeDefinitionNode, hidden: str, setting: str | None) -> SupergraphType:
        where = f'type "{node.name.value}"'
        joins = tuple(
            JoinType(
                graph=self._graph(arguments, where),
                key=_field_set(arguments, "key", where),
                resolvable=_flag(arguments, "resolvable", default=True),
                is_interface_object=_flag(arguments, "isInterfaceObject"),
                extension=_flag(arguments, "extension"),
            )
            for arguments in self._applied(node, "type")
        )
        # Join v0.1 marks entities only: a value type is in every subgraph.
        if not joins:
            joins = tuple(JoinType(name) for name in self.graphs)
        graphs = tuple(dict.fromkeys(join.graph for join in joins))
        owner = next(
            (self._graph(arguments, where) for arguments in self._applied(node, "owner")), None
        )
        fields: Mapping[str, SupergraphField] = {}
        implements: tuple[JoinImplements, ...] = ()
        members: tuple[JoinUnionMember, ...] = ()
        enum_values: Mapping[str, tuple[JoinEnumValue, ...]] = {}
        if isinstance(
            node,
            ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | InputObjectTypeDefinitionNode,
        ):
            fields = {
                child.name.value: self._field(child, joins, owner, hidden, node.name.value)
                for child in node.fields or ()
            }
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            names = [TypeName(item.name.value) for item in node.interfaces or ()]
            implements = self._per_graph(
                node,
                "implements",
                lambda a: JoinImplements(
                    self._graph(a, where), TypeName(_required_text(a, "interface", where))
                ),
                [JoinImplements(graph, name) for graph in graphs for name in names],
            )
        elif isinstance(node, UnionTypeDefinitionNode):
            names = [TypeName(item.name.value) for item in node.types or ()]
            members = self._per_graph(
                node,
                "unionMember",
                lambda a: JoinUnionMember(
                    self._graph(a, where), TypeName(_required_text(a, "member", where))
                ),
                [JoinUnionMember(graph, name) for graph in graphs for name in names],
            )
        elif isinstance(node, EnumTypeDefinitionNode):
            enum_values = {
                value.name.value: self._per_graph(
                    value,
                    "enumValue",
                    lambda a: JoinEnumValue(self._graph(a, where)),
                    [JoinEnumValue(graph) for graph in graphs],
                )
                for value in node.values or ()
            }
        return SupergraphType(
            name=TypeName(node.name.value),
            kind=_KINDS[type(node)],
            joins=joins,
            implements=implements,
            members=members,
            fields=fields,
            enum_values=enum_values,
            inaccessible=has_directive(node, hidden),
            contexts=_contexts(node, setting) if setting else (),
        )

    def _per_graph(
        self,
        node: Node,
        directive: str,
        read: Callable[[Arguments], T],
        everywhere: Iterable[T],
    ) -> tuple[T, ...]:
        """What the directive says, or `everywhere` where this version does not say it."""
        found = tuple(read(arguments) for arguments in self._applied(node, directive))
        return found or tuple(everywhere)

    def _field(
        self,
        node: FieldDefinitionNode | InputValueDefinitionNode,
        types: tuple[JoinType, ...],
        owner: SubgraphName | None,
        hidden: str,
        parent: str,
    ) -> SupergraphField:
        where = f'field "{parent}.{node.name.value}"'
        applied = list(self._applied(node, "field"))
        if applied:
            joins = tuple(
                self._join_field(arguments, node.type, where)
                for arguments in applied
                if "graph" in arguments
            )
        else:
            graphs = dict.fromkeys(join.graph for join in types)
            if owner is not None:
                graphs = dict.fromkeys([owner])
            joins = tuple(JoinField(graph, node.type) for graph in graphs)
        if owner is not None:
            joins += _key_fields_of_fed1(node, types, {join.graph for join in joins})
        return SupergraphField(node.name.value, node.type, joins, has_directive(node, hidden))

    def _join_field(self, arguments: Arguments, declared: TypeNode, where: str) -> JoinField:
        text = _text(arguments, "type")
        return JoinField(
            graph=self._graph(arguments, where),
            type=_parse_type(text, where) if text else declared,
            requires=_field_set(arguments, "requires", where),
            provides=_field_set(arguments, "provides", where),
            external=_flag(arguments, "external"),
            override=_text(arguments, "override"),
            override_label=_text(arguments, "overrideLabel"),
            used_overridden=_flag(arguments, "usedOverridden"),
            context_arguments=_context_arguments(arguments),
        )

    def _graph(self, arguments: Arguments, where: str) -> SubgraphName:
        value = arguments.get("graph")
        graph = self._by_enum_value.get(value.value) if isinstance(value, EnumValueNode) else None
        if graph is None:
            raise InvalidSupergraphError(
                f"The supergraph is broken: a join directive of {where} names no known subgraph."
            )
        return graph.name

    def _applied(self, node: Node, element: str) -> Iterable[Arguments]:
        name = self._join.directive(element)
        applied: Iterable[ConstDirectiveNode] = getattr(node, "directives", None) or ()
        for directive in applied:
            if directive.name.value == name:
                yield {item.name.value: item.value for item in directive.arguments or ()}


def _key_fields_of_fed1(
    node: FieldDefinitionNode | InputValueDefinitionNode,
    types: tuple[JoinType, ...],
    known: set[SubgraphName],
) -> tuple[JoinField, ...]:
    """Join v0.1 does not repeat key fields: a subgraph with a key has the key's fields."""
    graphs = dict.fromkeys(
        join.graph for join in types if join.key and node.name.value in field_names(join.key)
    )
    return tuple(JoinField(graph, node.type) for graph in graphs if graph not in known)


def _text(arguments: Arguments, name: str) -> str | None:
    value = arguments.get(name)
    return value.value if isinstance(value, StringValueNode) else None


def _required_text(arguments: Arguments, name: str, where: str) -> str:
    text = _text(arguments, name)
    if text is None:
        raise InvalidSupergraphError(
            f'The supergraph is broken: a join directive of {where} lacks its argument "{name}".'
        )
    return text


def _flag(arguments: Arguments, name: str, *, default: bool = False) -> bool:
    value = arguments.get(name)
    return value.value if isinstance(value, BooleanValueNode) else default


def _field_set(arguments: Arguments, name: str, where: str) -> FieldSet | None:
    text = _text(arguments, name)
    if text is None:
        return None
    try:
        return parse_field_set(text)
    except FieldSetError as error:
        raise InvalidSupergraphError(
            f'The supergraph is broken: "{name}" of {where}: {error.message}'
        ) from error


def _parse_type(text: str, where: str) -> TypeNode:
    try:
        return parse_type(text, no_location=True)
    except GraphQLError as error:
        raise InvalidSupergraphError(
            f'The supergraph is broken: {where} has the type "{text}" in a subgraph.'
        ) from error


def _contexts(node: TypeDefinitionNode, setting: str) -> tuple[str, ...]:
    return tuple(
        argument.value.value
        for directive in node.directives or ()
        if directive.name.value == setting
        for argument in directive.arguments or ()
        if argument.name.value == "name" and isinstance(argument.value, StringValueNode)
    )


def _context_arguments(arguments: Arguments) -> tuple[JoinContextArgument, ...]:
    value = arguments.get("contextArguments")
    found = []
    for item in value.values if isinstance(value, ListValueNode) else ():
        if isinstance(item, ObjectValueNode):
            parts: dict[str, Any] = {part.name.value: part.value for part in item.fields or ()}
            texts = {name: _text(parts, name) or "" for name in parts}
            found.append(
                JoinContextArgument(
                    name=texts.get("name", ""),
                    type=texts.get("type", ""),
                    context=texts.get("context", ""),
                    selection=texts.get("selection", ""),
                )
            )
    return tuple(found)


def _line(error: GraphQLError) -> str:
    return f" (line {error.locations[0].line})" if error.locations else ""


__all__ = ["SUPPORTED_JOIN_VERSIONS", "load_supergraph", "read_joins", "read_supergraph"]
