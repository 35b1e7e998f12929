"""What a schema means, as values that can be compared: order and layout do not count."""

from __future__ import annotations

from typing import Any

from graphql import DirectiveNode, Node, SchemaDefinitionNode, parse, print_ast


def meaning(sdl: str) -> dict[str, Any]:
    """Facts about every element, by schema coordinate."""
    facts: dict[str, Any] = {}
    for node in parse(sdl).definitions:
        if isinstance(node, SchemaDefinitionNode):
            roots = sorted(
                (item.operation.value, item.type.name.value) for item in node.operation_types
            )
            facts["schema"] = (_directives(node), roots, _description(node))
            continue
        name = node.name.value  # type: ignore[attr-defined] # all others have a name
        if node.kind == "directive_definition":
            facts[f"@{name}"] = (
                sorted(print_ast(item) for item in getattr(node, "arguments", None) or ()),
                getattr(node, "repeatable", False),
                sorted(item.value for item in getattr(node, "locations", ())),
            )
            continue
        facts[name] = (
            node.kind,
            _directives(node),
            _description(node),
            sorted(item.name.value for item in getattr(node, "interfaces", None) or ()),
            sorted(item.name.value for item in getattr(node, "types", None) or ()),
        )
        for field in getattr(node, "fields", None) or ():
            facts[f"{name}.{field.name.value}"] = _value(field)
            for argument in getattr(field, "arguments", None) or ():
                facts[f"{name}.{field.name.value}({argument.name.value}:)"] = _value(argument)
        for value in getattr(node, "values", None) or ():
            facts[f"{name}.{value.name.value}"] = (_directives(value), _description(value))
    return facts


def _value(node: Any) -> tuple[Any, ...]:
    default = getattr(node, "default_value", None)
    return (
        print_ast(node.type),
        _directives(node),
        _description(node),
        print_ast(default) if default is not None else None,
    )


def _directives(node: Node) -> list[tuple[str, list[tuple[str, str]]]]:
    return sorted(_directive(item) for item in getattr(node, "directives", None) or ())


def _directive(node: DirectiveNode) -> tuple[str, list[tuple[str, str]]]:
    arguments = sorted(
        (argument.name.value, print_ast(argument.value)) for argument in node.arguments or ()
    )
    return node.name.value, arguments


def _description(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None
