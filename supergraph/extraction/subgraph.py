"""The part of a supergraph that one subgraph has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from graphql import (
    EnumValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    parse_type,
)

from supergraph.definitions import (
    ROOT_NAMES,
    AppliedDirective,
    DirectiveDefinition,
    Element,
    EnumValueDefinition,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
    string_value,
)
from supergraph.extraction.definitions import SupergraphDefinitions, is_set
from supergraph.federation.directives import ACCESS_DIRECTIVES
from supergraph.federation.field_set import field_names, parse_field_set
from supergraph.model import JoinGraph, SubgraphName


class SubgraphExtraction:
    """The part of one subgraph."""

    def __init__(
        self,
        whole: SupergraphDefinitions,
        graphs: Mapping[SubgraphName, JoinGraph],
        graph: JoinGraph,
    ) -> None:
        self._whole = whole
        self._types = whole.schema.types
        self._name = graph.name
        self._value = graph.enum_value
        self._has_one_graph = len(graphs) == 1

    def run(self) -> SchemaDefinitions:
        """Types, directive definitions, roots and the schema's directives of the subgraph."""
        result = SchemaDefinitions()
        for definition in self._types.values():
            if not self._is_here(definition):
                continue
            extracted = self._type(definition)
            is_empty = not any(extracted.children()) and not extracted.members
            if extracted.kind is not TypeKind.SCALAR and is_empty:
                continue  # a root type that only has _service and _entities
            result.types[definition.name] = extracted
        result.roots = {
            operation: name
            for operation, name in self._whole.schema.roots.items()
            if name in result.types
        }
        for name, directive in self._whole.schema.directives.items():
            result.directives[name] = self._directive_definition(directive)
        result.schema = Element(
            "schema",
            description=self._whole.schema.schema.description,
            directives=[
                *self._carried(self._whole.schema.schema),
                *(
                    AppliedDirective(
                        "composeDirective", {"name": string_value(f"@{name}")}, "composeDirective"
                    )
                    for name in self._whole.custom_directives
                ),
            ],
        )
        return result

    def _is_here(self, definition: TypeDefinition) -> bool:
        joins = definition.applied("join__type")
        return not joins or any(self._is_mine(item) for item in joins)

    def _is_mine(self, directive: AppliedDirective) -> bool:
        value = directive.arguments.get("graph")
        return isinstance(value, EnumValueNode) and value.value == self._value

    def _mine(self, element: Element, feature: str) -> list[AppliedDirective]:
        """The join directives that speak of this subgraph."""
        return [item for item in element.applied(feature) if self._is_mine(item)]

    def _named(self, definition: TypeDefinition, feature: str, argument: str) -> list[str] | None:
        """What the directive names for this subgraph; None if the supergraph does not use it."""
        if not definition.applied(feature):
            return None
        return [item.text(argument) or "" for item in self._mine(definition, feature)]

    def _type(self, definition: TypeDefinition) -> TypeDefinition:
        joins = self._mine(definition, "join__type")
        is_object = any(is_set(item, "isInterfaceObject") for item in joins)
        is_extension = any(is_set(item, "extension") for item in joins)
        implements = self._named(definition, "join__implements", "interface")
        members = self._named(definition, "join__unionMember", "member")
        kind = TypeKind.OBJECT if is_object else definition.kind
        return TypeDefinition(
            name=definition.name,
            kind=kind,
            description=None if is_extension else definition.description,
            directives=[
                *(_key(item) for item in joins if "key" in item.arguments),
                *(
                    [AppliedDirective("interfaceObject", {}, "interfaceObject")]
                    if is_object
                    else ()
                ),
                *self._carried(definition, definition.kind is TypeKind.INTERFACE),
            ],
            interfaces=definition.interfaces if implements is None else implements,
            members=definition.members if members is None else members,
            fields={
                item.name: member
                for item in definition.fields.values()
                if (member := self._field(definition, kind, item)) is not None
            },
            input_fields={
                item.name: value
                for item in definition.input_fields.values()
                if (value := self._input_field(item)) is not None
            },
            values={
                item.name: EnumValueDefinition(
                    item.name, item.description, self._carried(item), item.nodes
                )
                for item in definition.values.values()
                if not item.applied("join__enumValue") or self._mine(item, "join__enumValue")
            },
            has_base=not is_extension,
        )

    def _field(
        self, parent: TypeDefinition, kind: TypeKind, given: FieldDefinition
    ) -> FieldDefinition | None:
        joins = given.applied("join__field")
        mine = self._mine(given, "join__field")
        if joins and not mine:
            return self._moved_away(given, joins)
        join = mine[0] if mine else AppliedDirective("join__field")
        is_external = is_set(join, "external")
        directives = [] if is_external else self._carried(given, kind is TypeKind.INTERFACE)
        for name in ("requires", "provides"):
            text = join.text(name)
            if text is not None:
                directives.append(AppliedDirective(name, {"fields": string_value(text)}, name))
        if is_external:
            directives.append(AppliedDirective("external", {}, "external"))
        origin, label = join.text("override"), join.text("overrideLabel")
        if origin is not None:
            arguments = {"from": string_value(origin)}
            if label is not None:
                arguments["label"] = string_value(label)
            directives.append(AppliedDirective("override", arguments, "override"))
        declared = joins or parent.applied("join__type")
        graphs = {value for item in declared if (value := _graph(item)) is not None}
        is_shared = len(graphs) > 1 or (not declared and not self._has_one_graph)
        is_shared |= (parent.name, given.name) in self._whole.shared_through_interfaces
        may_share = kind is TypeKind.OBJECT and parent.name != ROOT_NAMES["subscription"]
        may_share &= given.name not in self._key_fields(parent)  # these are shareable anyway
        if is_shared and may_share and not is_external:
            directives.append(AppliedDirective("shareable", {}, "shareable"))
        text = join.text("type")
        return FieldDefinition(
            name=given.name,
            description=given.description,
            directives=directives,
            nodes=given.nodes,
            type=parse_type(text, no_location=True) if text else given.type,
            arguments={
                **{
                    item.name: self._input_value(item, carried=not is_external)
                    for item in given.arguments.values()
                },
                **{item.name: item for item in self._context_arguments(join)},
            },
        )

    def _key_fields(self, parent: TypeDefinition) -> set[str]:
        keys = (item.text("key") for item in self._mine(parent, "join__type"))
        return {name for key in keys if key for name in field_names(parse_field_set(key))}

    def _moved_away(
        self, given: FieldDefinition, joins: Iterable[AppliedDirective]
    ) -> FieldDefinition | None:
        """The field as it was before another subgraph overrode it, if it can have been here."""
        if not any(item.text("override") == self._name for item in joins):
            return None
        needed = [given.type, *(item.type for item in given.arguments.values())]
        for name in map(base_name, needed):
            definition = self._types.get(name)
            if definition is not None and not self._is_here(definition):
                return None
        return FieldDefinition(
            name=given.name,
            type=given.type,
            nodes=given.nodes,
            arguments={
                item.name: self._input_value(item, carried=False)
                for item in given.arguments.values()
            },
        )

    def _input_field(self, given: InputValueDefinition) -> InputValueDefinition | None:
        mine = self._mine(given, "join__field")
        if given.applied("join__field") and not mine:
            return None
        text = mine[0].text("type") if mine else None
        value = self._input_value(given)
        return replace(value, type=parse_type(text, no_location=True)) if text else value

    def _input_value(
        self, given: InputValueDefinition, *, carried: bool = True
    ) -> InputValueDefinition:
        return InputValueDefinition(
            name=given.name,
            description=given.description,
            directives=self._carried(given) if carried else [],
            nodes=given.nodes,
            type=given.type,
            default=given.default,
        )

    def _context_arguments(self, join: AppliedDirective) -> Iterator[InputValueDefinition]:
        """Arguments that `@fromContext` fills: they are no part of the supergraph's field."""
        value = join.arguments.get("contextArguments")
        for item in value.values if isinstance(value, ListValueNode) else ():
            texts = _texts(item)
            context = texts.get("context", "").removeprefix(f"{self._name}__")
            filled = string_value(f"${context}{texts.get('selection', '')}")
            yield InputValueDefinition(
                name=texts.get("name", ""),
                type=parse_type(texts.get("type", "String"), no_location=True),
                directives=[AppliedDirective("fromContext", {"field": filled}, "fromContext")],
            )

    def _directive_definition(self, given: DirectiveDefinition) -> DirectiveDefinition:
        arguments = {item.name: self._input_value(item) for item in given.arguments.values()}
        return replace(given, arguments=arguments)

    def _carried(self, element: Element, is_interface: bool = False) -> list[AppliedDirective]:
        """The directives that are not about joining, and those this subgraph alone applied.

        An interface has its access rules from its implementations: no subgraph wrote them.
        """
        found: list[AppliedDirective] = []
        for item in element.directives:
            if item.feature == "join__directive":
                found += self._only_here(item)
            elif item.feature == "context":
                name = item.text("name") or ""
                own = name.removeprefix(f"{self._name}__")
                if own != name:
                    arguments = {"name": string_value(own)}
                    found.append(AppliedDirective(item.name, arguments, "context"))
            elif item.feature is not None:
                is_derived = is_interface and item.feature in ACCESS_DIRECTIVES
                if not item.feature.startswith("join__") and not is_derived:
                    found.append(item)
            elif item.name in self._whole.custom_directives:
                found.append(item)
        return found

    def _only_here(self, item: AppliedDirective) -> Iterator[AppliedDirective]:
        """What `@join__directive` says that this subgraph applies."""
        graphs, name, given = (item.arguments.get(key) for key in ("graphs", "name", "args"))
        values = graphs.values if isinstance(graphs, ListValueNode) else ()
        if not isinstance(name, StringValueNode) or not any(
            isinstance(value, EnumValueNode) and value.value == self._value for value in values
        ):
            return
        fields = given.fields if isinstance(given, ObjectValueNode) else ()
        yield AppliedDirective(name.value, {part.name.value: part.value for part in fields})


def _key(join: AppliedDirective) -> AppliedDirective:
    arguments: dict[str, ValueNode] = {"fields": join.arguments["key"]}
    if "resolvable" in join.arguments:
        arguments["resolvable"] = join.arguments["resolvable"]
    return AppliedDirective("key", arguments, "key")


def _graph(join: AppliedDirective) -> str | None:
    value = join.arguments.get("graph")
    return value.value if isinstance(value, EnumValueNode) else None


def _texts(node: ValueNode) -> dict[str, str]:
    fields = node.fields if isinstance(node, ObjectValueNode) else ()
    return {
        part.name.value: part.value.value
        for part in fields
        if isinstance(part.value, StringValueNode)
    }
