"""What clients can still reach: types that no operation can name are noise, or a leak."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import (
    Element,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    base_name,
)


def unreachable_types(schema: SchemaDefinitions) -> list[str]:
    """The visible types that nothing visible leads to from a root type or a directive.

    An interface leads to its implementations and each of them to its interfaces: a client may
    select on either.
    """
    implementations: dict[str, list[str]] = {}
    for definition in schema.types.values():
        for name in definition.interfaces:
            implementations.setdefault(name, []).append(definition.name)
    pending = list(schema.roots.values())
    pending += [
        base_name(argument.type)
        for directive in schema.directives.values()
        for argument in directive.arguments.values()
    ]
    seen: set[str] = set()
    while pending:
        found = schema.types.get(pending.pop())
        if found is None or found.name in seen or found.has("inaccessible"):
            continue
        seen.add(found.name)
        pending += _next(found)
        pending += implementations.get(found.name, ())
    return [
        name
        for name, definition in schema.types.items()
        if name not in seen and not definition.has("inaccessible")
    ]


def _next(definition: TypeDefinition) -> Iterator[str]:
    yield from definition.interfaces
    if definition.kind is TypeKind.UNION:
        yield from definition.members
    for value in filter(_is_visible, definition.input_fields.values()):
        yield base_name(value.type)
    for field in filter(_is_visible, definition.fields.values()):
        yield base_name(field.type)
        for argument in filter(_is_visible, field.arguments.values()):
            yield base_name(argument.type)


def _is_visible(element: Element) -> bool:
    return not element.has("inaccessible")


__all__ = ["unreachable_types"]
