"""The supergraph as SDL: sorted by name, so that equal input gives equal text.

Fields and enum values keep the order in which the subgraphs define them: it is what clients see in
documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import DefinitionNode, DirectiveDefinitionNode, DocumentNode, parse
from graphql.language.block_string import print_block_string

from supergraph.definitions import (
    AppliedDirective,
    DirectiveDefinition,
    Element,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    string_value,
    type_text,
    value_text,
)
from supergraph.federation.directives import Version
from supergraph.federation.join import FEATURES, join_definitions
from supergraph.syntax import type_definition_node

_BLOCK_NAME = re.compile(r"^(?P<what>directive @|[a-z]+ )(?P<name>\w+)", re.MULTILINE)


def print_supergraph(
    schema: SchemaDefinitions,
    graphs: Mapping[str, str],
    urls: Mapping[str, str],
    join: Version,
) -> str:
    """Write a merged schema; `graphs` maps subgraph names to `join__Graph` values."""
    frame = _frame(schema, graphs, urls, join)
    blocks = [*frame.blocks, *(_type(item) for item in schema.types.values())]
    blocks.sort(key=_sort_key)
    return "\n\n".join([frame.schema, *blocks]) + "\n"


def supergraph_document(
    schema: SchemaDefinitions,
    graphs: Mapping[str, str],
    urls: Mapping[str, str],
    join: Version,
) -> DocumentNode:
    """What parsing the text of `print_supergraph` gives, in the same order.

    Raises:
        InvalidSupergraphError: if a type has nothing in it, which cannot be written down.
    """
    frame = _frame(schema, graphs, urls, join)
    schema_node, *definitions = parse(
        "\n\n".join([frame.schema, *frame.blocks]), no_location=True
    ).definitions
    definitions += [type_definition_node(item) for item in schema.types.values()]
    definitions.sort(key=_node_sort_key)
    return DocumentNode(definitions=(schema_node, *definitions))


@dataclass(frozen=True, slots=True)
class _Frame:
    """All of a supergraph that is no type of the subgraphs: text of the definitions."""

    schema: str
    blocks: list[str]


def _frame(
    schema: SchemaDefinitions,
    graphs: Mapping[str, str],
    urls: Mapping[str, str],
    join: Version,
) -> _Frame:
    used = _used_features(schema)
    blocks = join_definitions(join).split("\n\n")
    blocks = _rejoin_descriptions(blocks)
    blocks.append(_graph_enum(graphs, urls))
    for feature in FEATURES:
        if used.keys() & feature.directives:
            blocks.extend(feature.definitions(used))
    blocks += [_directive(item) for item in schema.directives.values()]
    return _Frame(_schema(schema, used, join), blocks)


def print_definitions(schema: SchemaDefinitions) -> str:
    """Types and directive definitions alone, as one subgraph or a merge has them; for people."""
    blocks = [_directive(item) for item in schema.directives.values()]
    blocks += [_type(item) for item in schema.types.values()]
    return "\n\n".join(sorted(blocks, key=_sort_key)) + "\n"


def _rejoin_descriptions(blocks: Iterable[str]) -> list[str]:
    """Undo the split of a definition that has an empty line inside."""
    joined: list[str] = []
    for block in blocks:
        if joined and joined[-1].count("{") > joined[-1].count("}"):
            joined[-1] += f"\n\n{block}"
        else:
            joined.append(block)
    return joined


def _sort_key(block: str) -> tuple[int, str]:
    # Descriptions stand before the definition; what they contain does not count.
    head = re.sub(r'^""".*?(?<!\\)"""\n', "", block, count=1, flags=re.DOTALL)
    match = _BLOCK_NAME.match(head)
    if match is None:
        return 2, head
    return (0 if match["what"].startswith("directive") else 1), match["name"]


def _node_sort_key(node: DefinitionNode) -> tuple[int, str]:
    name = getattr(node, "name", None)
    return (0 if isinstance(node, DirectiveDefinitionNode) else 1), name.value if name else ""


def _used_features(schema: SchemaDefinitions) -> dict[str, str]:
    """Plain names of the directives applied, and how the schema calls them."""
    return {
        item.feature: item.name
        for _, element in schema.elements()
        for item in element.directives
        if item.feature is not None
    }


def _schema(schema: SchemaDefinitions, used: Mapping[str, str], join: Version) -> str:
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        f'@link(url: "https://specs.apollo.dev/join/v{join[0]}.{join[1]}", for: EXECUTION)',
        *(feature.link(used) for feature in FEATURES if used.keys() & feature.directives),
        *(print_applied(item) for item in schema.schema.directives),
    ]
    roots = "".join(f"  {operation}: {name}\n" for operation, name in schema.roots.items())
    lines = "\n  ".join(links)
    return f"{print_description(schema.schema)}schema\n  {lines}\n{{\n{roots}}}"


def _graph_enum(graphs: Mapping[str, str], urls: Mapping[str, str]) -> str:
    values = "".join(
        f"  {value} @join__graph(name: {value_text(string_value(name))}, "
        f"url: {value_text(string_value(urls[name]))})\n"
        for name, value in graphs.items()
    )
    return f"enum join__Graph {{\n{values}}}"


def _type(definition: TypeDefinition) -> str:
    directives = "".join(f"\n  {print_applied(item)}" for item in definition.directives)
    head = print_description(definition) if definition.has_base else "extend "
    name = definition.name
    match definition.kind:
        case TypeKind.SCALAR:
            return f"{head}scalar {name}{directives}"
        case TypeKind.UNION:
            return f"{head}union {name}{directives}\n = {' | '.join(definition.members)}"
        case TypeKind.ENUM:
            body = [
                f"{print_description(value, '  ')}  {value.name}{_inline(value.directives)}"
                for value in definition.values.values()
            ]
            return f"{head}enum {name}{directives}\n{_braces(body)}"
        case TypeKind.INPUT_OBJECT:
            body = [_input_field(value) for value in definition.input_fields.values()]
            return f"{head}input {name}{directives}\n{_braces(body)}"
        case TypeKind.OBJECT | TypeKind.INTERFACE:
            keyword = "type" if definition.kind is TypeKind.OBJECT else "interface"
            implements = (
                f" implements {' & '.join(definition.interfaces)}" if definition.interfaces else ""
            )
            body = [_field(field) for field in definition.fields.values()]
            return f"{head}{keyword} {name}{implements}{directives}\n{_braces(body)}"


def _braces(body: Sequence[str]) -> str:
    # Described members are set apart by empty lines.
    separated = []
    for index, member in enumerate(body):
        gap = "\n" if index and member.lstrip().startswith('"""') else ""
        separated.append(f"{gap}{member}\n")
    return f"{{\n{''.join(separated)}}}"


