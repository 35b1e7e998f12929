"""ENTITY_UNREACHABLE: entities that clients could get at, and cannot any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes.found import BREAKING, Found
from supergraph.checks.federation.note import note
from supergraph.checks.schema_text import BUILT_IN_SCALARS
from supergraph.definitions import SchemaDefinitions, base_name
from supergraph.model import SupergraphType, TypeKind, TypeName

Types = Mapping[TypeName, SupergraphType]

_MAY_CUT_OFF = frozenset(
    {
        "TYPE_REMOVED",
        "TYPE_KIND_CHANGED",
        "UNION_MEMBER_REMOVED",
        "OBJECT_TYPE_INTERFACE_REMOVED",
        "SCHEMA_QUERY_TYPE_CHANGED",
        "SCHEMA_MUTATION_TYPE_CHANGED",
        "SCHEMA_SUBSCRIPTION_TYPE_CHANGED",
    }
)
"""After one of these, or where a field was taken away, something can be out of reach."""


def may_cut_off(change: SchemaChange, old: SchemaDefinitions) -> bool:
    """Whether something may be out of reach after a change of what clients see of `old`."""
    if change.kind not in ("FIELD_REMOVED", "FIELD_TYPE_CHANGED"):
        return change.kind in _MAY_CUT_OFF
    parent, _, member = change.path.partition(".")
    return base_name(old.types[parent].fields[member].type) not in BUILT_IN_SCALARS


def compare_reachability(
    found: Found, old: Types, new: Types, old_roots: Iterable[str], new_roots: Iterable[str]
) -> None:
    """Note entities that no field leads to any more, though they are in the API schema.

    Breaking: whatever clients knew of them is gone, also where the field that led there was
    called something else.
    """
    before, after = reachable_types(old, old_roots), reachable_types(new, new_roots)
    for name, definition in new.items():
        if (
            name in before
            and name not in after
            and not definition.inaccessible
            and any(join.key is not None for join in definition.joins)
        ):
            note(
                found,
                "ENTITY_UNREACHABLE",
                BREAKING,
                name,
                f'No field leads clients to "{name}" any more.',
                None,
            )


def reachable_types(types: Types, roots: Iterable[str]) -> frozenset[str]:
    """The types whose objects a client can get at, from the root types on."""
    implementations: dict[str, list[str]] = {}
    for definition in types.values():
        for item in definition.implements:
            implementations.setdefault(item.interface, []).append(definition.name)
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        found = types.get(TypeName(name))
        if name in seen or found is None or found.inaccessible:
            continue
        seen.add(name)
        if found.kind is TypeKind.INPUT_OBJECT:
            continue
        waiting += [base_name(item.type) for item in found.fields.values() if not item.inaccessible]
        waiting += [member.member for member in found.members]
        waiting += implementations.get(name, ())
        waiting += [item.interface for item in found.implements]
    return frozenset(seen)
