"""From the catalog to entities: the conclusions in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from subgraph_kit.scaffold.inspect.sql import naming
from subgraph_kit.scaffold.inspect.sql.asked import check_options
from subgraph_kit.scaffold.inspect.sql.catalog import Catalog, Table
from subgraph_kit.scaffold.inspect.sql.changes import change_cursor
from subgraph_kit.scaffold.inspect.sql.fields import Enums, Sample, make_field
from subgraph_kit.scaffold.inspect.sql.keys import Ids, Place, keys_of
from subgraph_kit.scaffold.inspect.sql.links import (
    Draft,
    Found,
    is_link,
    many_to_many,
    references,
    reverse_name,
)
from subgraph_kit.scaffold.inspect.sql.lookups import Lookup
from subgraph_kit.scaffold.model import (
    EntityModel,
    EnumModel,
    FieldModel,
    ManyToMany,
    Note,
    Reference,
    SqlAccess,
    SqlColumnAccess,
)
from subgraph_kit.scaffold.names import Names, field_name, type_names
from subgraph_kit.scaffold.options import InspectOptions


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What a catalog means."""

    entities: tuple[EntityModel, ...]
    enums: tuple[EnumModel, ...]
    notes: tuple[Note, ...]


def conclude(
    catalog: Catalog,
    options: InspectOptions,
    lookups: Mapping[Place, Lookup],
    samples: Mapping[Place, Sample],
) -> Conclusions:
    """Make entities of the tables.

    Raises:
        ConfigurationError: if the options name columns that are not there.
    """
    notes: list[Note] = [*catalog.notes, *check_options(catalog, options)]
    by_place = {table.place: table for table in catalog.tables}
    keys = {
        table.place: keys_of(table, options.keys.get(table.source_name)) for table in catalog.tables
    }
    entities, links = _sort_out(catalog, options, keys, lookups, samples, notes)
    ids = Ids(by_place, keys)
    drafts = _name(entities, keys, ids, lookups, options, notes)

    enums = Enums(type_names({draft.type: draft.type for draft in drafts.values()}), lookups)
    fields = {
        place: _fields(draft, enums, ids, samples.get(place, Sample()))
        for place, draft in drafts.items()
    }
    found = {place: references(draft, drafts, notes) for place, draft in drafts.items()}
    lists: dict[Place, list[ManyToMany]] = {place: [] for place in drafts}
    for table in links:
        for place, link in many_to_many(table, drafts):
            lists[place].append(link)
    plurals = naming.name_lists([draft.type for draft in drafts.values()])
    made = []
    for place, draft in drafts.items():
        named = _with_lists(draft, found[place], drafts, notes)
        made.append(_entity(draft, fields[place], named, lists[place], plurals[draft.type]))
    return Conclusions(tuple(made), tuple(enums.made.values()), tuple(notes))


# --- What becomes an entity, and what does not --------------------------------------------------


def _sort_out(
    catalog: Catalog,
    options: InspectOptions,
    keys: Mapping[Place, tuple[tuple[str, ...], ...]],
    lookups: Mapping[Place, Lookup],
    samples: Mapping[Place, Sample],
    notes: list[Note],
) -> tuple[list[Table], list[Table]]:
    """The tables that are entities, and those that only link two."""
    referred = {key.target for table in catalog.tables for key in table.foreign_keys}
    possible = {
        table.place for table in catalog.tables if keys[table.place] and table.place not in lookups
    }
    links = [
        table
        for table in catalog.tables
        if table.source_name not in options.entities and is_link(table, referred, possible)
        and _links_primary_keys(table, keys)
    ]  # fmt: skip
    linking = {table.place for table in links}
    # A table is an entity or a link, so a link between tables that are links is none.
    links = [
        table for table in links if not any(key.target in linking for key in table.foreign_keys)
    ]
    linking = {table.place for table in links}
    entities = []
    for table in catalog.tables:
        if table.place in lookups:
            notes.append(_lookup_note(lookups[table.place]))
        elif table.place in linking:
            names = " and ".join(sorted({key.target[1] for key in table.foreign_keys}))
            notes.append(
                Note(table.source_name, f"it only links {names}, so it became lists on both")
            )
        elif table.place in possible:
            entities.append(table)
        else:
            notes.append(_keyless_note(table, catalog, samples.get(table.place, Sample())))
    return entities, links


def _links_primary_keys(table: Table, keys: Mapping[Place, tuple[tuple[str, ...], ...]]) -> bool:
    return all(set(key.target_columns) == set(keys[key.target][0]) for key in table.foreign_keys)


def _lookup_note(lookup: Lookup) -> Note:
    name = lookup.table.source_name
    return Note(
        name,
        f"its {len(lookup.enum.values)} rows became an enum; give it a type name "
        f"(--entity {name}=...) to make it an entity instead",
    )


