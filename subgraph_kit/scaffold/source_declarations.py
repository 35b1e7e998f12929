"""The declaration of an entity for its adapter, from the entity's model.

`RestResource`, `FileTable` and `GraphqlRoot` are what generated code holds: made here as values, so
that a template prints them, and a test serves a model without a template between.
"""

from __future__ import annotations

from collections.abc import Iterable

from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    FileAccess,
    GraphqlAccess,
    RestAccess,
    SourceModel,
    ValueType,
)
from subgraph_kit.sources.files import FileTable
from subgraph_kit.sources.graphql import (
    GraphqlArgument,
    GraphqlFilter,
    GraphqlItem,
    GraphqlList,
    GraphqlMany,
    GraphqlRoot,
)
from subgraph_kit.sources.list_pages import RestPages
from subgraph_kit.sources.resources import RestFilter, RestResource
from subgraph_kit.sources.shapes import (
    SourceEnum,
    SourceField,
    SourceObject,
    SourceType,
    SourceVariants,
)


def source_fields(fields: Iterable[FieldModel]) -> tuple[SourceField, ...]:
    """Fields as adapters of objects read them."""
    return tuple(
        SourceField(
            field.name,
            field.source_name if field.source_name != field.name else None,
            field.type.name,
            field.type.is_list,
        )
        for field in fields
    )


def source_types(model: SourceModel, fields: Iterable[FieldModel]) -> dict[str, SourceType]:
    """The types that fields name, and those that these name, by name, in order."""
    values = {value.name: value for value in model.types}
    enums = {enum.name: enum for enum in model.enums}
    waiting = [field.type.name for field in fields]
    found: dict[str, SourceType] = {}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name in enums:
            found[name] = SourceEnum({v.source_value: v.name for v in enums[name].values})
        elif name in values:
            found[name] = _source_type(values[name])
            waiting += [field.type.name for field in values[name].fields]
            waiting += values[name].members
    return dict(sorted(found.items()))


def rest_resource(entity: EntityModel, model: SourceModel) -> RestResource:
    """The declaration of an entity of an HTTP API."""
    access = entity.access
    if not isinstance(access, RestAccess):
        raise TypeError(f"{entity.name} is no resource of an HTTP API")
    pages = access.pagination
    own_places = {f"{{{name}}}" for name in entity.keys[0]}
    updated = entity.change.field if entity.change is not None else None
    return RestResource(
        access.item_path,
        source_fields(entity.fields),
        types=source_types(model, entity.fields),
        list_path=access.list_path,
        item_at=access.item_at,
        items_at=access.items_at,
        pages=RestPages(
            pages.style,
            pages.limit_parameter,
            pages.position_parameter,
            pages.max_limit,
            pages.next_cursor_path,
            pages.first_page,
            entity.field(entity.keys[0][-1]).source_name,
        ),
        filters=tuple(
            RestFilter(field, parameter, operator.value)
            for field, parameter, operator in access.filter_parameters
            if f"{{{parameter}}}" not in own_places
            or f"{{{parameter}}}" not in (access.list_path or "")
        ),
        batch_parameter=access.batch_parameter,
        batch_separator=access.batch_separator,
        fixed_parameters=dict(access.fixed_parameters),
        list_is_partial=access.list_is_partial,
        updated_at=next((f.name for f in entity.fields if f.source_name == updated), None),
    )


def file_table(entity: EntityModel, model: SourceModel) -> FileTable:
    """The declaration of an entity whose rows are in files."""
    access = entity.access
    if not isinstance(access, FileAccess):
        raise TypeError(f"{entity.name} is not of files")
    updated = entity.change.field if entity.change is not None else None
    return FileTable(
        access.path,
        access.format,
        source_fields(entity.fields),
        types=source_types(model, entity.fields),
        partition_columns=access.partition_columns,
        delimiter=access.delimiter,
        encoding=access.encoding,
        updated_at=next((f.name for f in entity.fields if f.source_name == updated), None),
    )


def graphql_root(entity: EntityModel, model: SourceModel) -> GraphqlRoot:
    """The declaration of an entity of another GraphQL API."""
    access = entity.access
    if not isinstance(access, GraphqlAccess):
        raise TypeError(f"{entity.name} is no type of a GraphQL API")
    types = dict(access.argument_types)

    def argument(field: str | None, name: str) -> GraphqlArgument:
        return GraphqlArgument(name, types[f"{field}.{name}"])

    item = many = listing = None
    if access.item_field is not None:
        arguments = tuple(argument(access.item_field, name) for name in access.key_arguments)
        item = GraphqlItem(access.item_field, arguments)
    if access.batch_field is not None and access.batch_argument is not None:
        many = GraphqlMany(access.batch_field, argument(access.batch_field, access.batch_argument))
    if access.list_field is not None:
        pages = access.pagination
        turning = [n for n in (pages.limit_parameter, pages.position_parameter) if n is not None]
        listing = GraphqlList(
            access.list_field,
            access.items_at,
            RestPages(
                pages.style,
                pages.limit_parameter,
                pages.position_parameter,
                pages.max_limit,
                pages.next_cursor_path,
                pages.first_page,
            ),
            tuple(
                GraphqlFilter(field, argument(access.list_field, name), operator.value)
                for field, name, operator in access.filter_arguments
            ),
            {name: types[f"{access.list_field}.{name}"] for name in turning},
        )
    updated = entity.change.field if entity.change is not None else None
    return GraphqlRoot(
        access.type_name or entity.source_name,
        source_fields(entity.fields),
        types=source_types(model, entity.fields),
        item=item,
        many=many,
        listing=listing,
        updated_at=next((f.name for f in entity.fields if f.source_name == updated), None),
    )


def _source_type(value: ValueType) -> SourceType:
    if value.kind == "object":
        return SourceObject(source_fields(value.fields))
    names = {source: name for name, source in value.discriminator_values}
    return SourceVariants(value.discriminator or "", names)
