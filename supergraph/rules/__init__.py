"""Checks across subgraphs: one file per idea, listed here in the order of their errors.

`BEFORE_MERGE` look at the loaded subgraphs, `AFTER_MERGE` at the merged schema too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from supergraph.errors import CompositionError
from supergraph.merge.context import MergeContext
from supergraph.rules.composed_directives import check_composed_directives
from supergraph.rules.extension_with_no_base import check_extensions_have_base
from supergraph.rules.inaccessible import check_inaccessible
from supergraph.rules.interface_fields import check_interface_fields
from supergraph.rules.interface_objects import check_interface_objects_merged
from supergraph.rules.no_queries import check_has_queries
from supergraph.rules.reserved_names import check_reserved_names
from supergraph.rules.transitive_access import check_transitive_access
from supergraph.subgraph.model import Subgraph

BEFORE_MERGE: tuple[Callable[[Sequence[Subgraph]], Iterable[CompositionError]], ...] = (
    check_extensions_have_base,
)
AFTER_MERGE: tuple[Callable[[MergeContext], Iterable[CompositionError]], ...] = (
    check_has_queries,
    check_reserved_names,
    check_composed_directives,
    check_interface_objects_merged,
    check_interface_fields,
    check_inaccessible,
    check_transitive_access,
)


def check_before_merge(subgraphs: Sequence[Subgraph]) -> list[CompositionError]:
    """All errors of rules that need no merged schema."""
    return [error for rule in BEFORE_MERGE for error in rule(subgraphs)]


def check_merged(context: MergeContext) -> list[CompositionError]:
    """All errors of rules about the merged schema."""
    return [error for rule in AFTER_MERGE for error in rule(context)]
