"""FIELD_OWNER_*: which subgraphs answer a field."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, SAFE, Found
from supergraph.checks.federation.facts import Facts, FieldFact
from supergraph.checks.federation.note import note
from supergraph.definitions import quoted_list


def compare_owners(found: Found, old: Facts, new: Facts) -> None:
    """Note fields that another subgraph answers than before.

    The answer comes from other code and data, and plans take another way: dangerous. One more
    subgraph that answers changes nothing by itself. Fields of keys are left out: every subgraph of
    an entity has them, and what becomes of keys has its own kinds.
    """
    for name in old.types:
        before, after = old.fields(name), new.fields(name)
        keys = old.key_fields(name) | new.key_fields(name)
        for member, facts in before.items():
            if member in keys:
                continue
            was, now = _owners(facts), _owners(after.get(member, {}))
            gone = [owner for owner in was if owner not in now]
            came = [owner for owner in now if owner not in was]
            if not was or not now or not (gone or came):
                continue
            path = f"{name}.{member}"
            if gone and came:
                kind, grade = "FIELD_OWNER_CHANGED", DANGEROUS
                message = f'Field "{path}" moved from {quoted_list(gone)} to {quoted_list(came)}.'
            elif gone:
                kind, grade = "FIELD_OWNER_REMOVED", DANGEROUS
                message = f'Field "{path}" is no longer answered by {quoted_list(gone)}.'
            else:
                kind, grade = "FIELD_OWNER_ADDED", SAFE
                message = f'Field "{path}" is answered by {quoted_list(came)}, too.'
            note(found, kind, grade, path, message, (came or gone)[0], new.element(path))


def _owners(facts: dict[str, FieldFact]) -> list[str]:
    return [subgraph for subgraph, fact in facts.items() if fact.resolves]
