"""`@context` and `@fromContext` as one subgraph writes them, read for rules and for merging.

A type sets a named context for everything below it; an argument is filled from it by a selection on
that type, as in `"$name { locale }"`.

Source: https://specs.apollo.dev/federation/v2.8
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    InputValueDefinition,
    TypeDefinition,
)
from supergraph.subgraph.model import Subgraph

_REFERENCE = re.compile(r"\s*\$(?P<name>[A-Za-z_]\w*)\b(?P<selection>[\s\S]*\S[\s\S]*)")


@dataclass(frozen=True, slots=True)
class ContextReference:
    """The value of `@fromContext(field:)`: the context's name and what is selected of it."""

    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class ContextualArgument:
    """An argument with `@fromContext`; `reference` is None if it names no context."""

    parent: TypeDefinition
    field: FieldDefinition
    argument: InputValueDefinition
    directive: AppliedDirective
    reference: ContextReference | None

    @property
    def coordinate(self) -> str:
        """Such as `Product.price(currency:)`."""
        return f"{self.parent.name}.{self.field.name}({self.argument.name}:)"


def context_reference(directive: AppliedDirective) -> ContextReference | None:
    """What `@fromContext` refers to; the selection is kept as written."""
    match = _REFERENCE.fullmatch(directive.text("field") or "")
    return ContextReference(match["name"], match["selection"]) if match else None


def contextual_arguments(subgraph: Subgraph) -> Iterator[ContextualArgument]:
    """All arguments of fields that are filled from a context."""
    for parent in subgraph.types.values():
        for field in parent.fields.values():
            for argument in field.arguments.values():
                for directive in argument.applied("fromContext"):
                    yield ContextualArgument(
                        parent, field, argument, directive, context_reference(directive)
                    )


def types_setting(subgraph: Subgraph, context: str) -> list[TypeDefinition]:
    """The types that set a context."""
    return [
        definition
        for definition in subgraph.types.values()
        if any(item.text("name") == context for item in definition.applied("context"))
    ]


def supergraph_context(subgraph: Subgraph, context: str) -> str:
    """The name of a subgraph's context in the supergraph, where others may use the same name."""
    return f"{subgraph.name}__{context}"
