"""Foreign keys to references and their lists; tables of pairs to many-to-many lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subgraph_kit.scaffold.inspect.sql import naming
from subgraph_kit.scaffold.inspect.sql.catalog import ForeignKey, Table
from subgraph_kit.scaffold.inspect.sql.keys import Place
from subgraph_kit.scaffold.model import ManyToMany, Note, Reference, SqlAccess
from subgraph_kit.scaffold.names import Names, field_name, words

_MOMENTS = ("timestamp", "timestamptz", "date")
_BOOKKEEPING = frozenset({"created", "updated", "inserted", "added", "modified", "assigned"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An entity in the making: its table, its names, its keys by column."""

    table: Table
    type: str
    keys: tuple[tuple[str, ...], ...]
    fields: Mapping[str, str]
    """The field of each column."""
    names: Names


def is_link(table: Table, referred: set[Place], entities: set[Place]) -> bool:
    """Whether a table only pairs two entities: two foreign keys, and nothing more to tell.

    A key of its own and the time of the pairing are nothing more. `referred` are the places that
    foreign keys point to: what others refer to is an entity.
    """
    if table.is_view or table.place in referred or len(table.foreign_keys) != 2:
        return False
    one, other = table.foreign_keys
    paired = {*one.columns, *other.columns}
    if len(paired) != len(one.columns) + len(other.columns):
        return False
    if not {one.target, other.target} <= entities:
        return False
    rest = [column for column in table.columns if column.name not in paired]
    own_key = table.primary_key if len(table.primary_key) == 1 else ()
    if any(not _tells_nothing(each.name, each.type.kind, own_key) for each in rest):
        return False
    keys = [set(table.primary_key), *map(set, table.uniques)]
    keys += [set(index.columns) for index in table.indexes if index.unique and not index.partial]
    return paired in keys


def _tells_nothing(name: str, kind: str, own_key: tuple[str, ...]) -> bool:
    return (name,) == own_key or (kind in _MOMENTS and bool(_BOOKKEEPING & set(words(name))))


def many_to_many(table: Table, drafts: Mapping[Place, Draft]) -> list[tuple[Place, ManyToMany]]:
    """The lists that a link table gives, each with the place of the entity that has it."""
    one, other = table.foreign_keys
    both = []
    for near, far in ((one, other), (other, one)):
        here, there = drafts[near.target], drafts[far.target]
        base = naming.reference_base(table, far, frozenset())
        proposals = naming.link_names(base, there.type, table, ambiguous=near.target == far.target)
        name = here.names.take(f"{table.source_name}.{far.name}", *proposals)
        both.append(
            (
                near.target,
                ManyToMany(
                    name=name,
                    target=there.type,
                    link=f"{here.type}.{name}",
                    near_fields=_in_order(near, here.keys[0]),
                    far_fields=_in_order(far, there.keys[0]),
                    access=SqlAccess(table.name, table.schema, ()),
                ),
            )
        )
    return both


def _in_order(key: ForeignKey, target_key: tuple[str, ...]) -> tuple[str, ...]:
    by_target = dict(zip(key.target_columns, key.columns, strict=True))
    return tuple(by_target[name] for name in target_key)


def points_to_key(key: ForeignKey, target: Draft, *, primary: bool = False) -> bool:
    """Whether a foreign key points to a key (or the primary one) of an entity."""
    keys = target.keys[:1] if primary else target.keys
    return any(set(key.target_columns) == set(each) for each in keys)


@dataclass(frozen=True, slots=True)
class Found:
    """A reference, the foreign key it was made of, and what that is called (`billing address`)."""

    reference: Reference
    key: ForeignKey
    base: str


def references(draft: Draft, drafts: Mapping[Place, Draft], notes: list[Note]) -> list[Found]:
    """The references of an entity; their lists on the other side are named later."""
    used: Counter[str] = Counter()
    for key in draft.table.foreign_keys:
        used.update(key.columns)
    shared = frozenset(name for name, times in used.items() if times > 1)
    found: list[Found] = []
    seen: set[tuple[tuple[str, ...], Place]] = set()
    for key in draft.table.foreign_keys:
        target = drafts.get(key.target)
        if target is None or (key.columns, key.target) in seen:
            continue
        seen.add((key.columns, key.target))
        place = f"{draft.table.source_name}.{key.name}"
        if not points_to_key(key, target):
            notes.append(
                Note(
                    place,
                    f"it refers to columns of {target.table.source_name!r} that are no key of it "
                    "(they may be null), so it is no reference",
                    "left_out",
                )
            )
            continue
        base = naming.reference_base(draft.table, key, shared)
        proposals = [field_name(base), field_name(f"{base} {target.type}"), field_name(key.name)]
        found.append(
            Found(
                Reference(
                    name=draft.names.take(key.name, *proposals),
                    target=target.type,
                    fields=tuple(draft.fields[name] for name in key.columns),
                    target_fields=tuple(target.fields[name] for name in key.target_columns),
                    nullable=any(draft.table.column(name).nullable for name in key.columns),
                ),
                key,
                base,
            )
        )
    return found


def reverse_name(
    draft: Draft,
    found: Found,
    siblings: Sequence[Found],
    drafts: Mapping[Place, Draft],
    notes: list[Note],
) -> str | None:
    """The name of the list on the far side, or None where nobody would want it."""
    key, target = found.key, drafts[found.key.target]
    if naming.is_audit(found.base):
        return None
    only = sum(each.key.target == key.target for each in siblings) == 1
    to_self = draft is target
    proposals = naming.reverse_names(found.base, draft.type, to_self=to_self, only=only)
    proposals.append(field_name(f"{draft.type} by {key.name}"))
    if not _is_indexed(draft.table, key.columns) and (draft.table.rows or 0) > _MANY_ROWS:
        notes.append(
            Note(
                f"{draft.table.source_name}.{key.name}",
                f"no index starts with {', '.join(key.columns)}: every page of the list on "
                f"{target.type} reads the whole table; add an index",
                "info",
            )
        )
    return target.names.take(f"{draft.table.source_name}.{key.name}", *proposals)


_MANY_ROWS = 10_000
"""Fewer rows are read whole without anybody noticing."""


def _is_indexed(table: Table, columns: Sequence[str]) -> bool:
    starts = [table.primary_key, *table.uniques]
    starts += [index.columns for index in table.indexes if not index.partial]
    return any(start and start[0] in columns for start in starts)
