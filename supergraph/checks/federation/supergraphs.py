"""`federation_changes`: what two supergraphs differ in that their API schemas do not show."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes.compare import compare_definitions
from supergraph.checks.changes.found import Found
from supergraph.checks.federation.access import compare_access
from supergraph.checks.federation.contexts import compare_context_arguments, compare_contexts
from supergraph.checks.federation.cost import compare_cost
from supergraph.checks.federation.facts import Facts, facts_of_supergraph
from supergraph.checks.federation.interface_objects import compare_interface_objects
from supergraph.checks.federation.keys import compare_entities, compare_keys
from supergraph.checks.federation.overrides import compare_overrides
from supergraph.checks.federation.owners import compare_owners
from supergraph.checks.federation.reachability import compare_reachability, may_cut_off
from supergraph.checks.federation.requirements import (
    compare_required_fields,
    compare_requirements,
    mentioned_in_field_sets,
)
from supergraph.checks.federation.subgraphs import compare_subgraphs
from supergraph.checks.federation.tags import compare_tags
from supergraph.checks.supergraph_text import SupergraphSide, client_view, read_sides
from supergraph.model import Supergraph


def federation_changes(old: Supergraph, new: Supergraph) -> list[SchemaChange]:
    """The differences of two supergraphs that their API schemas do not show.

    `supergraph.diff` of their SDL includes them.
    """
    first, second = read_sides(old.sdl, new.sdl, ("the old supergraph", "the new supergraph"))
    # What clients see decides whether it is worth asking who can be reached.
    seen = Found()
    compare_definitions(seen, client_view(first), client_view(second))
    return changes_of_supergraphs(Found(), first, second, tuple(seen.changes))


def changes_of_supergraphs(
    found: Found, old: SupergraphSide, new: SupergraphSide, seen: Sequence[SchemaChange]
) -> list[SchemaChange]:
    """Add what the API schemas do not show; `seen` is what they do."""
    before, after = facts_of_supergraph(old), facts_of_supergraph(new)
    compare_subgraphs(found, before, after)
    compare_keys(found, before, after)
    compare_entities(found, before, after)
    compare_owners(found, before, after)
    compare_overrides(found, before, after)
    compare_requirements(found, before, after)
    compare_interface_objects(found, before, after)
    compare_context_arguments(found, before, after)
    compare_contexts(found, old.definitions, new.definitions, None)
    compare_access(found, old.definitions, new.definitions, None)
    compare_cost(found, old.definitions, new.definitions, None)
    compare_tags(found, old.definitions, new.definitions, None)
    removed = _removed_fields(before, after)
    if mentioned_in_field_sets(old.sdl, removed):
        compare_required_fields(found, removed, old.all_types(), before)
    if any(may_cut_off(change, old.definitions) for change in seen):
        compare_reachability(
            found,
            old.all_types(),
            new.all_types(),
            old.definitions.roots.values(),
            new.definitions.roots.values(),
        )
    return found.changes


def _removed_fields(old: Facts, new: Facts) -> dict[str, str]:
    """Fields that no subgraph answers any more, with the first one that did."""
    removed = {}
    for name in old.types:
        after = new.fields(name)
        for member, facts in old.fields(name).items():
            owners = [subgraph for subgraph, fact in facts.items() if fact.resolves]
            if owners and all(fact.external for fact in after.get(member, {}).values()):
                removed[f"{name}.{member}"] = owners[0]
    return removed
