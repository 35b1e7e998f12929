"""One extracted subgraph as text: its links, then its definitions.

Directives of federation are imported under the names the supergraph has for them. One whose name
the subgraphs use for a directive of their own keeps the specification's long name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from supergraph.definitions import (
    ROOT_NAMES,
    AppliedDirective,
    Element,
    SchemaDefinitions,
    string_value,
    value_text,
)
from supergraph.federation.directives import (
    CONTEXT_IDENTITY,
    DIRECTIVES,
    FEDERATION_IDENTITY,
    STANDALONE_SPECS,
    STANDARD_DIRECTIVES,
    Version,
)
from supergraph.links import LinkedSpec
from supergraph.printer import print_applied, print_definitions, print_description


def print_subgraph(schema: SchemaDefinitions, version: Version, specs: Iterable[LinkedSpec]) -> str:
    """The SDL of a subgraph whose directives have plain names in `feature`."""
    specs = tuple(specs)
    local = _local_names(schema, specs)
    used = set()
    for element in _elements(schema):
        for item in element.directives:
            if item.feature in DIRECTIVES:
                used.add(item.feature)
                item.name = local[item.feature]
    links = [_federation_link(version, sorted(used), local)]
    composed = {
        (item.text("name") or "").removeprefix("@")
        for item in schema.schema.directives
        if item.feature == "composeDirective"
    }
    links += [_link(spec) for spec in specs if any(map(spec.owns_directive, composed))]
    applied = "".join(f"\n  {item}" for item in [*links, *_sorted(schema.schema)])
    head = f"extend schema{applied}\n"
    renamed = any(ROOT_NAMES[operation] != name for operation, name in schema.roots.items())
    if schema.roots and (renamed or schema.schema.description is not None):
        roots = "".join(f"  {operation}: {name}\n" for operation, name in schema.roots.items())
        head = f"{print_description(schema.schema)}schema{applied}\n{{\n{roots}}}\n"
    return f"{head}\n{print_definitions(schema)}"


def _local_names(schema: SchemaDefinitions, specs: Iterable[LinkedSpec]) -> dict[str, str]:
    names = {
        plain: plain if plain not in schema.directives else f"federation__{plain}"
        for plain in DIRECTIVES
    }
    for spec in specs:
        for plain in STANDALONE_SPECS.get(spec.identity, ()):
            names[plain] = spec.directive(plain)
        if spec.identity == CONTEXT_IDENTITY:
            names["context"] = spec.directive("context")
    return names


def _elements(schema: SchemaDefinitions) -> Iterator[Element]:
    """Every element, with directives of its own: they are about to be renamed."""
    elements: list[Element] = [schema.schema]
    for definition in schema.types.values():
        elements += [definition, *definition.children()]
        for field in definition.fields.values():
            elements += field.arguments.values()
    for directive in schema.directives.values():
        elements += directive.arguments.values()
    for element in elements:
        element.directives = [replace(item) for item in element.directives]
        yield element


def _federation_link(version: Version, used: Iterable[str], local: dict[str, str]) -> str:
    imports = []
    for plain in used:
        if local[plain] == plain:
            imports.append(f'"@{plain}"')
        elif local[plain] != f"federation__{plain}":
            imports.append(f'{{name: "@{plain}", as: "@{local[plain]}"}}')
    url = f"{FEDERATION_IDENTITY}/v{version[0]}.{version[1]}"
    imported = f", import: [{', '.join(imports)}]" if imports else ""
    return f'@link(url: "{url}"{imported})'


def _link(spec: LinkedSpec) -> str:
    url = f"{spec.identity}/v{spec.version[0]}.{spec.version[1]}"
    parts = [f"url: {value_text(string_value(url))}"]
    if spec.prefix != spec.name:
        parts.append(f'as: "{spec.prefix}"')
    imports = [
        f'"{name}"' if name == as_ else f'{{name: "{name}", as: "{as_}"}}'
        for name, as_ in spec.imports.items()
    ]
    if imports:
        parts.append(f"import: [{', '.join(imports)}]")
    return f"@link({', '.join(parts)})"


def _sorted(schema: Element) -> Iterator[str]:
    known = STANDARD_DIRECTIVES | DIRECTIVES.keys()

    def rank(item: AppliedDirective) -> bool:
        return item.feature in known

    # Links of subgraphs stand before what they bring.
    yield from (print_applied(item) for item in sorted(schema.directives, key=rank))


__all__ = ["print_subgraph"]
