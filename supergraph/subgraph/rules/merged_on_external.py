"""A directive that goes into the supergraph means nothing on a field that is not resolved here."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import DirectiveNode, print_ast

from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph

MERGED = ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize")


def check_merged_on_external(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Code MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            if not field.has("external"):
                continue
            for directive in field.directives:
                if directive.feature in MERGED and isinstance(directive.node, DirectiveNode):
                    yield subgraph.error(
                        ErrorCode.MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                        f"Cannot apply merged directive {print_ast(directive.node)} to external "
                        f'field "{definition.name}.{field.name}"',
                        directive.node,
                        coordinate=f"{definition.name}.{field.name}",
                    )
