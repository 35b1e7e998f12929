"""The Struct types of a plan, as Python source.

An object is decoded into one type and encoded as another where its answer's keys are not the
client's: a `__typename` that only says which type it is, or an internal alias. The two have the
same attributes, so assigning `__class__` is all it takes.

    D<n>  what a fetch brings, by the keys of its answer     (P<n> where the two are the same)
    O<n>  what the client sees, in the client's order; hidden fields stand last
    E<f>_<n>  what fetch f brings for objects that are there already, to be merged

Where the answers of a fetch are cut (`sharing.py`), it decodes objects into further types, which
have `Raw` values in place of objects, and a suffix to their names.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_named_type,
)

from gateway.executor.compiled.layout import LaidOutFetch, Layout, Place, PlacedType, Slot, Target
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.compiled.sharing import NO_CUTS, Cuts

_LEAVES = {
    "ID": "str",
    "String": "str",
    "Boolean": "bool",
    "Int": "Int32",
    "Float": "Int64 | float",
}
_HIDDEN_LEAVES = {"ID": "str | int", "String": "str", "Boolean": "bool", "Int": "int"}
"""What subgraphs send for keys is sent back to them as it is."""
_ANY_BUT_NULL = "bool | int | float | str | list | dict"

PRELUDE = '''\
"""Generated from a query plan; see gateway/executor/compiled."""
from typing import Annotated, Any, Literal
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.json import Decoder, Encoder

Int32 = Annotated[int, Meta(ge=-2147483648, le=2147483647)]
Int64 = Annotated[int, Meta(ge=-9223372036854775808, le=9223372036854775807)]
encode = Encoder().encode

def present(value):
    if value is UNSET: raise StepAsideError
    return value

def not_null(value):
    if value is None or value is UNSET: raise StepAsideError
    return value
'''


class ClassWriter:
    """Writes the Struct types of a layout, or those that one fetch needs beside them for `cuts`."""

    def __init__(self, layout: Layout, cuts: Cuts = NO_CUTS) -> None:
        self._layout = layout
        self.cuts = cuts
        self.lines: list[str] = []

    def write(self) -> None:
        """Write all types; children stand before those that have them."""
        for placed, slot in self._layout.slots():
            if slot.is_promised and not slot.suppliers:
                raise NotCompilableError(
                    f"a field that no fetch brings, {placed.type_name}.{slot.name}"
                )
        for fetch in self._layout.fetches:
            self.write_fetch(fetch)
        root = self._layout.root
        self._write_class(final_class(root), [self._later(root, s) for s in root.slots.values()])

    def write_fetch(self, fetch: LaidOutFetch) -> None:
        """Write the types of what one fetch brings."""
        for target in fetch.targets:
            for slot in target.slots.values():
                if slot.place is not None:
                    self._write_place(slot.place)
            self._write_part(fetch, target)

    def _write_place(self, place: Place) -> None:
        if not place.types:
            raise NotCompilableError("a place that no type can stand at")
        for placed in place.types.values():
            for slot in placed.brought_by(place.creator):
                if slot.place is not None:
                    self._write_place(slot.place)
            if self.cuts is NO_CUTS or is_cut(placed, self.cuts):
                self._write_placed(placed)

    def _write_placed(self, placed: PlacedType) -> None:
        wire_names = wire_names_of(placed)
        creator = placed.place.creator
        decoded: list[str] = []
        renamed: dict[str, str] = {}
        for slot in _fields(placed):
            if creator is not None and creator in slot.suppliers:
                decoded.append(self._brought(placed, slot))
            else:
                decoded.append(self._later(placed, slot))
            renamed[slot.attribute] = wire_names[slot.name]
        if placed.has_hidden_name:
            decoded.append(f"type_name: Literal[{placed.type_name!r}]")
            renamed["type_name"] = "__typename"
        tag = placed.type_name if placed.is_tagged else None
        self._write_class(decode_class(placed, self.cuts), decoded, renamed, tag)
        if self.cuts is NO_CUTS and is_switched(placed):
            later = [self._later(placed, slot) for slot in _fields(placed)]
            if placed.has_hidden_name:
                later.append("type_name: UnsetType = UNSET")
            shown = tag if _is_tag_shown(placed) else None
            self._write_class(final_class(placed), later, tag=shown)

    def _write_part(self, fetch: LaidOutFetch, target: Target) -> None:
        fields, renamed = self.part_fields(fetch, target)
        self._write_class(part_class(fetch, target, self.cuts), fields, renamed)

    def part_fields(self, fetch: LaidOutFetch, target: Target) -> tuple[list[str], dict[str, str]]:
        """The fields of what a fetch brings for a target's objects, and their keys."""
        lines = [self._brought(target.placed, slot) for slot in target.slots.values()]
        renamed = {slot.attribute: wire for wire, slot in target.slots.items()}
        if target.is_typename_fetched or fetch.node.requires:
            # Checked even where it was not asked for: some servers send it with every entity.
            lines.append(f"type_name: {self._entity_names(fetch, target)} = None")
            renamed["type_name"] = "__typename"
        return lines, renamed

    def _entity_names(self, fetch: LaidOutFetch, target: Target) -> str:
        """The type names that an entity may come with; see `_entity_problem` in `fetch.py`."""
        if not fetch.node.requires:
            return "str | None"
        schema, facts = self._layout.facts.schema, self._layout.facts
        wanted = target.placed.type_name
        names = {
            name
            for name in schema.type_map
            if facts.applies(wanted, name) or facts.applies(name, wanted)
        }
        return f"{_literal(names)} | None"

    def _write_class(
        self,
        name: str,
        fields: list[str],
        wire_names: dict[str, str] | None = None,
        tag: str | None = None,
    ) -> None:
        options = "kw_only=True, gc=False, forbid_unknown_fields=True"
        if wire_names is None:
            options += ", rename=_client_name"
        else:
            options += f", rename={wire_names!r}"
        if tag is not None:
            options += f', tag_field="__typename", tag={tag!r}'
        self.lines.append(f"class {name}(Struct, {options}):")
        self.lines += [f"    {line}" for line in fields or ["pass"]]
        self.lines.append("")

    # --- Fields --------------------------------------------------------------------------------

    def _brought(self, placed: PlacedType, slot: Slot) -> str:
        if slot.is_typename:
            name = placed.type_name
            return f"{slot.attribute}: Literal[{name!r}] = {name!r}"
        annotation = self._annotation(slot, slot.type)
        if slot.shape is not None and isinstance(slot.type, GraphQLNonNull):
            return f"{slot.attribute}: {annotation}"
        if slot.shape is None or slot.is_read:
            if annotation == "Raw":
                return f"{slot.attribute}: Raw = UNSET"  # as a default it need not be a Raw
            return f"{slot.attribute}: {annotation} | UnsetType = UNSET"
        return f"{slot.attribute}: {annotation} = None"

    def _later(self, placed: PlacedType, slot: Slot) -> str:
        """A field that another fetch brings, or nobody: its answer must not have it."""
        if slot.is_typename:
            name = placed.type_name
            if slot.name == "__typename" and placed.is_typename_fetched and not placed.is_tagged:
                return f"{slot.attribute}: Literal[{name!r}]"
            return f"{slot.attribute}: UnsetType | str = {name!r}"
        is_nullable = not isinstance(slot.type, GraphQLNonNull)
        if slot.shape is not None and is_nullable and not slot.is_read:
            return f"{slot.attribute}: None = None"
        return f"{slot.attribute}: UnsetType | None = UNSET"

    def _annotation(self, slot: Slot, type_: GraphQLOutputType) -> str:
        is_visible = slot.shape is not None
        nullable = type_
        if isinstance(type_, GraphQLNonNull):
            nullable = type_.of_type
        if isinstance(nullable, GraphQLList):
            text = f"list[{self._annotation(slot, nullable.of_type)}]"
        elif slot.place in self.cuts.places:
            return "Raw"  # null is one, too
        elif slot.place is not None:
            text = union_of(slot.place, self.cuts)
        else:
            text = _leaf(nullable, is_visible=is_visible)
        is_promised = is_visible and isinstance(type_, GraphQLNonNull)
        return text if is_promised else f"{text} | None"


