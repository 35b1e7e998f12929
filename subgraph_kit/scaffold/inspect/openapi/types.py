"""Schemas as types of the graph: objects, unions, interfaces, enums; what fits none is JSON.

Types are named when they are first met and read later, from a queue: schemas may contain
themselves, and no document is too deep. Inline schemas that are equal are one type, so that a
document with all its references written out gives the types of the one it was made from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from subgraph_kit.scaffold.inspect.openapi.references import Node, References
from subgraph_kit.scaffold.inspect.openapi.scalars import scalar_of
from subgraph_kit.scaffold.inspect.openapi.schema import Discriminator, Shape, Shapes
from subgraph_kit.scaffold.model import (
    EnumModel,
    EnumValue,
    FieldModel,
    TypeRef,
    ValueType,
)
from subgraph_kit.scaffold.names import Names, enum_value_name, field_name, words
from subgraph_kit.scaffold.pii import guess_pii

MAX_TYPES = 5_000
"""So many types without identity are written; what lies deeper is JSON."""
_MAX_ENUM_VALUES = 500
_MAX_TITLE_WORDS = 5

_GRAPH_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_MEMBER_NAME = re.compile(r"[a-z][A-Za-z0-9]*")

TypeKey = tuple[str, ...]
"""What makes two schemas one type: their place, or for inline ones what they say."""

JSON = TypeRef("JSON")


@dataclass(frozen=True, slots=True)
class Reading:
    """The type of a member, and the schema behind it: of the item, for a list."""

    type: TypeRef
    shape: Shape
    key: TypeKey | None = None
    """Set where it is an object."""


@dataclass(slots=True)
class _Pending:
    name: str
    shape: Shape


@dataclass(slots=True)
class TypeReader:
    """Hands out types; `finished` reads all that were handed out.

    `entity_names` are the types with identity, by the key of their schema: inside of others they
    get a type of their own without identity, `EmbeddedPet`.
    """

    references: References
    shapes: Shapes
    names: Names
    entity_names: dict[TypeKey, str] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    _types: dict[TypeKey, str] = field(default_factory=dict)
    _pending: deque[_Pending] = field(default_factory=deque)
    _values: dict[str, ValueType] = field(default_factory=dict)
    _enums: dict[tuple[Any, ...], EnumModel] = field(default_factory=dict)
    _keys: dict[tuple[str, str], TypeKey] = field(default_factory=dict)
    _interfaces: dict[str, list[str]] = field(default_factory=dict)
    _by_parent: dict[tuple[str, str], list[Shape]] | None = None

    def key_of(self, shape: Shape) -> TypeKey:
        """What identifies the type of a shape: its place if it is named, else its content."""
        node = shape.node
        if _is_component(node):
            return node.key
        known = self._keys.get(node.key)
        if known is None:
            text = _canonical_text(node.value)
            known = self._keys[node.key] = ("inline", hashlib.sha256(text).hexdigest())
        return known

    def read(self, node: Node | None, context: tuple[str, ...]) -> Reading:
        """The type of values of a schema; `context` names it where it has no name of its own.

        Nullability is the schema's: whether the member is required is the caller's to add.
        """
        shape = self.shapes.of(node)
        reading = self._list(shape, context) if shape.is_list else self._single(shape, context)
        return replace(reading, type=replace(reading.type, nullable=shape.nullable))

    def fields(self, shape: Shape, type_name: str, source_name: str) -> list[FieldModel]:
        """The fields of an object, in the order of the document."""
        names = Names(
            fixed={
                source: new
                for source in shape.properties
                if (new := self.renames.get(f"{source_name}.{source}")) is not None
            }
        )
        found: list[FieldModel] = []
        for source, node in shape.properties.items():
            member = self.shapes.of(node)
            if member.write_only:
                continue
            reading = self.read(node, (type_name, source))
            nullable = reading.type.nullable or source not in shape.required
            name = names.take(source, member_name(source), field_name(source))
            found.append(
                FieldModel(
                    name,
                    source,
                    replace(reading.type, nullable=nullable),
                    member.description,
                    pii=guess_pii(source, reading.type.name, owner=source_name),
                    deprecated="The API marks it as deprecated." if member.deprecated else None,
                    read_only=True,
                )
            )
        return found

    def finished(self) -> tuple[tuple[ValueType, ...], tuple[EnumModel, ...]]:
        """All types and enums that were handed out, read, sorted by name."""
        while self._pending:
            pending = self._pending.popleft()
            self._values[pending.name] = self._value_type(pending.name, pending.shape)
        values = [
            replace(value, interfaces=tuple(sorted(self._interfaces.get(name, ()))))
            for name, value in sorted(self._values.items())
        ]
        enums = sorted(self._enums.values(), key=lambda enum: enum.name)
        return tuple(values), tuple(enums)

    # --- one value ---------------------------------------------------------------------------

    def _list(self, shape: Shape, context: tuple[str, ...]) -> Reading:
        if shape.items is None:
            self._unclear(shape, "a list that does not say of what")
            return Reading(JSON, shape)
        item = self.shapes.of(shape.items)
        if item.is_list:
            self._unclear(shape, "a list of lists")
            return Reading(JSON, shape)
        inner = self._single(item, context)
        if inner.type.name == "JSON":
            # A list of anything: GraphQL can still say that it is a list.
            return Reading(TypeRef("JSON", is_list=True, item_nullable=True), item)
        of = TypeRef(inner.type.name, is_list=True, item_nullable=item.nullable)
        return Reading(of, item, inner.key)

    def _single(self, shape: Shape, context: tuple[str, ...]) -> Reading:
        if shape.is_list:
            return self._list(shape, context)
        if shape.variants:
            return self._variants(shape, context)
        if shape.is_object:
            return self._object(shape, context)
        if shape.enum is not None and shape.types == {"string"}:
            return Reading(TypeRef(self._enum(shape, context) or "String"), shape)
        scalar = scalar_of(shape, context[-1] if context else "")
        if scalar is not None:
            return Reading(TypeRef(scalar), shape)
        if shape.is_map:
            pass  # A map of names to values is JSON in GraphQL; there is nothing unclear.
        elif not shape.types:
            self._unclear(shape, "a schema that says nothing of its type")
        elif len(shape.types) > 1:
            self._unclear(shape, "a value of several types")
        elif shape.types == {"object"}:
            self._unclear(shape, "an object without properties")
        else:
            self._unclear(shape, "a type that JSON Schema does not have")
        return Reading(JSON, shape)

    def _object(self, shape: Shape, context: tuple[str, ...]) -> Reading:
        key = self.key_of(shape)
        name = self._types.get(key)
        if name is None:
            if len(self._types) >= MAX_TYPES:
                self._unclear(shape, f"more than {MAX_TYPES:,} types")
                return Reading(JSON, shape)
            name = self._types[key] = self._new_name(shape, key, context)
            self._pending.append(_Pending(name, shape))
        return Reading(TypeRef(name), shape, key)

    def _variants(self, shape: Shape, context: tuple[str, ...]) -> Reading:
        variants = [self.shapes.of(node) for node in shape.variants]
        if all(variant.is_object or variant.variants for variant in variants):
            merged = merged_object(shape, self.shapes)
            if merged is None:
                self._unclear(shape, "variants that are not all objects")
                return Reading(JSON, shape)
            return self._object(merged, context)
        plain = {self._scalar_variant(variant, context) for variant in variants}
        if None not in plain:
            if len(plain) == 1:
                return Reading(TypeRef(str(plain.pop())), shape)
            if plain <= {"Int", "Float", "BigInt", "Decimal"}:
                return Reading(
                    TypeRef("Float" if "Float" in plain else max(map(str, plain))), shape
                )
            if plain <= {"String", "UUID", "Date", "DateTime", "Time", "Duration"}:
                return Reading(TypeRef("String"), shape)
        self._unclear(shape, "one of several types")
        return Reading(JSON, shape)

    def _scalar_variant(self, shape: Shape, context: tuple[str, ...]) -> str | None:
        if shape.variants or shape.is_object or shape.is_list:
            return None
        return scalar_of(shape, context[-1] if context else "")

    def _enum(self, shape: Shape, context: tuple[str, ...]) -> str | None:
        values = [value for value in shape.enum or () if isinstance(value, str)]
        values = list(dict.fromkeys(values))
        if not 2 <= len(values) <= _MAX_ENUM_VALUES:
            return None  # one value is a constant, not a choice
        component = _is_component(shape.node)
        key = shape.node.key if component else (context[-1:], tuple(sorted(values)))
        known = self._enums.get(key)
        if known is None:
            name = self.names.take("", *self._proposals(shape, context, component))
            members = Names()
            known = EnumModel(
                name,
                tuple(EnumValue(members.take(value, enum_value_name(value)), value)
                      for value in values),
                shape.description,
            )  # fmt: skip
            self._enums[key] = known
        return known.name

    def _unclear(self, shape: Shape, what: str) -> None:
        self.references.note(shape.node, f"{what} is read as JSON")

    # --- names -------------------------------------------------------------------------------

    def _new_name(self, shape: Shape, key: TypeKey, context: tuple[str, ...]) -> str:
        entity = self.entity_names.get(key)
        if entity is not None:
            return self.names.take("", f"Embedded{entity}")
        return self.names.take("", *self._proposals(shape, context, _is_component(shape.node)))

    def _proposals(
        self, shape: Shape, context: tuple[str, ...], component: bool
    ) -> tuple[str, ...]:
        by_context = graph_type_name("_".join(context))
        if component:
            return component_type_names(shape.node.last_token)
        title = shape.title
        if title is not None and len(title) <= 50 and len(words(title)) <= _MAX_TITLE_WORDS:
            return graph_type_name(title), by_context
        return (by_context,)

    # --- types without identity --------------------------------------------------------------

    def _value_type(self, name: str, shape: Shape) -> ValueType:
        if shape.variants:
            union = self._union(name, shape)
            if union is not None:
                return union
            self.references.note(
                shape.node,
                "variants that nothing tells apart are one type with the fields of all",
                "info",
            )
            shape = flattened(shape, self.shapes)
        elif shape.discriminator is not None:
            interface = self._interface(name, shape, shape.discriminator)
            if interface is not None:
                return interface
        fields = tuple(self.fields(shape, name, name))
        return ValueType(name, fields=fields, description=shape.description)

    def subtypes(self, shape: Shape) -> list[tuple[str, Shape]]:
        """(discriminator's value, shape) for the schemas that have this one among their `allOf`."""
        if shape.discriminator is None:
            return []
        stated = [
            (value, self.shapes.of(node))
            for value, node in shape.discriminator.mapping.items()
            if node is not None
        ]
        if not stated:
            stated = [(child.node.last_token, child) for child in self._children(shape.node.key)]
        return [(value, each) for value, each in stated if each.node.key != shape.node.key]

    def _children(self, key: tuple[str, str]) -> list[Shape]:
        if self._by_parent is None:
            self._by_parent = {}
            components = self.references.root.get("components")
            schemas = components.get("schemas") if components is not None else None
            for name in schemas.mapping if schemas is not None else ():
                child = self.shapes.of(schemas[name] if schemas is not None else None)
                for parent in child.parents:
                    self._by_parent.setdefault(parent.key, []).append(child)
        return self._by_parent.get(key, [])

    def _interface(self, name: str, shape: Shape, discriminator: Discriminator) -> ValueType | None:
        subtypes = self.subtypes(shape)
        if not subtypes:
            return None
        members: list[tuple[str, str]] = []
        for value, subtype in subtypes:
            if subtype.variants or not subtype.is_object:
                return None
            member = self._object(subtype, (name, value))
            if member.key is None:
                return None
            members.append((member.type.name, value))
        # What a subtype says otherwise than its base is not of the interface.
        common = {
            source: node
            for source, node in shape.properties.items()
            if all(subtype.properties.get(source) == node for _, subtype in subtypes)
        }
        fields = tuple(self.fields(replace(shape, properties=common), name, name))
        if not fields:
            return None
        for member_type in dict.fromkeys(member for member, _ in members):
            self._interfaces.setdefault(member_type, []).append(name)
        return ValueType(
            name,
            kind="interface",
            fields=fields,
            members=tuple(dict.fromkeys(member for member, _ in members)),
            discriminator=discriminator.property_name,
            discriminator_values=tuple(members),
            description=shape.description,
        )

    def _union(self, name: str, shape: Shape) -> ValueType | None:
        discriminator = shape.discriminator or _inferred_discriminator(shape, self.shapes)
        if discriminator is None:
            return None
        values = self._variant_values(shape, discriminator)
        if values is None or len(values) < 2:
            return None
        members: list[tuple[str, str]] = []
        for value, node in values:
            variant = self.shapes.of(node)
            if variant.variants or not variant.is_object:
                return None
            reading = self._object(variant, (name, value))
            if reading.key is None:
                return None
            members.append((reading.type.name, value))
        return ValueType(
            name,
            kind="union",
            members=tuple(dict.fromkeys(member for member, _ in members)),
            discriminator=discriminator.property_name,
            discriminator_values=tuple(members),
            description=shape.description,
        )

    def _variant_values(
        self, shape: Shape, discriminator: Discriminator
    ) -> list[tuple[str, Node]] | None:
        """(value of the discriminator, variant) for all variants; None if one has no value."""
        by_key: dict[tuple[str, str], list[str]] = {}
        for value, node in discriminator.mapping.items():
            if node is not None:
                by_key.setdefault(self.shapes.of(node).node.key, []).append(value)
        found: list[tuple[str, Node]] = []
        for node in shape.variants:
            variant = self.shapes.of(node)
            values = by_key.get(variant.node.key)
            if values is None:
                constant = _constant(variant, discriminator.property_name, self.shapes)
                if constant is not None:
                    values = [constant]
                elif _is_component(variant.node) and not by_key:
                    values = [variant.node.last_token]
                else:
                    return None
            found += [(value, node) for value in values]
        return found if len({value for value, _ in found}) == len(found) else None


def merged_object(shape: Shape, shapes: Shapes) -> Shape | None:
    """The shape itself, if all its variants are objects in the end; else None."""
    return shape if flattened(shape, shapes).properties else None


def flattened(shape: Shape, shapes: Shapes, depth: int = 0) -> Shape:
    """The one object that every variant fits: members of all, required if all require them."""
    if not shape.variants or depth > 8:
        return replace(shape, variants=())
    properties: dict[str, Node] = dict(shape.properties)
    required: frozenset[str] | None = None
    for node in shape.variants:
        variant = flattened(shapes.of(node), shapes, depth + 1)
        for name, member in variant.properties.items():
            properties.setdefault(name, member)
        required = variant.required if required is None else required & variant.required
    return replace(
        shape,
        variants=(),
        types=frozenset({"object"}),
        properties=properties,
        required=shape.required | (required or frozenset()),
    )


def _inferred_discriminator(shape: Shape, shapes: Shapes) -> Discriminator | None:
    """A member that every variant has with another constant: what authors mean by it."""
    variants = [shapes.of(node) for node in shape.variants]
    first = variants[0]
    for name in first.properties:
        values = [_constant(variant, name, shapes) for variant in variants]
        if None not in values and len(set(values)) == len(values):
            return Discriminator(name)
    return None


def _constant(shape: Shape, name: str, shapes: Shapes) -> str | None:
    node = shape.properties.get(name)
    if node is None:
        return None
    enum = shapes.of(node).enum
    return enum[0] if enum is not None and len(enum) == 1 and isinstance(enum[0], str) else None


def _is_component(node: Node) -> bool:
    """Whether the place of a schema is a named one."""
    tokens = node.pointer.split("/")
    if len(tokens) < 2:
        return bool(node.uri)  # a file that is one schema
    return tokens[-2] in ("schemas", "definitions", "$defs") or (
        len(tokens) == 2 and "/" not in node.last_token
    )


def _canonical_text(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a number of more than 64 bits
        return json.dumps(value, sort_keys=True).encode()


def member_name(source: str) -> str:
    """A member's name in the graph: as it is where it is camelCase already."""
    return source if _MEMBER_NAME.fullmatch(source) else field_name(source)


def graph_type_name(source: str) -> str:
    """A type's name: as it is where it is PascalCase already, else its words capitalised."""
    if _GRAPH_NAME.fullmatch(source):
        return source
    name = "".join(word[:1].upper() + word[1:] for word in words(source))
    return f"_{name}" if name[:1].isdigit() else name


def component_type_names(component: str) -> tuple[str, ...]:
    """Proposals for a component: `io.k8s.api.core.v1.Pod` is `Pod`, or `V1Pod`, `CoreV1Pod`."""
    parts = [part for part in component.split(".") if part]
    if not parts:
        return (graph_type_name(component),)
    return tuple(graph_type_name("_".join(parts[-n:]) if n > 1 else parts[-1])
                 for n in range(1, len(parts) + 1))  # fmt: skip
