"""Checks of one subgraph alone: one file per rule, listed here in the order of their errors.

A rule takes a loaded subgraph and yields errors. Rules do not depend on each other, except that
merging relies on all of them having passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from supergraph.errors import CompositionError
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.rules.access import check_access
from supergraph.subgraph.rules.collisions import check_collisions
from supergraph.subgraph.rules.context import check_context
from supergraph.subgraph.rules.cost import check_cost
from supergraph.subgraph.rules.external import check_external
from supergraph.subgraph.rules.interface_keys import check_interface_keys
from supergraph.subgraph.rules.interface_object import check_interface_objects
from supergraph.subgraph.rules.keys import check_keys
from supergraph.subgraph.rules.merged_on_external import check_merged_on_external
from supergraph.subgraph.rules.provides import check_provides
from supergraph.subgraph.rules.requires import check_requires
from supergraph.subgraph.rules.shareable import check_shareable

Rule = Callable[[Subgraph], Iterable[CompositionError]]

RULES: tuple[Rule, ...] = (
    check_keys,
    check_requires,
    check_provides,
    check_collisions,
    check_external,
    check_merged_on_external,
    check_interface_keys,
    check_interface_objects,
    check_shareable,
    check_access,
    check_cost,
    check_context,
)


def check_subgraph(subgraph: Subgraph) -> list[CompositionError]:
    """All errors of all rules."""
    return [error for rule in RULES for error in rule(subgraph)]
