"""Adapters for what was found in a database, without any rendering."""

from __future__ import annotations

from subgraph_kit.data_product import (
    DataProduct,
    EntityField,
    EntitySchema,
    FieldType,
    SourceAccess,
)
from subgraph_kit.scaffold.inspect.sql import sql_table
from subgraph_kit.scaffold.model import EntityModel, FieldModel, SourceModel
from subgraph_kit.sources.sql import SqlSource
from subgraph_kit.sources.tables import SqlTableAdapter

_TYPES: dict[str, FieldType] = {
    "ID": "id", "String": "string", "Int": "integer", "BigInt": "bigint", "Float": "float",
    "Decimal": "decimal", "Boolean": "boolean", "Date": "date", "DateTime": "timestamp",
    "UUID": "uuid", "JSON": "json",
}  # fmt: skip


def adapter_of(
    entity: EntityModel, model: SourceModel, source: SqlSource, *, poll_seconds: float = 2.0
) -> SqlTableAdapter:
    """The adapter of an entity, over its table as it was found."""
    schema = EntitySchema(
        entity=entity.name,
        version="1.0.0",
        fields=tuple(_field(field, model) for field in entity.fields),
        key=entity.keys[0],
    )
    product = DataProduct(
        domain="test", source_system="sql", schema=schema, access=SourceAccess("x:", "/{id}")
    )
    return SqlTableAdapter(source, product, sql_table(entity, model), poll_seconds=poll_seconds)


def _field(field: FieldModel, model: SourceModel) -> EntityField:
    is_enum = any(enum.name == field.type.name for enum in model.enums)
    return EntityField(
        name=field.name,
        type="enum" if is_enum else _TYPES.get(field.type.name, "json"),
        required=not field.type.nullable,
        is_list=field.type.is_list,
        indexed=bool(field.filters),
    )