def _leaf(type_: GraphQLOutputType, *, is_visible: bool) -> str:
    named = get_named_type(type_)
    if not is_visible:
        return _HIDDEN_LEAVES.get(named.name, _ANY_BUT_NULL)
    if isinstance(named, GraphQLEnumType):
        return _literal(named.values)
    return _LEAVES.get(named.name, _ANY_BUT_NULL)


def _literal(values: Iterable[str]) -> str:
    return f"Literal[{', '.join(repr(value) for value in sorted(values))}]"


# --- Names -------------------------------------------------------------------------------------


def decode_class(placed: PlacedType, cuts: Cuts = NO_CUTS) -> str:
    """The type that answers are decoded into."""
    suffix = cuts.suffix if is_cut(placed, cuts) else ""
    return f"D{placed.number}{suffix}" if is_switched(placed) else f"P{placed.number}{suffix}"


def final_class(placed: PlacedType) -> str:
    """The type of an object once it is a part of the response."""
    return f"O{placed.number}" if is_switched(placed) else f"P{placed.number}"


def part_class(fetch: LaidOutFetch, target: Target, cuts: Cuts = NO_CUTS) -> str:
    """The type of what a fetch brings for objects that are there."""
    return f"E{fetch.number}_{target.placed.number}{cuts.suffix}"


