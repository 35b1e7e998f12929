"""`@context` and `@fromContext`: contexts have names, are set, and select one value that fits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode

from supergraph.definitions import (
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
    type_text,
)
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.field_set import (
    FieldSet,
    FieldSetError,
    FieldSetField,
    FieldSetFragment,
    parse_field_set,
)
from supergraph.subgraph.contexts import ContextualArgument, contextual_arguments, types_setting
from supergraph.subgraph.field_sets import selected_fields
from supergraph.subgraph.model import Subgraph

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_context(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes CONTEXT_* and NO_CONTEXT_IN_SELECTION."""
    yield from _check_names(subgraph)
    for directive in subgraph.directives.values():
        for argument in directive.arguments.values():
            for applied in argument.applied("fromContext"):
                yield subgraph.error(
                    ErrorCode.CONTEXT_NOT_SET,
                    f"{subgraph.at('fromContext')} cannot be used on an argument of a directive "
                    f'definition, but is on "@{directive.name}({argument.name}:)".',
                    applied.node,
                    coordinate=f"@{directive.name}({argument.name}:)",
                )
    for item in contextual_arguments(subgraph):
        for code, message in (*_place_problems(subgraph, item), *_value_problems(subgraph, item)):
            yield subgraph.error(code, message, item.directive.node, coordinate=item.coordinate)


def _check_names(subgraph: Subgraph) -> Iterator[CompositionError]:
    for definition in subgraph.types.values():
        for directive in definition.applied("context"):
            name = directive.text("name") or ""
            if _NAME.fullmatch(name):
                continue
            rule = (
                "may not contain an underscore"
                if "_" in name
                else "is invalid: it should start with a letter and have only letters and digits"
            )
            yield subgraph.error(
                ErrorCode.CONTEXT_NAME_INVALID,
                f'Context name "{name}" of type "{definition.name}" {rule}.',
                directive.node,
                coordinate=definition.name,
            )


def _place_problems(
    subgraph: Subgraph, item: ContextualArgument
) -> Iterator[tuple[ErrorCode, str]]:
    me, coordinate = subgraph.at("fromContext"), item.coordinate
    if item.parent.kind is TypeKind.INTERFACE:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            f'{me} cannot be used on a field of an abstract type, but is on "{coordinate}".',
        )
        return
    for name in item.parent.interfaces:
        interface = subgraph.types.get(name)
        if interface is not None and item.field.name in interface.fields:
            yield (
                ErrorCode.CONTEXT_NOT_SET,
                f"{me} cannot be used on a field that implements an interface field, but "
                f'"{coordinate}" implements "{name}.{item.field.name}".',
            )
    if item.argument.default is not None:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            f'{me} arguments may not have a default value, but "{coordinate}" has one.',
        )
    if not any(key.flag("resolvable", True) for key in item.parent.applied("key")):
        yield (
            ErrorCode.CONTEXT_NO_RESOLVABLE_KEY,
            f'Object "{item.parent.name}" has no resolvable key but has a field with a contextual '
            f'argument, "{coordinate}": a gateway enters the type by its key to fill it.',
        )


def _value_problems(
    subgraph: Subgraph, item: ContextualArgument
) -> Iterator[tuple[ErrorCode, str]]:
    reference = item.reference
    if reference is None:
        written = item.directive.text("field") or ""
        yield (
            ErrorCode.NO_CONTEXT_IN_SELECTION,
            f'{subgraph.at("fromContext")} on "{item.coordinate}" does not reference a context and '
            f'a selection of it, as in "$example {{ field }}": it is "{written}".',
        )
        return
    setting = types_setting(subgraph, reference.context)
    if not setting:
        yield (
            ErrorCode.CONTEXT_NOT_SET,
            f'Context "{reference.context}" is used at location "{item.coordinate}" but is never '
            "set.",
        )
        return
    start = f'Context "{reference.context}" is used in "{item.coordinate}" but the selection is '
    try:
        field_set = parse_field_set(reference.selection)
    except FieldSetError as error:
        yield ErrorCode.CONTEXT_INVALID_SELECTION, f"{start}invalid: {error.message}"
        return
    for message in _selection_problems(subgraph, item, setting, field_set):
        yield ErrorCode.CONTEXT_INVALID_SELECTION, f"{start}invalid{message}"