def _keyless_note(table: Table, catalog: Catalog, sample: Sample) -> Note:
    if not table.columns:
        return Note(table.source_name, "it has no columns", "left_out")
    what = "view" if table.is_view else "table"
    likely = ",".join(_likely_key(table, catalog, sample))
    why = "a view has no key" if table.is_view else "it has no primary key and no unique columns"
    return Note(
        table.source_name,
        f"{why}; to serve the {what}, say which columns tell its rows apart, "
        f"for example --key {table.source_name}={likely}",
        "left_out",
    )


def _likely_key(table: Table, catalog: Catalog, sample: Sample) -> tuple[str, ...]:
    """What to propose as a key: that of the table which a view is most like, or a column."""
    names = {column.name for column in table.columns}
    like = max(
        (
            other
            for other in catalog.tables
            if other.primary_key and names.issuperset(other.primary_key)
        ),
        key=lambda other: len(names & {column.name for column in other.columns}),
        default=None,
    )
    if like is not None:
        return like.primary_key
    for number, name in enumerate(sample.columns):
        values = [row[number] for row in sample.rows]
        if len(values) > 1 and len(set(values)) == len(values):
            return (name,)
    return (table.columns[0].name,)


# --- Names --------------------------------------------------------------------------------------


def _name(
    tables: list[Table],
    keys: Mapping[Place, tuple[tuple[str, ...], ...]],
    ids: Ids,
    lookups: Mapping[Place, Lookup],
    options: InspectOptions,
    notes: list[Note],
) -> dict[Place, Draft]:
    """Type names, and the fields of columns; later names in an entity make room for these."""
    types = naming.name_types(tables, options.entities)
    drafts: dict[Place, Draft] = {}
    for table in tables:
        prefix = f"{table.source_name}."
        fixed = {
            source.removeprefix(prefix): name
            for source, name in options.renames.items()
            if source.startswith(prefix)
        }
        names = Names(fixed=fixed)
        fields = {}
        for column in table.columns:
            proposals = [field_name(column.name), f"{field_name(column.name)}Column"]
            alone = [key for key in table.foreign_keys if key.columns == (column.name,)]
            if any(key.target in lookups for key in alone):
                # `status_id` has the status itself, as an enum.
                proposals.insert(0, field_name(naming.reference_base(table, alone[0], frozenset())))
            elif (
                alone
                and not naming.is_named_like_key(column.name)
                and ids.is_id(table, column.name)
            ):
                # `customer` shall be the entity; the column is its id.
                proposals.insert(0, f"{field_name(column.name)}Id")
            fields[column.name] = names.take(column.name, *proposals)
            if fields[column.name] != field_name(column.name):
                notes.append(
                    Note(
                        f"{prefix}{column.name}", f"the field is {fields[column.name]!r}", "renamed"
                    )
                )
        drafts[table.place] = Draft(
            table, types[table.source_name], keys[table.place], fields, names
        )
    return drafts


# --- Entities -----------------------------------------------------------------------------------


def _fields(draft: Draft, enums: Enums, ids: Ids, sample: Sample) -> tuple[FieldModel, ...]:
    in_keys = {name for key in draft.keys for name in key}
    return tuple(
        make_field(
            draft.table,
            column,
            draft.fields[column.name],
            enum=enums.of(draft.table, column, draft.type),
            ids=ids,
            in_key=column.name in in_keys,
            sample=sample,
        )
        for column in draft.table.columns
    )


def _with_lists(
    draft: Draft,
    found: list[Found],
    drafts: Mapping[Place, Draft],
    notes: list[Note],
) -> tuple[Reference, ...]:
    return tuple(
        replace(each.reference, reverse=reverse_name(draft, each, found, drafts, notes))
        for each in found
    )


def _entity(
    draft: Draft,
    fields: tuple[FieldModel, ...],
    references: tuple[Reference, ...],
    links: list[ManyToMany],
    plural: str,
) -> EntityModel:
    table = draft.table
    return EntityModel(
        name=draft.type,
        plural=plural,
        source_name=table.source_name,
        keys=tuple(tuple(draft.fields[name] for name in key) for key in draft.keys),
        fields=fields,
        access=SqlAccess(
            table=table.name,
            schema=table.schema,
            key_columns=draft.keys[0],
            is_view=table.is_view,
            columns=tuple(
                SqlColumnAccess(
                    column.name, column.type.kind, column.type.array, column.type.native
                )
                for column in table.columns
            ),
        ),
        references=references,
        many_to_many=tuple(links),
        change=change_cursor(table),
        row_estimate=_rounded(table.rows),
        description=(table.comment or "").strip() or None,
    )


def _rounded(rows: int | None) -> int | None:
    """Two digits tell the size; all of them would change with every row."""
    if rows is None or rows < 100:
        return rows
    unit = 10 ** (len(str(rows)) - 2)
    return int(rows // unit * unit)
