"""Which directive and type names of a supergraph belong to which specification.

A supergraph says by `@link` (or `@core`, its older form) which specifications it uses and under
which names: the directive `type` of `join` is `@join__type`, or `@j__type` after `as: "j"`, and an
import may rename single elements. Everything else reads directives by their specification's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    ValueNode,
)

_URL = re.compile(
    r"^(?P<identity>.*?/(?P<name>[A-Za-z_][\w-]*))/v(?P<major>\d+)\.(?P<minor>\d+)/?$"
)


@dataclass(frozen=True, slots=True)
class LinkedSpec:
    """One specification in use: `imports` maps element names (`@tag`, `Import`) to local ones."""

    identity: str
    name: str
    version: tuple[int, int]
    prefix: str
    imports: Mapping[str, str]

    def directive(self, element: str) -> str:
        """The local name of a directive, without `@`."""
        if imported := self.imports.get(f"@{element}"):
            return imported.removeprefix("@")
        return self.prefix if element == self.name else f"{self.prefix}__{element}"

    def type(self, element: str) -> str:
        """The local name of a type."""
        return self.imports.get(element) or f"{self.prefix}__{element}"

    def owns_directive(self, name: str) -> bool:
        """Whether the directive `name` (without `@`) is one of this specification's."""
        return (
            name == self.prefix
            or name.startswith(f"{self.prefix}__")
            or f"@{name}" in self.imports.values()
        )

    def owns_type(self, name: str) -> bool:
        """Whether the type `name` is one of this specification's."""
        return name.startswith(f"{self.prefix}__") or name in self.imports.values()


def linked_specs(document: DocumentNode) -> tuple[LinkedSpec, ...]:
    """The specifications a supergraph links, in order; a link to anything else is left out."""
    return tuple(
        spec
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode)
        for directive in definition.directives or ()
        if (spec := _linked_spec(directive)) is not None
    )


def _linked_spec(directive: ConstDirectiveNode) -> LinkedSpec | None:
    arguments = {item.name.value: item.value for item in directive.arguments or ()}
    url = arguments.get("url") or arguments.get("feature")
    if not isinstance(url, StringValueNode) or not (match := _URL.match(url.value)):
        return None
    alias = arguments.get("as")
    return LinkedSpec(
        identity=match["identity"],
        name=match["name"],
        version=(int(match["major"]), int(match["minor"])),
        prefix=alias.value if isinstance(alias, StringValueNode) else match["name"],
        imports=dict(_imports(arguments.get("import"))),
    )


def _imports(value: ValueNode | None) -> Iterator[tuple[str, str]]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        if isinstance(item, StringValueNode):
            yield item.value, item.value
        elif isinstance(item, ObjectValueNode):
            parts = {part.name.value: part.value for part in item.fields or ()}
            name, alias = parts.get("name"), parts.get("as")
            if isinstance(name, StringValueNode):
                yield name.value, alias.value if isinstance(alias, StringValueNode) else name.value
