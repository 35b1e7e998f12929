"""A graph without a query cannot be asked anything."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import ROOT_NAMES
from supergraph.errors import CompositionError, ErrorCode
from supergraph.merge.context import MergeContext


def check_has_queries(context: MergeContext) -> Iterator[CompositionError]:
    """Code NO_QUERIES."""
    query = context.merged.types.get(ROOT_NAMES["query"])
    if query is None or not query.fields:
        yield CompositionError(
            ErrorCode.NO_QUERIES,
            "No queries found in any subgraph: a supergraph must have a query root type.",
        )
