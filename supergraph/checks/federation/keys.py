"""KEY_*: by what a subgraph's entities are found. ENTITY_*: whether anybody finds them at all."""

from __future__ import annotations

from collections.abc import Mapping

from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.federation.facts import Facts, TypeFact
from supergraph.checks.federation.note import note


def compare_keys(found: Found, old: Facts, new: Facts) -> None:
    """Note keys that came, went, or changed whether the subgraph resolves them.

    A resolvable key that goes is breaking even where the graph still composes: a gateway that runs
    the supergraph of before asks the subgraph by this key until it has the new one, and subgraphs
    that are not part of the comparison may hold references by it.
    """
    for name, before in old.types.items():
        after = new.types.get(name)
        if after is None:
            continue
        for subgraph, fact in before.items():
            if subgraph in after:
                _compare(found, name, subgraph, fact, after[subgraph], new)
            elif fact.keys and subgraph in new.urls:
                for key, resolvable in fact.keys.items():
                    _removed(found, name, subgraph, key, resolvable, new)
        for subgraph in after.keys() - before.keys() if before else ():
            for key in after[subgraph].keys if subgraph in old.urls else ():
                _added(found, name, subgraph, key, new)


def compare_entities(found: Found, old: Facts, new: Facts) -> None:
    """Note entities that no subgraph resolves any more; the facts are those of whole graphs."""
    for name, before in old.types.items():
        after = new.types.get(name)
        if after and _is_resolvable(before) and not _is_resolvable(after):
            note(
                found,
                "ENTITY_NOT_RESOLVABLE",
                BREAKING,
                name,
                f'No subgraph resolves "{name}" by a key any more: nobody can refer to it.',
                None,
                new.element(name),
            )


def _compare(
    found: Found, name: str, subgraph: str, old: TypeFact, new: TypeFact, facts: Facts
) -> None:
    for key, resolvable in old.keys.items():
        if key not in new.keys:
            _removed(found, name, subgraph, key, resolvable, facts)
        elif resolvable != new.keys[key]:
            says = "resolves" if new.keys[key] else "no longer resolves"
            note(
                found,
                "KEY_RESOLVABLE_CHANGED",
                BREAKING if resolvable else SAFE,
                name,
                f'Subgraph "{subgraph}" {says} "{name}" by the key "{key}".',
                subgraph,
                facts.element(name),
                directive="key",
            )
    for key in new.keys:
        if key not in old.keys:
            _added(found, name, subgraph, key, facts)


def _removed(
    found: Found, name: str, subgraph: str, key: str, resolvable: bool, facts: Facts
) -> None:
    note(
        found,
        "KEY_REMOVED",
        BREAKING if resolvable else DANGEROUS,
        name,
        f'The key "{key}" of "{name}" was removed from subgraph "{subgraph}".',
        subgraph,
        facts.element(name),
        directive="key",
    )


def _added(found: Found, name: str, subgraph: str, key: str, facts: Facts) -> None:
    note(
        found,
        "KEY_ADDED",
        SAFE,
        name,
        f'The key "{key}" was added to "{name}" in subgraph "{subgraph}".',
        subgraph,
        facts.element(name),
        directive="key",
    )


def _is_resolvable(facts: Mapping[str, TypeFact]) -> bool:
    return any(True in fact.keys.values() for fact in facts.values())
