"""INTERFACE_OBJECT_*: an interface that a subgraph knows as an object."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, Found
from supergraph.checks.federation.facts import Facts
from supergraph.checks.federation.note import note


def compare_interface_objects(found: Found, old: Facts, new: Facts) -> None:
    """Note `@interfaceObject` that came or went.

    Who knows the runtime types changes by it, and with it how every field of the interface is
    fetched: dangerous, both ways.
    """
    for name, before in old.types.items():
        for subgraph, fact in before.items():
            now = new.types.get(name, {}).get(subgraph)
            if now is None or now.interface_object == fact.interface_object:
                continue
            verb = "ADDED" if now.interface_object else "REMOVED"
            knows = "as an object" if now.interface_object else "with its runtime types"
            note(
                found,
                f"INTERFACE_OBJECT_{verb}",
                DANGEROUS,
                name,
                f'Subgraph "{subgraph}" knows interface "{name}" {knows} now.',
                subgraph,
                new.element(name),
                directive="interfaceObject",
            )
