"""Tables and views: a `SqlTable` per entity type, all of them behind one `SqlSource`."""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.model import EntityModel, ManyToMany, SourceModel, SqlAccess
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import quoted
from subgraph_kit.scaffold.render.kinds.base import Kind, Setting
from subgraph_kit.sources.tables.declaration import SqlColumn, SqlLink, SqlTable, SqlType

_TYPES: dict[str, SqlType] = {
    "Int": "integer", "BigInt": "bigint", "Float": "double", "Decimal": "numeric",
    "Boolean": "boolean", "Date": "date", "DateTime": "timestamptz", "Time": "time",
    "Duration": "interval", "UUID": "uuid", "JSON": "json", "Bytes": "bytes",
}  # fmt: skip


def _table(entity: EntityModel, model: SourceModel) -> SqlTable:
    access = entity.access
    if not isinstance(access, SqlAccess):
        raise TypeError(f"{entity.name} is of no table")
    columns = {column.field: column for column in _columns(entity, model)}
    change = entity.change
    return SqlTable(
        table=access.table,
        schema=access.schema,
        key=entity.keys[0],
        columns=tuple(columns.values()),
        changed_at=change.field if change else None,
        soft_delete=change.soft_delete if change else None,
        links=tuple(_links(entity, model)),
    )


def _columns(entity: EntityModel, model: SourceModel) -> list[SqlColumn]:
    enums = {enum.name: enum for enum in model.enums}
    columns = []
    for field in entity.fields:
        enum = enums.get(field.type.name)
        values = tuple((v.name, v.source_value) for v in enum.values) if enum else ()
        columns.append(
            SqlColumn(
                field.name,
                field.source_name,
                "enum" if enum else _TYPES.get(field.type.name, "text"),
                array=field.type.is_list,
                values=values,
            )
        )
    return columns


def _links(entity: EntityModel, model: SourceModel) -> list[SqlLink]:
    """The link tables through which others have lists of this entity."""
    return [
        _link(each, near, model)
        for near in model.entities
        for each in near.many_to_many
        if each.target == entity.name
    ]


def _link(link: ManyToMany, near: EntityModel, model: SourceModel) -> SqlLink:
    by_field = {column.field: column for column in _columns(near, model)}
    key = near.keys[0]
    schema, _, table = link.link.rpartition(".")
    return SqlLink(
        name=link.link,
        table=table,
        schema=schema or None,
        near=tuple(
            SqlColumn(by_field[field].field, column, by_field[field].type)
            for field, column in zip(key, link.near_fields, strict=True)
        ),
        far=link.far_fields,
    )


def _settings(model: SourceModel) -> tuple[Setting, ...]:
    return (
        Setting(
            "source_url",
            "SecretStr",
            "The database, with user and password: a user that may only read will do.",
            f"SecretStr({quoted(model.address)})" if model.dialect == "sqlite" else None,
            model.address,
        ),
    )


def _open_source(_: SourceModel, spec: ProjectSpec) -> str:
    return f'''\
def open_source(settings: Settings) -> SqlSource:
    """Make the connection; it connects at the first statement."""
    return SqlSource("{spec.name}", settings.source_url.get_secret_value(), read_only=True)'''


def _dependencies(model: SourceModel) -> tuple[str, ...]:
    drivers = {"sqlite": "aiosqlite>=0.20", "mysql": "aiomysql>=0.2"}
    driver = drivers.get(model.dialect or "")
    return (driver,) if driver else ()


def _origin(entity: EntityModel) -> str:
    access: Any = entity.access
    name = f"{access.schema}.{access.table}" if access.schema else access.table
    return f"the {'view' if access.is_view else 'table'} `{name}`"


SQL = Kind(
    base="SqlTableAdapter",
    base_module="subgraph_kit.sources.tables.adapter",
    samples="SqlSamples",
    samples_module="subgraph_kit.testing.samples.sql",
    declaration="TABLE",
    declare=_table,
    settings=_settings,
    source_class="SqlSource",
    source_module="subgraph_kit.sources.sql",
    open_source=_open_source,
    source_imports=lambda _: {"subgraph_kit.sources.sql": {"SqlSource"}},
    dependencies=_dependencies,
    test_settings=lambda _: (("source_url", 'SecretStr("sqlite://")'),),
    origin=_origin,
)
