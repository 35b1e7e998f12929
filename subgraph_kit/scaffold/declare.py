"""From what was found in a source to what the kit's adapters declare; names and types only."""

from __future__ import annotations

from subgraph_kit.data_product import (
    DataProduct,
    EntityField,
    EntityLink,
    EntityReference,
    EntitySchema,
    EnumMember,
    EnumType,
    FieldType,
    LineageEdge,
    NamedType,
    ObjectType,
    SourceAccess,
)
from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    GraphqlAccess,
    Reference,
    RestAccess,
    SourceModel,
    TypeRef,
)
from subgraph_kit.scaffold.project import ProjectSpec

FIELD_TYPES: dict[str, FieldType] = {
    "ID": "id", "String": "string", "Int": "integer", "BigInt": "bigint", "Float": "float",
    "Decimal": "decimal", "Boolean": "boolean", "Date": "date", "DateTime": "timestamp",
    "Time": "time", "Duration": "duration", "UUID": "uuid", "Bytes": "bytes", "JSON": "json",
}  # fmt: skip
"""The declared type of a field, by the name of its scalar."""

FIRST_VERSION = "1.0.0"


def entity_schema(entity: EntityModel, model: SourceModel) -> EntitySchema:
    """The canonical form of an entity type."""
    key, *others = entity.keys
    return EntitySchema(
        entity=entity.name,
        version=FIRST_VERSION,
        description=entity.description,
        fields=tuple(entity_field(field, model, key=field.name in key) for field in entity.fields),
        key=key,
        plural=entity.plural,
        other_keys=tuple(others),
        references=tuple(map(_reference, entity.references)),
        links=tuple(EntityLink(each.name, each.target, each.link) for each in entity.many_to_many),
        row_estimate=entity.row_estimate,
        has_list=has_list(entity),
    )


def has_list(entity: EntityModel) -> bool:
    """Whether the source can list the entities of this type."""
    match entity.access:
        case RestAccess():
            return entity.access.list_path is not None
        case GraphqlAccess():
            return entity.access.list_field is not None
        case _:
            return True


def entity_field(field: FieldModel, model: SourceModel, *, key: bool = False) -> EntityField:
    """A field of an entity or value type."""
    enums = {enum.name: enum for enum in model.enums}
    enum = enums.get(field.type.name)
    return EntityField(
        name=field.name,
        type="enum" if enum else FIELD_TYPES.get(field.type.name, "object"),
        required=not field.type.nullable,
        indexed=key or "eq" in field.filters,
        pii=field.pii is not None,
        is_list=field.type.is_list,
        description=field.description,
        enum_values=tuple(value.name for value in enum.values) if enum else (),
        type_name=_type_name(field.type),
        filters=tuple(operator.value for operator in field.filters),
        orderable=field.orderable,
        deprecated=field.deprecated,
        item_required=not (field.type.is_list and field.type.item_nullable),
    )


def named_types(model: SourceModel) -> tuple[NamedType, ...]:
    """The enums and value types that fields name."""
    enums = tuple(
        EnumType(
            enum.name,
            tuple(
                EnumMember(
                    value.name,
                    None if value.source_value == value.name else value.source_value,
                    value.description,
                )
                for value in enum.values
            ),
            enum.description,
        )
        for enum in model.enums
    )
    objects = tuple(
        ObjectType(
            name=each.name,
            fields=tuple(entity_field(field, model) for field in each.fields),
            kind=each.kind,
            interfaces=each.interfaces,
            members=each.members,
            description=each.description,
        )
        for each in model.types
    )
    return enums + objects


def data_product(entity: EntityModel, model: SourceModel, spec: ProjectSpec) -> DataProduct:
    """What the catalog is told of an entity type."""
    schema = entity_schema(entity, model)
    return DataProduct(
        domain=spec.name,
        source_system=model.kind if model.dialect is None else model.dialect,
        schema=schema,
        access=_access(entity, model),
        lineage=(
            LineageEdge(model.kind if model.dialect is None else model.dialect, spec.service),
        ),
        classification="confidential" if schema.contains_pii else "internal",
    )


def _access(entity: EntityModel, model: SourceModel) -> SourceAccess:
    """Where the catalog says that the entity is; what is no address becomes one of a file."""
    place = getattr(entity.access, "item_path", None) or f"/{entity.source_name}/{{id}}"
    if "{id}" not in place:
        place = f"/{entity.source_name}/{{id}}"
    base, separator, rest = model.address.partition("://")
    scheme = base.partition("+")[0]
    known = scheme in ("http", "https", "postgresql", "mysql", "s3") and rest
    address = f"{scheme}{separator}{rest}" if known else f"file:///{spec_safe(model.kind)}"
    return SourceAccess(address, place, auth_type=model.auth.type)


def spec_safe(text: str) -> str:
    """The text as part of a path."""
    return "".join(each if each.isalnum() else "-" for each in text)


def _reference(reference: Reference) -> EntityReference:
    return EntityReference(
        name=reference.name,
        target=reference.target,
        fields=reference.fields,
        target_fields=reference.target_fields,
        target_types=tuple(FIELD_TYPES[name] for name in reference.target_types),
        required=not reference.nullable and not reference.external,
        reverse=reference.reverse,
        description=reference.description,
    )


def _type_name(type_: TypeRef) -> str | None:
    return None if type_.name in FIELD_TYPES else type_.name