def _selection_problems(
    subgraph: Subgraph, item: ContextualArgument, setting: list[TypeDefinition], selection: FieldSet
) -> Iterator[str]:
    fragments = [part for part in selection if isinstance(part, FieldSetFragment)]
    if len(fragments) < len(selection) and len(selection) > 1:
        yield ": multiple selections are made; select one field, or one per type condition"
        return
    for fragment in fragments:
        condition = subgraph.types.get(fragment.type_condition or "")
        if condition is None or condition.kind is not TypeKind.OBJECT:
            yield ": type conditions must be an object type"
            return
    for location in setting:
        if location.has("interfaceObject"):
            yield f': "{location.name}", which sets the context, is an interface object'
            continue
        if not fragments:
            yield from _one_value(subgraph, item, location, selection)
            continue
        possible = set(subgraph.possible_types(location.name))
        matching = [part for part in fragments if part.type_condition in possible]
        if not matching:
            yield f': no type condition matches the location "{location.name}"'
        for part in matching:
            target = subgraph.types[part.type_condition or ""]
            yield from _one_value(subgraph, item, target, part.selections)


def _one_value(
    subgraph: Subgraph, item: ContextualArgument, location: TypeDefinition, selection: FieldSet
) -> Iterator[str]:
    problems: list[str] = []
    for _ in selected_fields(subgraph, location, selection, problems.append):
        pass  # only what is wrong matters here
    if problems:
        yield f' for type "{location.name}": {problems[0]}'
        return
    found = _type_of(subgraph, location, selection)
    if found is None:
        yield ": multiple selections are made; select one field"
        return
    # The object that sets the context may be null: so may be all that is read of it.
    nullable = found.type if isinstance(found, NonNullTypeNode) else found
    if not _fits(nullable, item.argument.type):
        yield (
            f': the type of the selection "{type_text(nullable)}" does not match the expected '
            f'type "{type_text(item.argument.type)}"'
        )


def _type_of(
    schema: SchemaDefinitions, parent: TypeDefinition, selection: FieldSet
) -> TypeNode | None:
    """The type of the one leaf; None if several are selected."""
    if len(selection) != 1 or not isinstance(selection[0], FieldSetField):
        return None
    field = parent.fields.get(selection[0].name)
    if field is None or not selection[0].selections:
        return field.type if field else None
    inner = _type_of(schema, schema.types[base_name(field.type)], selection[0].selections)
    return _wrapped(field.type, inner) if inner is not None else None


def _wrapped(outer: TypeNode, leaf: TypeNode) -> TypeNode:
    """The leaf inside the lists of the field that leads to it."""
    if isinstance(outer, NonNullTypeNode):
        if isinstance(outer.type, NamedTypeNode):
            return leaf
        return NonNullTypeNode(type=ListTypeNode(type=_wrapped(outer.type.type, leaf)))
    if isinstance(outer, ListTypeNode):
        return ListTypeNode(type=_wrapped(outer.type, leaf))
    return leaf.type if isinstance(leaf, NonNullTypeNode) else leaf


def _fits(given: TypeNode, expected: TypeNode) -> bool:
    if isinstance(expected, NonNullTypeNode):
        return isinstance(given, NonNullTypeNode) and _fits(given.type, expected.type)
    if isinstance(given, NonNullTypeNode):
        return _fits(given.type, expected)
    if isinstance(expected, ListTypeNode):
        return isinstance(given, ListTypeNode) and _fits(given.type, expected.type)
    return not isinstance(given, ListTypeNode) and base_name(given) == base_name(expected)
