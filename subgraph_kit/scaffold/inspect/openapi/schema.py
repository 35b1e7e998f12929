"""One schema of any dialect as one `Shape`: what is true of its values, whoever wrote it.

OpenAPI 3.0, 3.1 and Swagger 2 say the same things in different words; authors add theirs. Null is
`nullable`, `x-nullable`, a `null` type, an `enum` with null, or a `oneOf` with a null schema. A
reference with a description is an `allOf` of one. `allOf` is composition: its parts are merged.
After this module nobody sees any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from subgraph_kit.scaffold.inspect.openapi.references import Node, References

_MAX_DEPTH = 40
"""`allOf` in `allOf`, deeper than anybody writes: a circle."""

_STRUCTURE = frozenset({"properties", "items", "oneOf", "anyOf", "allOf", "enum", "required"})
_VARIANT_STRUCTURE = frozenset({"$ref", "type", "properties", "items", "oneOf", "anyOf", "allOf",
                                "enum", "const", "format"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Discriminator:
    """Which member tells variants apart, and which schema each of its values means."""

    property_name: str
    mapping: Mapping[str, Node | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says of its values; `node` is the schema's place and thereby its identity."""

    node: Node
    types: frozenset[str] = frozenset()
    format: str | None = None
    nullable: bool = False
    enum: tuple[Any, ...] | None = None
    properties: Mapping[str, Node] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Node | None = None
    is_map: bool = False
    variants: tuple[Node, ...] = ()
    discriminator: Discriminator | None = None
    parents: tuple[Node, ...] = ()
    """The references among the parts of `allOf`."""
    title: str | None = None
    description: str | None = None
    deprecated: bool = False
    write_only: bool = False
    keywords: Mapping[str, Any] = field(default_factory=dict)
    """The schema as written, for bounds, examples and extensions."""

    @property
    def is_object(self) -> bool:
        """Whether values are objects with members that are known."""
        return bool(self.properties)

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return self.types == {"array"}


