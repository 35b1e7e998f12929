"""Strawberry types of declared fields: scalars, enums, objects, interfaces and unions.

Types may name each other in circles, so all classes are made first, get their fields next and are
decorated last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, EnumMeta
from typing import Annotated, Any, Union

import strawberry
from strawberry.federation.schema_directives import Tag

from subgraph_kit.data_product import EntityField, EntitySchema, EnumType, NamedType, ObjectType
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.schema.convert import RUNTIME_TYPES
from subgraph_kit.schema.derived.naming import attribute_name, check_name, upper_first
from subgraph_kit.schema.scalars import SCALAR_NAMES, SCALAR_OF_TYPE

PII_TAG = "pii"


class TypeFactory:
    """Makes each named type once. Ask for field types only after `declare` has all of them."""

    def __init__(self, types: Sequence[NamedType]) -> None:
        self._enums: dict[str, Any] = {}
        self._enum_values: dict[str, tuple[str, ...]] = {}
        self._objects = {t.name: t for t in types if isinstance(t, ObjectType)}
        self._classes: dict[str, Any] = {}
        self._check_names(types)
        for declared in types:
            if isinstance(declared, EnumType):
                self._declare_enum(declared)
        for each in self._ordered():
            if each.kind != "union":
                bases = tuple(self._classes[name] for name in each.interfaces)
                self._classes[each.name] = new_class(each.name, bases)
                if each.kind == "interface":
                    # Fields later: a subclass only needs the base to exist.
                    continue
        for each in self._objects.values():
            if each.kind == "union":
                self._classes[each.name] = self._union(each)
        for each in self._ordered():
            if each.kind != "union":
                self._finish(each)

    @property
    def classes(self) -> tuple[type, ...]:
        """The object types, which a schema must be given: an interface does not name them."""
        return tuple(
            self._classes[name] for name, each in self._objects.items() if each.kind == "object"
        )

    def field_type(self, owner: str, field: EntityField) -> Any:
        """The annotation of a field, with lists and nullability."""
        inner = self.inner_type(owner, field)
        if field.is_list:
            inner = list_of(inner if field.item_required else optional(inner))
        return inner if field.required else optional(inner)

    def inner_type(self, owner: str, field: EntityField) -> Any:
        """The named type of a field."""
        name = field.type_name or f"{owner}{upper_first(field.name)}"
        if field.type == "object":
            if field.type_name is not None:
                return self._known(owner, field, field.type_name)
            if name not in self._classes:
                self._classes[name] = strawberry.type(
                    self.fill(new_class(name), name, field.fields), name=name
                )
            return self._classes[name]
        if field.type == "enum":
            return self._enum(owner, field, name)
        return SCALAR_OF_TYPE[field.type]

    def inner_name(self, owner: str, field: EntityField) -> str:
        """The GraphQL name of that type."""
        if field.type in ("object", "enum"):
            return field.type_name or f"{owner}{upper_first(field.name)}"
        return SCALAR_NAMES[field.type]

    def fill(self, cls: type, owner: str, fields: Sequence[EntityField]) -> type:
        """Add the fields to a class that is not decorated yet."""
        for field in fields:
            check_name(field.name)
            add_field(cls, field, self.field_type(owner, field))
        return cls

    # --- Named types -----------------------------------------------------------------------

    def _check_names(self, types: Sequence[NamedType]) -> None:
        names = [check_name(each.name) for each in types]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"the type {name!r} is declared twice")

    def _ordered(self) -> Iterable[ObjectType]:
        """Interfaces before what has them."""
        done: dict[str, ObjectType] = {}

        def visit(each: ObjectType, above: tuple[str, ...]) -> None:
            if each.name in done:
                return
            for name in each.interfaces:
                base = self._objects.get(name)
                if base is None or base.kind != "interface" or name in above:
                    raise ConfigurationError(f"{each.name}: {name!r} is no interface it can have")
                visit(base, (*above, each.name))
            done[each.name] = each

        for each in self._objects.values():
            visit(each, (each.name,))
        return done.values()

    def _finish(self, each: ObjectType) -> None:
        cls = self._classes[each.name]
        own = {field.name for field in each.fields}
        inherited = [f for name in each.interfaces for f in self._objects[name].fields]
        fields = (*each.fields, *(f for f in inherited if f.name not in own))
        self.fill(cls, each.name, list({field.name: field for field in fields}.values()))
        if each.kind == "interface":
            strawberry.interface(cls, name=each.name, description=each.description)
            implementations = {
                name: self._classes[name]
                for name, other in self._objects.items()
                if other.kind == "object" and each.name in self._all_interfaces(other)
            }
            setattr(cls, RUNTIME_TYPES, implementations)
        else:
            strawberry.federation.type(
                cls, name=each.name, description=each.description, shareable=True
            )

    def _all_interfaces(self, each: ObjectType) -> set[str]:
        found = set(each.interfaces)
        for name in each.interfaces:
            found |= self._all_interfaces(self._objects[name])
        return found

    def _union(self, each: ObjectType) -> Any:
        unknown = [name for name in each.members if name not in self._classes]
        if unknown or not each.members:
            what = repr(unknown[0]) if unknown else "nothing"
            raise ConfigurationError(f"the union {each.name} has {what} as a member")
        members = tuple(self._classes[name] for name in each.members)
        union = strawberry.union(name=each.name, description=each.description)
        return Annotated[Union[members], union]  # noqa: UP007 # the members are known at run time

    def _known(self, owner: str, field: EntityField, name: str) -> Any:
        if name not in self._classes:
            raise ConfigurationError(f"{owner}.{field.name}: no type {name!r} is declared")
        return self._classes[name]

    # --- Enums -----------------------------------------------------------------------------

    def _declare_enum(self, declared: EnumType) -> None:
        descriptions = {m.name: m.description for m in declared.members}
        self._enum_values[declared.name] = declared.names
        self._enums[declared.name] = strawberry.enum(
            _enum_class(declared.name, descriptions),
            name=declared.name,
            description=declared.description,
        )

    def _enum(self, owner: str, field: EntityField, name: str) -> Any:
        if name not in self._enums:
            if not field.enum_values:
                raise ConfigurationError(f"{owner}.{field.name} is an enum without values")
            self._enum_values[name] = field.enum_values
            self._enums[name] = strawberry.enum(
                _enum_class(name, dict.fromkeys(field.enum_values)), name=name
            )
        elif field.enum_values and set(field.enum_values) != set(self._enum_values[name]):
            raise ConfigurationError(f"{owner}.{field.name}: {name} is declared with other values")
        return self._enums[name]


def new_class(name: str, bases: tuple[type, ...] = ()) -> Any:
    """An empty class, to be filled and decorated."""
    return type(check_name(name), bases, {"__annotations__": {}, "__module__": __name__})


def add_field(cls: type, field: EntityField, annotation: Any) -> None:
    """Add one declared field to a class that is not decorated yet."""
    attribute = attribute_name(field.name)
    cls.__annotations__[attribute] = annotation
    definition = strawberry.field(
        name=field.name,
        description=field.description,
        default=dataclasses.MISSING if field.required else None,
        directives=[Tag(name=PII_TAG)] if field.pii else [],
        deprecation_reason=field.deprecated,
    )
    setattr(cls, attribute, definition)


def entity_class(schema: EntitySchema, extension: type | None) -> Any:
    """An empty class for an entity type, with what the author adds to it."""
    cls = new_class(schema.entity)
    if extension is not None:
        for name, member in vars(extension).items():
            if name == "__annotations__":
                cls.__annotations__.update(member)
            elif not (name.startswith("__") and name.endswith("__")):
                setattr(cls, name, member)
    return cls


def list_of(item: Any) -> Any:
    """The annotation of a list of what is known at run time only."""
    return list[item]


def optional(inner: Any) -> Any:
    """The annotation of that or null."""
    return Union[inner, None]  # noqa: UP007 # `Annotated` and forward classes take no `|`


def _enum_class(name: str, values: Mapping[str, str | None]) -> EnumMeta:
    members = EnumMeta.__prepare__(check_name(name), (Enum,))
    for value, description in values.items():
        if check_name(value) in ("true", "false", "null"):
            raise ConfigurationError(f"{value!r} cannot be a value of the enum {name}")
        # A prefix keeps Python's own names (`mro`, `None`) free.
        members[f"V_{value}"] = strawberry.enum_value(value, name=value, description=description)
    return EnumMeta(name, (Enum,), members)
