"""Is a `SourceModel` one that a graph can be made of? Its types as SDL, checked by graphql-core."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import build_schema
from graphql.type import assert_valid_schema

from subgraph_kit.scaffold.model import (
    SCALARS,
    EntityModel,
    FieldModel,
    RestAccess,
    SourceModel,
    TypeRef,
    ValueType,
)
from subgraph_kit.scaffold.names import RESERVED_TYPES

_OWN_SCALARS = [name for name in SCALARS if name not in ("ID", "String", "Int", "Float", "Boolean")]


def check_model(model: SourceModel) -> None:
    """Fail if the model's types are no valid GraphQL, or it refers to what it does not have."""
    assert_valid_schema(build_schema(sdl_of(model)))
    entities = {entity.name: entity for entity in model.entities}
    named = [*entities, *(v.name for v in model.types), *(e.name for e in model.enums)]
    assert len(named) == len(set(named)), "a type name is there twice"
    assert not set(named) & RESERVED_TYPES
    assert len({entity.plural for entity in model.entities}) == len(entities)
    for entity in model.entities:
        _check_entity(entity, entities)
    for value in model.types:
        assert len(value.discriminator_values) == len({v for _, v in value.discriminator_values})
        assert {name for name, _ in value.discriminator_values} <= set(value.members)


def _check_entity(entity: EntityModel, entities: dict[str, EntityModel]) -> None:
    fields = {field.name for field in entity.fields}
    names = [*fields, *(reference.name for reference in entity.references)]
    assert len(names) == len(set(names)), f"{entity.name} has a name twice"
    assert entity.keys
    assert all(entity.keys)
    for key in entity.keys:
        assert set(key) <= fields
        assert not any(entity.field(name).type.nullable for name in key), entity.name
    for reference in entity.references:
        assert set(reference.fields) <= fields
        if not reference.external:
            target = entities[reference.target]
            assert reference.target_fields in target.keys
            assert len(reference.fields) == len(reference.target_fields)
    if isinstance(entity.access, RestAccess):
        for name in entity.keys[0]:
            assert f"{{{name}}}" in entity.access.item_path
        assert {f for f, _, _ in entity.access.filter_parameters} <= fields


def sdl_of(model: SourceModel) -> str:
    """The model's types, with references as fields; no more than what can be wrong about names."""
    parts = [f"scalar {name}" for name in _OWN_SCALARS]
    parts += [
        f"enum {enum.name} {{ {' '.join(value.name for value in enum.values)} }}"
        for enum in model.enums
    ]
    parts += map(_value_type, model.types)
    for entity in model.entities:
        links = " ".join(
            f"{r.name}: {r.target if not r.external else 'JSON'}" for r in entity.references
        )
        parts.append(f"type {entity.name} {{ {_fields(entity.fields)} {links} }}")
    lists = " ".join(f"{entity.plural}: [{entity.name}!]" for entity in model.entities)
    return "\n".join([*parts, f"type Query {{ {lists} }}"])


def _value_type(value: ValueType) -> str:
    if value.kind == "union":
        return f"union {value.name} = {' | '.join(value.members)}"
    word = "interface" if value.kind == "interface" else "type"
    implements = f" implements {' & '.join(value.interfaces)}" if value.interfaces else ""
    return f"{word} {value.name}{implements} {{ {_fields(value.fields)} }}"


def _fields(fields: Iterable[FieldModel]) -> str:
    return " ".join(f"{field.name}: {_type(field.type)}" for field in fields)


def _type(ref: TypeRef) -> str:
    text = ref.name
    if ref.is_list:
        text = f"[{text}{'' if ref.item_nullable else '!'}]"
    return text if ref.nullable else f"{text}!"
