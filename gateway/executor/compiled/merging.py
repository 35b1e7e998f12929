"""The merge function of a fetch, as Python source.

    merge_<f>(L, body, places)   decodes an answer, puts it into the response, notes new objects

Each object is noted once, when the answer that brings it is decoded, whatever the number of places
that share it. `Cuts` say where equal objects of the answer become one (`sharing.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.executor.compiled.classes import (
    ClassWriter,
    decode_class,
    final_class,
    is_switched,
    part_class,
    union_of,
)
from gateway.executor.compiled.layout import LaidOutFetch, Place, PlacedType, Slot, Target
from gateway.executor.compiled.lists import OFTEN, Lists, has_lists
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.compiled.sharing import (
    NO_CUTS,
    Cuts,
    decoder_of,
    write_cut,
    write_cut_end,
    write_cut_start,
    write_text_function,
)


class MergeWriter:
    """Writes what decodes and merges the answers of one fetch, cut as its `classes` are."""

    def __init__(self, fetch: LaidOutFetch, classes: ClassWriter, lists: Lists) -> None:
        self._fetch = fetch
        self._classes = classes
        self._lists = lists
        self._cuts = classes.cuts
        self._noted: set[int] = set()
        """The lists that the function puts objects into."""
        self._decoders: list[str] = []

    def write(self) -> list[str]:
        """The types of the whole answer, decoders, and the function."""
        fetch = self._fetch
        if not fetch.node.requires:
            envelope, body = self._merge_root()
        elif len(fetch.targets) == 1 or self._is_alike():
            envelope, body = self._merge_one_type()
        else:
            envelope, body = self._merge_many_types()
        notes = [f"note_{number} = L[{number}].append" for number in sorted(self._noted)]
        places = self._cuts.places
        if places:
            body = [*write_cut_start(places), *body, *write_cut_end(places, f"L[{OFTEN}]")]
        head = f"def {merge_name(fetch, self._cuts)}(L, body, places):"
        texts = [line for place in places for line in write_text_function(place)]
        return [*envelope, *self._decoders, *texts, head, *indented([*notes, *body]), ""]

    # --- Root fetches --------------------------------------------------------------------------

    def _merge_root(self) -> tuple[list[str], list[str]]:
        target = self._fetch.targets[0]
        return self._answer_class(self._part(target)), [
            f"answer = decode_{self._number}(body)",
            "if answer.errors: raise StepAsideError",
            "e = answer.data",
            "o = L[0][0]",
            *self._walk_children(target.slots.values(), "e", 0),
            *self._assignments(target),
        ]

    @property
    def _number(self) -> str:
        return f"{self._fetch.number}{self._cuts.suffix}"

    def _part(self, target: Target) -> str:
        return part_class(self._fetch, target, self._cuts)

    def _answer_class(self, data: str) -> list[str]:
        return [
            f"class A{self._number}(Struct, forbid_unknown_fields=True):",
            f"    data: {data}",
            "    errors: list[Any] | None = None",
            "    extensions: Any = None",
            f"decode_{self._number} = Decoder(A{self._number}).decode",
        ]

    def _assignments(self, target: Target) -> list[str]:
        lines: list[str] = []
        for slot in target.slots.values():
            attribute = slot.attribute
            if len(slot.suppliers) == 1 or slot.is_typename:
                lines.append(f"o.{attribute} = e.{attribute}")
                continue
            if has_lists(slot.type) or not _is_built_in(slot):
                raise NotCompilableError("a list or custom scalar that two fetches bring")
            # What is there is never replaced by null.
            lines += [
                f"v = e.{attribute}",
                f"if v is not UNSET and (v is not None or o.{attribute} is UNSET): "
                f"o.{attribute} = v",
            ]
        return lines

    # --- Entity fetches ------------------------------------------------------------------------

    def _entities_class(self, item: str) -> list[str]:
        return [
            f"class N{self._number}(Struct, forbid_unknown_fields=True, rename=_entities_name):",
            f"    entities: list[{item}]",
            *self._answer_class(f"N{self._number}"),
        ]

    @property
    def _head(self) -> list[str]:
        return [
            f"answer = decode_{self._number}(body)",
            "items, objects, indices = places",
            "entities = answer.data.entities",
            "if answer.errors or len(entities) != len(items): raise StepAsideError",
        ]

    def _merge_one_type(self) -> tuple[list[str], list[str]]:
        """Entities that are decoded all in the same way."""
        target = self._fetch.targets[0]
        body = self._head
        walk = self._walk_children(target.slots.values(), "e", 1)
        if walk:
            body += ["for e in entities:", *indented(walk)]
        assignments = self._assignments(target)
        if assignments:
            body += [
                "for o, index in zip(objects, indices):",
                "    e = entities[index]",
                *indented(assignments),
            ]
        return self._entities_class(self._part(target)), body

    def _merge_many_types(self) -> tuple[list[str], list[str]]:
        """Entities of several types or places: each is decoded as the objects it is for.

        Places never share an entity, since the client may have asked for different things below.
        """
        body = [
            *self._head,
            "decoded = {}",
            "for o, index in zip(objects, indices):",
            "    c = o.__class__",
        ]
        for position, target in enumerate(self._fetch.targets):
            name = self._part(target)
            self._decoders.append(f"decode_{name} = Decoder({name}).decode")
            word = "if" if position == 0 else "elif"
            key = f"(index, {position})"
            body += [
                f"    {word} c is {final_class(target.placed)}:",
                f"        e = decoded.get({key})",
                "        if e is None:",
                f"            e = decoded[{key}] = decode_{name}(entities[index])",
                *indented(self._walk_children(target.slots.values(), "e", 1), 3),
                *indented(self._assignments(target), 2),
            ]
        return self._entities_class("Raw"), body

    def _is_alike(self) -> bool:
        """Whether all targets get the same leaves, so that it does not matter which is which."""
        first, *others = (
            (self._classes.part_fields(self._fetch, target), self._assignments(target))
            for target in self._fetch.targets
        )
        has_objects = any(
            slot.place is not None
            for target in self._fetch.targets
            for slot in target.slots.values()
        )
        return not has_objects and all(other == first for other in others)

    # --- New objects ---------------------------------------------------------------------------

    def _walk_children(self, slots: Iterable[Slot], variable: str, depth: int) -> list[str]:
        """Go to what stands below an object that the fetch brought."""
        lines: list[str] = []
        for slot in slots:
            if slot.place is None or not self._lists.is_walked(slot.place):
                continue
            item = f"v{depth}"
            source = f"{variable}.{slot.attribute}"
            lines.append(f"{item} = {source}")
            lines += self._walk_value(slot, slot.place, slot.type, item, source, depth)
        return lines

    def _walk_value(
        self,
        slot: Slot,
        place: Place,
        type_: GraphQLOutputType,
        item: str,
        source: str,
        depth: int,
    ) -> list[str]:
        """Go into `item`, which was read from `source`: a value of a slot, or an item of it."""
        is_there = False
        is_nullable = slot.shape is None or not isinstance(type_, GraphQLNonNull)
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
            is_there = slot.shape is not None  # decoding has seen to it
        if isinstance(type_, GraphQLList):
            below, position = f"v{depth + 1}", f"i{depth + 1}"
            inner = self._walk_value(
                slot, place, type_.of_type, below, f"{item}[{position}]", depth + 1
            )
            if any(f"{item}[{position}]" in line for line in inner):
                loop = f"for {position}, {below} in enumerate({item}):"
            else:
                loop = f"for {below} in {item}:"
            lines = [loop, *indented(inner)]
        else:
            lines = self._walk_object(place, item, depth)
            if place in self._cuts.places:
                type_name = union_of(place, self._cuts) + (" | None" if is_nullable else "")
                decoder = decoder_of(place, self._cuts)
                self._decoders.append(f"{decoder} = Decoder({type_name}).decode")
                lines = write_cut(place, self._cuts, item, source, lines)
        return lines if is_there else [f"if {item}:", *indented(lines)]

    def _walk_object(self, place: Place, item: str, depth: int) -> list[str]:
        lines: list[str] = []
        number = self._lists.number(place)
        if number is not None:
            self._noted.add(number)
            lines.append(f"note_{number}({item})")
        several = len(place.types) > 1
        if several:
            lines.append(f"c = {item}.__class__")
        branches: list[str] = []
        for placed in place.types.values():
            body = self._walk_typed(placed, item, depth)
            if not several:
                branches += body
            elif body:
                word = "elif" if branches else "if"
                branches += [f"{word} c is {decode_class(placed, self._cuts)}:", *indented(body)]
        return [*lines, *branches] or ["pass"]

    def _walk_typed(self, placed: PlacedType, item: str, depth: int) -> list[str]:
        """What is done with an object of one type."""
        lines: list[str] = []
        if is_switched(placed, self._cuts):
            lines.append(f"{item}.__class__ = {final_class(placed)}")
        if placed.has_hidden_name:
            lines.append(f"{item}.type_name = UNSET")
        lines += self._walk_children(placed.brought_by(self._fetch.number), item, depth + 1)
        return lines


def merge_name(fetch: LaidOutFetch, cuts: Cuts = NO_CUTS) -> str:
    """The name of a fetch's merge function."""
    return f"merge_{fetch.number}{cuts.suffix}"


def _is_built_in(slot: Slot) -> bool:
    type_ = slot.type.of_type if isinstance(slot.type, GraphQLNonNull) else slot.type
    return getattr(type_, "name", "") in {"ID", "String", "Int", "Float", "Boolean"}


def indented(lines: Iterable[str], levels: int = 1) -> list[str]:
    """Lines, further in."""
    return ["    " * levels + line for line in lines]