def _field(field: FieldDefinition) -> str:
    arguments = _arguments(field.arguments.values(), "  ")
    return (
        f"{print_description(field, '  ')}  {field.name}{arguments}: {type_text(field.type)}"
        f"{_inline(field.directives)}"
    )


def _input_field(value: InputValueDefinition) -> str:
    return f"{print_description(value, '  ')}  {_input_value(value)}"


def _arguments(arguments: Iterable[InputValueDefinition], indent: str) -> str:
    items = list(arguments)
    if not items:
        return ""
    if not any(item.description for item in items):
        return f"({', '.join(map(_input_value, items))})"
    inner = f"{indent}  "
    lines = "".join(
        f"{print_description(item, inner)}{inner}{_input_value(item)}\n" for item in items
    )
    return f"(\n{lines}{indent})"


def _input_value(value: InputValueDefinition) -> str:
    default = f" = {value_text(value.default)}" if value.default is not None else ""
    return f"{value.name}: {type_text(value.type)}{default}{_inline(value.directives)}"


def _directive(definition: DirectiveDefinition) -> str:
    arguments = _arguments(definition.arguments.values(), "")
    repeatable = " repeatable" if definition.repeatable else ""
    return (
        f"{print_description(definition)}directive @{definition.name}{arguments}{repeatable} on "
        f"{' | '.join(definition.locations)}"
    )


def _inline(directives: Iterable[AppliedDirective]) -> str:
    return "".join(f" {print_applied(item)}" for item in directives)


def print_applied(directive: AppliedDirective) -> str:
    """`@name(argument: value)`."""
    arguments = ", ".join(
        f"{name}: {value_text(value)}" for name, value in directive.arguments.items()
    )
    return f"@{directive.name}({arguments})" if arguments else f"@{directive.name}"


def print_description(element: Element, indent: str = "") -> str:
    """The description as a block string with a line break after it; nothing if there is none."""
    if element.description is None:
        return ""
    lines = print_block_string(element.description, minimize=False).split("\n")
    if len(lines) == 1 and not element.description[:1].isspace():
        # Always three lines: a description is found at a glance. (Indented, it would lose that.)
        lines = ['"""', *element.description.split("\n"), '"""']
        if print_block_string(element.description).count('\\"""'):
            lines[1] = lines[1].replace('"""', '\\"""')
    return "".join(f"{indent}{line}\n" if line else "\n" for line in lines)
