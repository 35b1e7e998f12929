"""A GraphQL API as a `SourceModel`: the stages in order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from graphql import GraphQLNonNull, GraphQLObjectType, get_nullable_type, is_required_argument

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.fetch import shown
from subgraph_kit.scaffold.inspect.graphql.lookups import Lookup, find_lookup
from subgraph_kit.scaffold.inspect.graphql.schema import FoundSchema, load_schema
from subgraph_kit.scaffold.inspect.graphql.types import TypeReader
from subgraph_kit.scaffold.inspect.reverses import settle_reverses
from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    GraphqlAccess,
    Note,
    Operator,
    Reference,
    SourceModel,
)
from subgraph_kit.scaffold.names import RESERVED_TYPES, Names, field_name, list_name
from subgraph_kit.scaffold.options import InspectOptions

Progress = Callable[[str], None]


async def inspect_graphql(
    location: str, options: InspectOptions, *, progress: Progress | None = None
) -> SourceModel:
    """Look at a GraphQL API: by introspection of a URL, or its SDL or introspection in a file.

    Raises:
        ConfigurationError: if there is no schema, or no type can be asked for by a key.
    """
    tell = progress or (lambda _: None)
    tell(f"reading the schema of {shown(location)}")
    return read_model(await load_schema(location), location, options)


def read_model(found: FoundSchema, location: str, options: InspectOptions) -> SourceModel:
    """The model of a schema that is read already."""
    lookups = _entities(found, options)
    if not lookups:
        raise ConfigurationError(
            f"{shown(location)} has no type that can be asked for by a key, like user(id: ID!); an "
            "entity needs that: name key fields with --key, or start from blank"
        )
    reader = TypeReader(found.schema, frozenset(type_.name for type_, _ in lookups))
    plurals = Names()
    by_name = {type_.name: lookup for type_, lookup in lookups}
    entities = [
        _entity(type_, lookup, by_name, reader, plurals, options, found)
        for type_, lookup in lookups
    ]
    values, enums = reader.finished()
    notes = [*reader.notes]
    model = SourceModel(
        "graphql", found.address, tuple(settle_reverses(entities)), values, enums,
        notes=tuple(notes),
    )  # fmt: skip
    told = repr(replace(model, address=""))
    return replace(model, fingerprint=hashlib.sha256(told.encode()).hexdigest())


def _entities(
    found: FoundSchema, options: InspectOptions
) -> list[tuple[GraphQLObjectType, Lookup]]:
    schema = found.schema
    roots = {schema.query_type, schema.mutation_type, schema.subscription_type}
    result = []
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_ in roots:
            continue
        if type_.name.startswith("__") or type_.name in RESERVED_TYPES:
            continue
        if any(fnmatchcase(type_.name, pattern) for pattern in options.exclude):
            continue
        if options.include and not any(fnmatchcase(type_.name, p) for p in options.include):
            continue
        lookup = find_lookup(schema, type_, found.keys.get(type_.name, ()))
        chosen = options.keys.get(type_.name)
        if lookup is not None and chosen is not None and len(chosen) == len(lookup.key):
            lookup = replace(lookup, key=tuple(chosen))
        if lookup is not None and all(name in type_.fields for name in lookup.key):
            result.append((type_, lookup))
    return result


def _entity(
    type_: GraphQLObjectType,
    lookup: Lookup,
    lookups: dict[str, Lookup],
    reader: TypeReader,
    plurals: Names,
    options: InspectOptions,
    found: FoundSchema,
) -> EntityModel:
    single = {
        name: inner.name
        for name, declared in type_.fields.items()
        if isinstance(inner := get_nullable_type(declared.type), GraphQLObjectType)
        and inner.name in lookups
        and not any(is_required_argument(argument) for argument in declared.args.values())
    }
    fields = reader.fields(type_, frozenset(single))
    key = set(lookup.key)
    fields = sorted(
        (replace(f, type=replace(f.type, nullable=False)) if f.name in key else f for f in fields),
        key=lambda f: f.name not in key,
    )
    names = Names(reserved=(*(f.name for f in fields), *single))
    references = []
    for name, target in single.items():
        nullable = not isinstance(type_.fields[name].type, GraphQLNonNull)
        other = reader.schema.type_map[target]
        assert isinstance(other, GraphQLObjectType)  # noqa: S101 - entities are objects
        own = []
        for part in lookups[target].key:
            ref = reader.type_ref(other.fields[part], f"{target}.{part}")
            if ref is None:
                break
            own.append(
                FieldModel(
                    names.take("", field_name(f"{name}_{part}"), field_name(f"{name}_key")),
                    f"{name}.{part}",
                    replace(ref, nullable=nullable),
                    f"The key of {name}.",
                )
            )
        else:
            fields += own
            references.append(
                Reference(
                    name,
                    options.entities.get(target, target),
                    tuple(f.name for f in own),
                    lookups[target].key,
                    nullable=nullable,
                    description=type_.fields[name].description,
                )
            )
    operators: dict[str, list[Operator]] = {}
    for name, _, operator in lookup.filters:
        operators.setdefault(name, []).append(operator)
    by_key = Operator.EQ, Operator.IN
    fields = [
        replace(f, filters=tuple(operators.get(f.name, ())) or (by_key if {f.name} == key else ()))
        for f in fields
    ]
    keys = [lookup.key]
    for stated in found.keys.get(type_.name, ()):
        if stated not in keys and all(part in type_.fields for part in stated):
            reader.note(
                type_.name, f"its key {' '.join(stated)!r} is not asked by; left out", "info"
            )
    return EntityModel(
        options.entities.get(type_.name, type_.name),
        plurals.take("", list_name(type_.name)),
        type_.name,
        tuple(keys),
        tuple(fields),
        GraphqlAccess(
            lookup.item,
            lookup.arguments[0] if lookup.arguments else None,
            lookup.listing,
            lookup.many,
            lookup.many_argument,
            lookup.items_at,
            type_.name,
            lookup.arguments,
            lookup.argument_types,
            lookup.pages,
            lookup.filters,
        ),
        tuple(references),
        description=type_.description,
    )


__all__ = ["Note", "inspect_graphql", "read_model"]