class Shapes:
    """Makes shapes of schemas, each place once."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._known: dict[tuple[str, str], Shape] = {}

    def of(self, node: Node | None) -> Shape:
        """The shape of a schema; of anything at all where it cannot be read."""
        if node is None:
            return Shape(Node({}, "", ""))
        known = self._known.get(node.key)
        if known is None:
            known = self._known[node.key] = self._read(node, 0)
        return known

    def _read(self, node: Node, depth: int) -> Shape:
        nullable = deprecated = write_only = False
        description: str | None = None
        target: Node | None = node
        for _ in range(_MAX_DEPTH):
            if target is None or not isinstance(target.value, dict):
                break
            said = target.value
            # The outermost description is about this use of the schema.
            description = description or _text(said.get("description"))
            deprecated = deprecated or said.get("deprecated") is True
            write_only = write_only or said.get("writeOnly") is True
            if "$ref" in said:
                nullable = nullable or _says_nullable(said)
                target = self._references.resolve(target)
                continue
            inner = self._sole_part(target)
            if inner is None:
                break
            nullable = nullable or _says_nullable(said) or _has_null_variant(said)
            # `allOf: [{$ref}, {nullable: true}]`: strictly never null, but not what is meant.
            nullable = nullable or any(map(_only_says_nullable, said.get("allOf") or ()))
            target = inner
        if target is None or not isinstance(target.value, dict):
            return Shape(Node({}, node.uri, node.pointer), description=description)
        if depth > _MAX_DEPTH:
            self._references.note(node, "allOf contains itself; the rest of it is left out")
            return Shape(Node({}, node.uri, node.pointer), description=description)
        shape = self._flat(target, depth)
        return replace(
            shape,
            nullable=shape.nullable or nullable,
            deprecated=shape.deprecated or deprecated,
            write_only=shape.write_only or write_only,
            description=description or shape.description,
        )

    def _sole_part(self, node: Node) -> Node | None:
        """The one schema that this one only wraps: `allOf` of one, or `X or null`."""
        own = _STRUCTURE.intersection(node.value)
        if len(own) != 1:
            return None
        keyword = next(iter(own))
        parts = node.value[keyword]
        if keyword not in ("allOf", "oneOf", "anyOf") or not isinstance(parts, list):
            return None
        several = node[keyword]
        if keyword == "allOf":
            # Parts that only describe or say `nullable` are no parts.
            kept = [i for i, p in enumerate(parts) if isinstance(p, dict) and _is_structural(p)]
        else:
            kept = [i for i, part in enumerate(parts) if not _is_null(part)]
        return several[kept[0]] if len(kept) == 1 else None

    def _flat(self, node: Node, depth: int) -> Shape:
        said = node.mapping
        shape = self._own(node)
        parts = node.get("allOf")
        if parts is None or not isinstance(parts.value, list):
            return shape
        merged = Shape(node)
        parents: list[Node] = []
        for index, part in enumerate(parts.value):
            if not isinstance(part, dict):
                continue
            if "$ref" in part and (parent := self._references.resolve(parts[index])) is not None:
                parents.append(parent)
            merged = _merge(merged, self._read(parts[index], depth + 1))
        # A base's discriminator tells the base's own variants apart, not this one's.
        merged = replace(merged, discriminator=None, title=None, description=None)
        merged = replace(_merge(merged, shape), parents=tuple(parents), keywords=said)
        return replace(merged, nullable=_says_nullable(said))

    def _own(self, node: Node) -> Shape:
        said = node.mapping
        types, nullable = _types(said)
        enum, has_null = _enum(said)
        properties = node.get("properties")
        required = said.get("required")
        additional = said.get("additionalProperties")
        found = properties.mapping if properties is not None else {}
        return Shape(
            node,
            types=types,
            format=_text(said.get("format")),
            nullable=nullable or has_null or _has_null_variant(said),
            enum=enum,
            properties={str(name): properties[name] for name in found} if properties else {},
            required=frozenset(
                name for name in required if isinstance(name, str)
            ) if isinstance(required, list) else frozenset(),
            items=_items(node),
            is_map=not found and (isinstance(additional, dict) or "patternProperties" in said),
            variants=self._variants(node),
            discriminator=self._discriminator(node),
            title=_text(said.get("title")),
            description=_text(said.get("description")),
            deprecated=said.get("deprecated") is True,
            write_only=said.get("writeOnly") is True,
            keywords=said,
        )  # fmt: skip

    def _variants(self, node: Node) -> tuple[Node, ...]:
        for keyword in ("oneOf", "anyOf"):
            several = node.get(keyword)
            if several is None or not isinstance(several.value, list):
                continue
            found = [
                several[index]
                for index, variant in enumerate(several.value)
                if not _is_null(variant)
            ]
            # `anyOf: [{required: [a]}, {required: [b]}]` restricts, it does not tell of members.
            if any(_VARIANT_STRUCTURE.intersection(each.mapping) for each in found):
                return tuple(found)
        return ()

    def _discriminator(self, node: Node) -> Discriminator | None:
        said = node.mapping.get("discriminator")
        if isinstance(said, str):  # Swagger 2
            return Discriminator(said)
        if not isinstance(said, dict) or not isinstance(said.get("propertyName"), str):
            return None
        mapping: dict[str, Node | None] = {}
        stated = said.get("mapping")
        for value, target in stated.items() if isinstance(stated, dict) else ():
            if isinstance(target, str):
                # A bare name is the name of a component (OpenAPI, "Discriminator Object").
                bare = "/" not in target and "#" not in target and "." not in target
                reference = f"#/components/schemas/{target}" if bare else target
                place = Node({"$ref": reference}, node.uri, node.pointer + "/discriminator")
                mapping[str(value)] = self._references.resolve(place)
        return Discriminator(said["propertyName"], mapping)


def _merge(left: Shape, right: Shape) -> Shape:
    """What is true of values that fit both; `right` is the later one and wins."""
    keep_right_variants = right.variants or right.discriminator
    both = left.types & right.types
    properties = dict(left.properties)
    for name, node in right.properties.items():
        # `{}` in a later part adds nothing to what is known of the member.
        if name not in properties or node.value not in ({}, True):
            properties[name] = node
    return replace(
        left,
        types=both or right.types or left.types,
        format=right.format or left.format,
        nullable=left.nullable or right.nullable,
        enum=right.enum if right.enum is not None else left.enum,
        properties=properties,
        required=left.required | right.required,
        items=right.items or left.items,
        is_map=(left.is_map or right.is_map) and not properties,
        variants=right.variants if keep_right_variants else left.variants,
        discriminator=right.discriminator if keep_right_variants else left.discriminator,
        title=right.title or left.title,
        description=right.description or left.description,
        deprecated=left.deprecated or right.deprecated,
        write_only=left.write_only or right.write_only,
    )


def _items(node: Node) -> Node | None:
    items = node.get("items")
    if items is not None and isinstance(items.value, list):  # a tuple, in drafts before 2020-12
        return items[0] if len(items.value) == 1 else None
    return items


def _types(said: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    stated = said.get("type")
    types = {each for each in stated if isinstance(each, str)} if isinstance(stated, list) else (
        {stated} if isinstance(stated, str) else set()
    )  # fmt: skip
    nullable = "null" in types or said.get("nullable") is True or said.get("x-nullable") is True
    types.discard("null")
    if not types:
        types = _implied_types(said)
    return frozenset(types), nullable


def _implied_types(said: Mapping[str, Any]) -> set[str]:
    if "properties" in said or "additionalProperties" in said:
        return {"object"}
    if "items" in said:
        return {"array"}
    values = said.get("enum")
    if "const" in said:
        values = [said["const"]]
    if isinstance(values, list):
        named = {bool: "boolean", str: "string", int: "integer", float: "number"}
        return {named[type(value)] for value in values if type(value) in named}
    if isinstance(said.get("format"), str) and said["format"] in ("date-time", "date", "uuid"):
        return {"string"}
    return set()


def _enum(said: Mapping[str, Any]) -> tuple[tuple[Any, ...] | None, bool]:
    values = said.get("enum")
    if "const" in said:
        values = [said["const"]]
    if not isinstance(values, list):
        return None, False
    kept = tuple(value for value in values if value is not None)
    return kept or None, len(kept) < len(values)


def _says_nullable(said: Mapping[str, Any]) -> bool:
    return _types(said)[1] or _enum(said)[1]


def _has_null_variant(said: Mapping[str, Any]) -> bool:
    return any(
        isinstance(said.get(keyword), list) and any(map(_is_null, said[keyword]))
        for keyword in ("oneOf", "anyOf")
    )


def _is_null(part: Any) -> bool:
    return isinstance(part, dict) and "$ref" not in part and (
        part.get("type") in ("null", ["null"])
        or part.get("enum") == [None]
        or ("const" in part and part["const"] is None)
        # An idiom of 3.0: `oneOf: [{$ref}, {nullable: true}]`.
        or set(part) == {"nullable"}
    )  # fmt: skip


def _only_says_nullable(part: Any) -> bool:
    return isinstance(part, dict) and not _is_structural(part) and _says_nullable(part)


def _is_structural(part: Mapping[str, Any]) -> bool:
    return "$ref" in part or "type" in part or bool(_STRUCTURE.intersection(part))


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
