from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.definitions import ROOT_NAMES, TypeKind, base_name


class IdOptions(RuleOptions):
    """What looks like an identity."""

    fields: tuple[str, ...] = Field(default=("id",), min_length=1)
    """Names of fields that identify an object if their type is ID."""


class IdWithoutKey(LintRule):
    """A type with an id has a key: other subgraphs could add to it."""

    name = "id-without-key"
    options_model = IdOptions

    def check(self, graph: LintGraph, options: IdOptions) -> Iterator[LintFinding]:
        """Look at object types without a key in any subgraph."""
        for subgraph, item in graph.types():
            if item.kind is not TypeKind.OBJECT or item.name in ROOT_NAMES.values():
                continue
            if item.name in graph.keyed or not graph.keyed.isdisjoint(item.interfaces):
                continue
            for name in options.fields:
                field = item.fields.get(name)
                if field is not None and base_name(field.type) == "ID":
                    message = (
                        f'"{item.name}.{name}" identifies a "{item.name}", but the type has no '
                        f'@key; add @key(fields: "{name}").'
                    )
                    yield graph.of_element(subgraph, f"{item.name}.{name}", field, message)