def union_of(place: Place, cuts: Cuts = NO_CUTS) -> str:
    """The types that can stand at a place."""
    return " | ".join(decode_class(placed, cuts) for placed in place.types.values())


def is_cut(placed: PlacedType, cuts: Cuts) -> bool:
    """Whether objects of a type have others below them that are left undecoded at first."""
    brought = placed.brought_by(placed.place.creator)
    return any(slot.place is not None and cuts.changes(slot.place) for slot in brought)


def is_switched(placed: PlacedType, cuts: Cuts = NO_CUTS) -> bool:
    """Whether decoding and encoding take different types."""
    if is_cut(placed, cuts):
        return True
    if placed.place.creator is None:
        return False
    if placed.is_tagged and not _is_tag_shown(placed):
        return True
    return any(name != wire for name, wire in wire_names_of(placed).items())


def wire_names_of(placed: PlacedType) -> dict[str, str]:
    """The keys of a type's fields in the answer that brings its objects, by their own names."""
    creator = placed.place.creator
    used = {
        slot.suppliers[creator]
        for slot in placed.slots.values()
        if creator is not None and creator in slot.suppliers
    }
    if placed.is_tagged:
        used.add("__typename")
    names: dict[str, str] = {}
    for slot in _fields(placed):
        if creator is not None and creator in slot.suppliers:
            names[slot.name] = slot.suppliers[creator]
        else:
            # A key that cannot come: it is no GraphQL name.
            names[slot.name] = f"~{slot.name}" if slot.name in used else slot.name
    return names


def _is_tag_shown(placed: PlacedType) -> bool:
    """Whether the client wants `__typename` first, where a Struct type has its tag anyway."""
    first = next(iter(placed.slots.values()), None)
    return first is not None and first.is_typename and first.name == "__typename"


def _fields(placed: PlacedType) -> list[Slot]:
    """The fields of a type, without one that its tag stands for."""
    slots = list(placed.slots.values())
    if placed.is_tagged and placed.place.creator is not None and _is_tag_shown(placed):
        slots = slots[1:]
    return sorted(slots, key=lambda slot: slot.shape is None)
