"""From an entity of the model to what `SqlTableAdapter` is declared with."""

from __future__ import annotations

from typing import cast

from subgraph_kit.scaffold.model import EntityModel, FieldModel, SourceModel, SqlAccess
from subgraph_kit.sources.tables import SqlColumn, SqlLink, SqlTable, SqlType


def sql_table(entity: EntityModel, model: SourceModel) -> SqlTable:
    """The declaration of the table of an entity, which must be of a SQL source."""
    access = entity.access
    assert isinstance(access, SqlAccess), f"{entity.name} is not of a SQL source"  # noqa: S101
    by_source = {field.source_name: field.name for field in entity.fields}
    change = entity.change
    deleted = change.soft_delete if change else None
    return SqlTable(
        table=access.table,
        schema=access.schema,
        key=entity.keys[0],
        columns=tuple(_column(field, entity, model) for field in entity.fields),
        changed_at=by_source[change.field] if change else None,
        soft_delete=by_source[deleted] if deleted else None,
        links=tuple(_links(entity, model)),
    )


def _column(field: FieldModel, entity: EntityModel, model: SourceModel) -> SqlColumn:
    access = cast(SqlAccess, entity.access)
    held = next(each for each in access.columns if each.column == field.source_name)
    enum = next((each for each in model.enums if each.name == field.type.name), None)
    values = tuple((value.name, value.source_value) for value in enum.values) if enum else ()
    return SqlColumn(
        field.name, held.column, cast(SqlType, held.type), held.array, held.native, values
    )


def _links(entity: EntityModel, model: SourceModel) -> list[SqlLink]:
    """The link tables at whose far side the entity is."""
    found = []
    for other in model.entities:
        for link in other.many_to_many:
            if link.target != entity.name or link.access is None:
                continue
            keys = [_column(other.field(name), other, model) for name in other.keys[0]]
            near = tuple(
                SqlColumn(key.field, column, key.type, key.array, key.native, key.values)
                for key, column in zip(keys, link.near_fields, strict=True)
            )
            found.append(
                SqlLink(link.link, link.access.table, near, link.far_fields, link.access.schema)
            )
    return found
