"""Which members of an entity tell of another entity of the API.

Three signs, surest first: the address (`/orgs/{org}/teams/{slug}` is within `/orgs/{org}`), an
object inside that has another entity's schema, a member called like one (`author_id`). The object
inside becomes the other entity's key, and a reference: the graph then has it whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from subgraph_kit.scaffold.inspect.openapi.keys import normal
from subgraph_kit.scaffold.inspect.openapi.resources import Resource
from subgraph_kit.scaffold.inspect.openapi.schema import Shapes
from subgraph_kit.scaffold.inspect.openapi.types import TypeReader, member_name
from subgraph_kit.scaffold.model import FieldModel, Guess, Reference, TypeRef
from subgraph_kit.scaffold.names import Names, field_name, list_name, singular, words

_ID_WORDS = ("id", "uuid", "guid", "key", "sid")
_SAYS_ID = re.compile(r"\b(id|identifier|uuid|key)\b", re.IGNORECASE)
_KEY_SCALARS = frozenset({"ID", "String", "Int", "BigInt", "UUID"})


@dataclass(frozen=True, slots=True)
class Named:
    """A resource with its type name, and the fields of its key in the order of its address."""

    resource: Resource
    name: str
    key: tuple[FieldModel, ...]


def add_references(
    named: Named,
    fields: Sequence[FieldModel],
    others: Sequence[Named],
    shapes: Shapes,
    reader: TypeReader,
) -> tuple[list[FieldModel], list[Reference]]:
    """The fields of an entity with its references, nested entities taken out."""
    by_key = {other.resource.key: other for other in others}
    names = Names(reserved=(field.name for field in fields))
    kept: list[FieldModel] = []
    references: list[Reference] = []
    own_key = {field.name for field in named.key}
    for field in fields:
        other = _nested_entity(named, field, by_key, shapes, reader)
        if other is None or field.name in own_key:
            kept.append(field)
            continue
        prefix = field.source_name
        keys = [
            FieldModel(
                names.take(
                    "", field_name(f"{field.name}_{key.name}"), field_name(f"{field.name}_key")
                ),
                f"{prefix}.{key.source_name}",
                replace(key.type, nullable=field.type.nullable),
                f"The key of {field.name}.",
            )
            for key in other.key
        ]  # fmt: skip
        kept += keys
        references.append(
            Reference(
                field.name,
                other.name,
                tuple(key.name for key in keys),
                tuple(key.name for key in other.key),
                nullable=field.type.nullable,
                description=field.description,
            )
        )
    references += _by_address(named, others, names)
    told = {name for reference in references for name in reference.fields}
    references += _by_name(named, kept, others, names, told)
    return kept, references


def _nested_entity(
    named: Named,
    field: FieldModel,
    by_key: Mapping[tuple[str, ...], Named],
    shapes: Shapes,
    reader: TypeReader,
) -> Named | None:
    """The other entity that is written out in this member, if it is one with a key to be read."""
    node = named.resource.shape.properties.get(field.source_name)
    if node is None or field.type.is_list:
        return None
    shape = shapes.of(node)
    if not shape.is_object or shape.variants:
        return None
    other = by_key.get(reader.key_of(shape))
    if other is None or any(part.from_address for part in other.resource.parts):
        return None
    return other


def _by_address(named: Named, others: Sequence[Named], names: Names) -> list[Reference]:
    """References to what the entity's address is within."""
    found: list[Reference] = []
    path = _shape_of(named.resource.item.path)
    for other in others:
        parent = _shape_of(other.resource.item.path)
        count = len(other.key)
        if other.name == named.name or not path.startswith(parent + "/"):
            continue
        fields = named.key[:count]
        if len(fields) == len(named.key):
            continue
        name = names.take("", member_name(_lower_first(other.name)), f"in{other.name}")
        found.append(
            Reference(
                name,
                other.name,
                tuple(field.name for field in fields),
                tuple(field.name for field in other.key),
                nullable=any(field.type.nullable for field in fields),
            )
        )
    return found


def _by_name(
    named: Named,
    fields: Sequence[FieldModel],
    others: Sequence[Named],
    names: Names,
    told: set[str],
) -> list[Reference]:
    single = {normal(other.name): other for other in others if len(other.key) == 1}
    for other in others:
        if len(other.key) == 1:
            single.setdefault(other.resource.singular, other)
    own_key = {field.name for field in named.key}
    found: list[Reference] = []
    for field in fields:
        if field.name in told or field.name in own_key or field.type.is_list:
            continue
        if field.type.name not in _KEY_SCALARS or "." in field.source_name:
            continue
        guess = _meant(field, single)
        if guess is None:
            continue
        other, base, confidence = guess
        if (other.key[0].type.name == "Int") != (field.type.name in ("Int", "BigInt")) and (
            other.key[0].type.name == "Int"
        ):
            continue
        found.append(
            Reference(
                names.take("", field_name(base), f"{field.name}{other.name}"),
                other.name,
                (field.name,),
                (other.key[0].name,),
                nullable=field.type.nullable,
                guess=Guess(f"{field.source_name!r} is called like a {other.name}", confidence),
            )
        )
    return found


def _meant(field: FieldModel, single: Mapping[str, Named]) -> tuple[Named, str, float] | None:
    parts = words(field.source_name)
    if len(parts) > 1 and parts[-1] in _ID_WORDS:
        base = parts[:-1]
        for start in range(len(base)):
            other = single.get(" ".join([*base[start:-1], singular(base[-1])]))
            if other is not None and _key_word(other) in (parts[-1], ""):
                return other, "_".join(base), 0.9 if start == 0 else 0.7
        return None
    other = single.get(" ".join(parts))
    # `customer: "cus_1"`, described as "ID of the customer".
    says_id = field.type.name == "UUID" or _SAYS_ID.search(field.description or "") is not None
    if other is not None and _key_word(other) in _ID_WORDS and says_id:
        return other, f"{field.name}_{other.name}", 0.5
    return None


def _key_word(other: Named) -> str:
    return words(other.key[0].source_name)[-1]


def with_reverse(reference: Reference, filtered: set[str], of: str) -> Reference:
    """The reference with the name of the list on the other side, if the API can be asked for it."""
    if set(reference.fields) <= filtered and len(reference.fields) > 0:
        return replace(reference, reverse=list_name(of))
    return reference


def _shape_of(path: str) -> str:
    """A path without the names of its places, which differ between `{name}` and `{namespace}`."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def key_type(type_: TypeRef, source: str, *, alone: bool) -> TypeRef:
    """The type of a key field: an `ID` where it stands alone or is called one, never null."""
    last = words(source)[-1]
    if type_.name in _KEY_SCALARS and (alone or last in _ID_WORDS):
        return TypeRef("ID", nullable=False)
    return TypeRef(type_.name, nullable=False)
