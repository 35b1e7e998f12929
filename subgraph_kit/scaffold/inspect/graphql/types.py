"""Types between entities, as they are: objects, unions, interfaces, enums, and scalars by name.

A query has an end, so a type may not contain itself: the field that leads back is left out, and
noted. So are fields that need arguments, and lists of entities, which the other side offers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from subgraph_kit.scaffold.model import (
    EnumModel,
    EnumValue,
    FieldModel,
    Note,
    TypeRef,
    ValueType,
)
from subgraph_kit.scaffold.names import RESERVED_TYPES
from subgraph_kit.scaffold.pii import guess_pii

SCALARS = {
    "ID": "ID", "String": "String", "Int": "Int", "Float": "Float", "Boolean": "Boolean",
    "BigInt": "BigInt", "Long": "BigInt", "Int64": "BigInt", "UnsignedInt": "BigInt",
    "Decimal": "Decimal", "BigDecimal": "Decimal", "Money": "Decimal",
    "Date": "Date", "LocalDate": "Date", "DateTime": "DateTime", "Instant": "DateTime",
    "OffsetDateTime": "DateTime", "Timestamp": "DateTime", "ISO8601DateTime": "DateTime",
    "timestamptz": "DateTime", "timestamp": "DateTime", "date": "Date", "ISO8601Date": "Date",
    "Time": "Time", "LocalTime": "Time", "Duration": "Duration", "ISO8601Duration": "Duration",
    "UUID": "UUID", "uuid": "UUID", "JSON": "JSON", "JSONObject": "JSON", "Object": "JSON",
    "Any": "JSON", "json": "JSON", "jsonb": "JSON", "numeric": "Decimal", "bigint": "BigInt",
    "Bytes": "Bytes", "Base64": "Bytes", "Base64String": "Bytes",
    "URL": "String", "URI": "String", "HTML": "String", "Email": "String",
    "EmailAddress": "String", "PhoneNumber": "String", "GitObjectID": "String",
    "NonEmptyString": "String", "Locale": "String", "CountryCode": "String", "Currency": "String",
}  # fmt: skip
"""The scalar of the graph for a scalar of the API, by the names that are in use."""


@dataclass(slots=True)
class TypeReader:
    """Reads fields; `finished` gives the types that they led to."""

    schema: GraphQLSchema
    entities: frozenset[str]
    notes: list[Note] = field(default_factory=list)
    _values: dict[str, ValueType] = field(default_factory=dict)
    _enums: dict[str, EnumModel] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)

    def fields(
        self, type_: GraphQLObjectType, skip: frozenset[str] = frozenset()
    ) -> list[FieldModel]:
        """The fields of an object that are no entities; `skip` leaves out some."""
        found = []
        for name, declared in type_.fields.items():
            if name in skip or name.startswith("__") or name in ("_entities", "_service"):
                continue
            place = f"{type_.name}.{name}"
            if any(is_required_argument(argument) for argument in declared.args.values()):
                self.note(place, "it needs arguments; left out", "left_out")
                continue
            ref = self.type_ref(declared, place)
            if ref is None:
                continue
            found.append(
                FieldModel(
                    name,
                    name,
                    ref,
                    declared.description,
                    pii=guess_pii(name, ref.name, owner=type_.name),
                    deprecated=declared.deprecation_reason,
                )
            )
        return found

    def type_ref(self, declared: GraphQLField, place: str) -> TypeRef | None:
        """The type of a field; None, noted, where it cannot be asked for."""
        nullable = not isinstance(declared.type, GraphQLNonNull)
        inner = (
            declared.type.of_type if isinstance(declared.type, GraphQLNonNull) else declared.type
        )
        item_nullable = False
        is_list = isinstance(inner, GraphQLList)
        if isinstance(inner, GraphQLList):
            item = inner.of_type
            item_nullable = not isinstance(item, GraphQLNonNull)
            item = item.of_type if isinstance(item, GraphQLNonNull) else item
            if isinstance(item, GraphQLList):
                leaf = get_named_type(item)
                if isinstance(leaf, GraphQLScalarType | GraphQLEnumType):
                    self.note(place, "a list of lists is read as JSON")
                    return TypeRef("JSON", nullable)
                self.note(place, "a list of lists of objects; left out", "left_out")
                return None
        name = self._named(get_named_type(declared.type), place)
        return None if name is None else TypeRef(name, nullable, is_list, item_nullable)

    def finished(self) -> tuple[tuple[ValueType, ...], tuple[EnumModel, ...]]:
        """All types without identity, and enums, sorted by name."""
        return (
            tuple(value for _, value in sorted(self._values.items())),
            tuple(enum for _, enum in sorted(self._enums.items())),
        )

    def note(self, place: str, message: str, level: str = "unclear") -> None:
        """Say something of a coordinate of the schema."""
        note = Note(place, message, level)  # type: ignore[arg-type]
        if note not in self.notes:
            self.notes.append(note)

    def _named(self, type_: GraphQLNamedType, place: str) -> str | None:
        if isinstance(type_, GraphQLScalarType):
            scalar = SCALARS.get(type_.name)
            if scalar is None:
                self.note(place, f"the scalar {type_.name} is read as JSON")
            return scalar or "JSON"
        if isinstance(type_, GraphQLEnumType):
            return self._enum(type_)
        if type_.name in self.entities:
            self.note(
                place, f"it lists {type_.name}, which the other side offers; left out", "info"
            )
            return None
        if type_.name in self._path:
            self.note(place, f"it leads back to {type_.name}, without end; left out", "left_out")
            return None
        if type_.name in RESERVED_TYPES:
            self.note(place, f"the name {type_.name} is taken; left out", "left_out")
            return None
        if type_.name not in self._values:
            self._path.append(type_.name)
            try:
                value = self._value(type_, place)
            finally:
                self._path.pop()
            if value is None:
                return None
            self._values[type_.name] = value
        return type_.name

    def _value(self, type_: GraphQLNamedType, place: str) -> ValueType | None:
        if isinstance(type_, GraphQLObjectType):
            items = _connection_item(type_)
            if items is not None and items.name in self.entities:
                self.note(
                    place, f"it lists {items.name}, which the other side offers; left out", "info"
                )
                return None
            fields = self.fields(type_)
            if not fields:
                self.note(place, f"nothing of {type_.name} can be asked for; left out", "left_out")
                return None
            return ValueType(type_.name, fields=tuple(fields), description=type_.description)
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            return self._union(type_, place)
        return None

    def _union(
        self, type_: GraphQLUnionType | GraphQLInterfaceType, place: str
    ) -> ValueType | None:
        members = []
        for member in self.schema.get_possible_types(type_):
            if member.name in self.entities:
                self.note(place, f"{type_.name} may be an entity; left out", "left_out")
                return None
            name = self._named(member, place)
            if name is None:
                return None
            members.append(name)
        if not members:
            self.note(place, f"{type_.name} is no type that there is; left out", "left_out")
            return None
        # An interface as a union: its fields are in every member, and stay there.
        return ValueType(
            type_.name,
            kind="union",
            members=tuple(members),
            discriminator="__typename",
            discriminator_values=tuple((name, name) for name in members),
            description=type_.description,
        )

    def _enum(self, type_: GraphQLEnumType) -> str:
        if type_.name not in self._enums:
            self._enums[type_.name] = EnumModel(
                type_.name,
                tuple(
                    EnumValue(name, name, value.description) for name, value in type_.values.items()
                ),
                type_.description,
            )
        return type_.name


def _connection_item(type_: GraphQLObjectType) -> GraphQLNamedType | None:
    """What a Relay connection is of."""
    edges = type_.fields.get("edges") if "pageInfo" in type_.fields else None
    edge = get_named_type(edges.type) if edges is not None else None
    if isinstance(edge, GraphQLObjectType) and "node" in edge.fields:
        item: GraphQLNamedType = get_named_type(edge.fields["node"].type)
        return item
    return None
