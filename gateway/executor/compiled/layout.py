"""Where objects stand in the response, and which fetch fills which of their fields.

Every place of the response has objects of one or several types; what is known statically about
one type at one place becomes one Struct type. Beside what the client asked for, in its order, the
objects have hidden fields: what fetches need of them and the client must not see.

    Place        a composite field of an object type at a place (the root is one, too)
    PlacedType   one object type at a place: will be one Struct type
    Slot         one field of it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLCompositeType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from gateway.executor.compiled.documents import (
    AskedField,
    SelectionSets,
    asked_fields,
    selection_sets,
)
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.facts import SupergraphFacts
from gateway.operation.normalize.apply_types import possible_types
from gateway.operation.schema_lookup import composite_type
from gateway.operation.shape import FieldShape, ObjectShape
from gateway.plan.nodes import (
    FetchNode,
    FieldSegment,
    FlattenNode,
    FlattenPath,
    ListSegment,
    RenameKeyRewrite,
    Rewrite,
    RewritePath,
    TypeConditionSegment,
)

MAX_PLACED_TYPES = 300
"""Struct types of one plan; more would take tens of milliseconds to make."""


@dataclass(eq=False, slots=True)
class Slot:
    """A field of an object; `shape` is None for a hidden one."""

    name: str
    type: GraphQLOutputType
    shape: FieldShape | None
    place: Place | None = None
    suppliers: dict[int, str] = field(default_factory=dict)
    """By fetch, the key in its answer."""
    is_typename: bool = False
    """Always the name of the object's type, whatever is fetched."""
    is_read: bool = False
    """A representation is made of it, so whether it came at all matters."""

    @property
    def is_promised(self) -> bool:
        """Whether the client is never to get null here, so that somebody has to bring it."""
        is_visible = self.shape is not None and not self.is_typename
        return is_visible and isinstance(self.type, GraphQLNonNull)

    @property
    def attribute(self) -> str:
        """Its name in generated code."""
        return f"f_{self.name}"


@dataclass(eq=False, slots=True)
class PlacedType:
    """Objects of one type at one place."""

    number: int
    type_name: str
    place: Place
    slots: dict[str, Slot] = field(default_factory=dict)
    is_typename_fetched: bool = False
    """The fetch that brings these objects asks for `__typename`."""

    @property
    def is_tagged(self) -> bool:
        """Its `__typename` tells it from others; where there is no other, it is a field."""
        return self.is_typename_fetched and len(self.place.types) > 1

    @property
    def has_hidden_name(self) -> bool:
        """It comes with a `__typename` that is checked and that the client does not want."""
        shown = self.slots.get("__typename")
        return self.is_typename_fetched and not self.is_tagged and shown is None

    def brought_by(self, fetch: int | None) -> Iterator[Slot]:
        """The fields that come with the answers of a fetch."""
        return (slot for slot in self.slots.values() if fetch in slot.suppliers)

    @property
    def hidden(self) -> list[Slot]:
        """The fields that clients must not see."""
        return [slot for slot in self.slots.values() if slot.shape is None]


@dataclass(eq=False, slots=True)
class Place:
    """Where objects stand: `names` are the response names on the way from the root."""

    names: tuple[str, ...]
    is_abstract: bool
    types: dict[str, PlacedType] = field(default_factory=dict)
    creator: int | None = None
    """The fetch whose answers bring these objects."""


@dataclass(eq=False, slots=True)
class Target:
    """Objects of one type at one place that an entity fetch completes."""

    placed: PlacedType
    slots: dict[str, Slot] = field(default_factory=dict)
    """What the fetch brings, by the key in its answer."""
    is_typename_fetched: bool = False


@dataclass(eq=False, slots=True)
class LaidOutFetch:
    """A fetch with everything that is known statically about its answer."""

    number: int
    node: FetchNode
    targets: list[Target] = field(default_factory=list)
    """In the order of the flatten paths; for a root fetch the root alone."""
    paths: list[list[PlacedType]] = field(default_factory=list)
    """For an entity fetch, by flatten path."""


@dataclass(frozen=True, slots=True)
class _Renaming:
    path: RewritePath
    rewrite: RenameKeyRewrite


class Layout:
    """The places of one plan, for one combination of the values of condition variables."""

    def __init__(
        self, facts: SupergraphFacts, shape: ObjectShape, conditions: Mapping[str, bool]
    ) -> None:
        self.facts = facts
        self.conditions = conditions
        self.placed_types: list[PlacedType] = []
        self.fetches: list[LaidOutFetch] = []
        self.root_place = self._visible_place((), shape)
        self.root = next(iter(self.root_place.types.values()))

    # --- What the client sees ------------------------------------------------------------------

    def _visible_place(self, names: tuple[str, ...], shape: ObjectShape) -> Place:
        place = Place(names, not shape.is_object)
        for type_name in sorted(shape.object_types()):
            placed = self._placed(type_name, place)
            for name, field_shape in shape.fields(type_name).items():
                if field_shape.selection.name in ("__schema", "__type"):
                    raise NotCompilableError("introspection")
                slot = placed.slots[name] = Slot(name, field_shape.type, field_shape)
                slot.is_typename = field_shape.selection.name == "__typename"
                if field_shape.nested is not None:
                    slot.place = self._visible_place((*names, name), field_shape.nested)
        return place

    def _placed(self, type_name: str, place: Place) -> PlacedType:
        if len(self.placed_types) >= MAX_PLACED_TYPES:
            raise NotCompilableError("a response of too many different objects")
        placed = PlacedType(len(self.placed_types), type_name, place)
        self.placed_types.append(placed)
        place.types[type_name] = placed
        return placed

    # --- What fetches bring --------------------------------------------------------------------

    def add_root_fetch(self, node: FetchNode) -> LaidOutFetch:
        """Lay out a fetch of root fields."""
        fetch = self._new_fetch(node)
        target = Target(self.root)
        fetch.targets.append(target)
        self._lay_out_target(fetch, target)
        return fetch

    def add_entity_fetch(self, node: FlattenNode) -> LaidOutFetch:
        """Lay out an entity fetch; those it depends on must have been laid out before."""
        if not node.node.requires:
            raise NotCompilableError("a root fetch below the root")
        fetch = self._new_fetch(node.node)
        known: set[PlacedType] = set()
        for path in node.paths:
            targets = [
                placed
                for placed in self._at(path)
                if any(
                    self.facts.applies(fragment.type_condition, placed.type_name)
                    for fragment in node.node.requires
                )
            ]
            fetch.paths.append(targets)
            for placed in targets:
                if placed is self.root:
                    raise NotCompilableError("an entity fetch for the root")
                if not placed.is_typename_fetched:
                    raise NotCompilableError("entities without a type name")
                if placed not in known:
                    known.add(placed)
                    target = Target(placed)
                    fetch.targets.append(target)
                    self._lay_out_target(fetch, target)
        return fetch

    def _new_fetch(self, node: FetchNode) -> LaidOutFetch:
        fetch = LaidOutFetch(len(self.fetches), node)
        self.fetches.append(fetch)
        return fetch

    def _lay_out_target(self, fetch: LaidOutFetch, target: Target) -> None:
        renamings = [_renaming(rewrite) for rewrite in fetch.node.output_rewrites]
        sets = selection_sets(fetch.node)
        target.slots, target.is_typename_fetched = self._lay_out_fields(
            fetch.number, target.placed, sets, renamings
        )

    def _lay_out_fields(
        self,
        fetch: int,
        placed: PlacedType,
        sets: SelectionSets,
        renamings: list[_Renaming],
    ) -> tuple[dict[str, Slot], bool]:
        """Enter what a fetch brings for objects of a type; also: whether it brings their name."""
        asked = asked_fields(self.facts, sets, placed.type_name, self.conditions)
        brings_typename = any(f.wire_name == f.name == "__typename" for f in asked)
        names, below = self._renamed(placed, asked, renamings, brings_typename=brings_typename)
        found: dict[str, Slot] = {}
        for asked_field in asked:
            name = names[asked_field.wire_name]
            if asked_field.wire_name == asked_field.name == "__typename":
                continue
            slot = self._slot(placed, name, asked_field)
            slot.suppliers[fetch] = asked_field.wire_name
            found[asked_field.wire_name] = slot
            if slot.place is not None:
                if len(slot.suppliers) > 1 or slot.place.creator is not None:
                    raise NotCompilableError("objects that two fetches bring parts of")
                inner = below.get(asked_field.wire_name, [])
                self._lay_out_place(fetch, slot.place, asked_field.selections, inner)
        return found, brings_typename

    def _lay_out_place(
        self, fetch: int, place: Place, sets: SelectionSets, renamings: list[_Renaming]
    ) -> None:
        place.creator = fetch
        for placed in place.types.values():
            _, placed.is_typename_fetched = self._lay_out_fields(fetch, placed, sets, renamings)
            if place.is_abstract and not placed.is_typename_fetched:
                raise NotCompilableError("objects of an abstract type without a type name")

    def _slot(self, placed: PlacedType, name: str, asked: AskedField) -> Slot:
        slot = placed.slots.get(name)
        if slot is not None:
            if slot.shape is not None and slot.shape.selection.name != asked.name:
                raise NotCompilableError("one name for what the client sees and for a hidden field")
            return slot
        if asked.name == "__typename":
            raise NotCompilableError("a hidden alias of __typename")
        definition = getattr(self.facts.schema.get_type(placed.type_name), "fields", {})
        if asked.name not in definition:
            raise NotCompilableError("a field that the supergraph does not have")
        type_: GraphQLOutputType = definition[asked.name].type
        slot = placed.slots[name] = Slot(name, type_, None)
        named = get_named_type(type_)
        if is_composite_type(named):
            slot.place = self._hidden_place((*placed.place.names, name), named)
        return slot

    def _hidden_place(self, names: tuple[str, ...], type_: GraphQLCompositeType) -> Place:
        full = composite_type(self.facts.schema, type_.name)
        place = Place(names, is_abstract_type(full))
        for type_name in sorted(possible_types(self.facts.schema, full)):
            self._placed(type_name, place)
        return place

    def _renamed(
        self,
        placed: PlacedType,
        asked: list[AskedField],
        renamings: list[_Renaming],
        *,
        brings_typename: bool,
    ) -> tuple[dict[str, str], dict[str, list[_Renaming]]]:
        """Final names by key in the answer, and the renamings that go on below each key."""
        wire_names = {f.wire_name: f.wire_name for f in asked}  # by the name of the moment
        below: dict[str, list[_Renaming]] = {}
        for renaming in renamings:
            path = renaming.path
            applies = True
            while path and isinstance(path[0], TypeConditionSegment):
                applies = (
                    applies
                    and brings_typename
                    and any(self.facts.applies(t, placed.type_name) for t in path[0].type_names)
                )
                path = path[1:]
            if not applies or not path or not isinstance(path[0], FieldSegment):
                continue
            name = path[0].response_name
            if name not in wire_names:
                continue
            if len(path) > 1:
                rest = _Renaming(path[1:], renaming.rewrite)
                below.setdefault(wire_names[name], []).append(rest)
                continue
            if renaming.rewrite.new_name in wire_names:
                raise NotCompilableError("a field renamed to the name of another")
            wire_names[renaming.rewrite.new_name] = wire_names.pop(name)
        return {wire: name for name, wire in wire_names.items()}, below

    # --- What cannot come ----------------------------------------------------------------------

    def drop_impossible(self) -> None:
        """Forget types of abstract places that lack a promised field.

        None of the subgraphs asked can return them; if one does, the interpreter has to see it.
        """
        for placed in list(self.placed_types):
            place = placed.place
            if (
                place.is_abstract
                and place.creator is not None
                and any(slot.is_promised and not slot.suppliers for slot in placed.slots.values())
            ):
                del place.types[placed.type_name]
                self._forget(placed)
        kept = set(self.placed_types)
        for fetch in self.fetches:
            fetch.targets = [target for target in fetch.targets if target.placed in kept]
            fetch.paths = [[p for p in path if p in kept] for path in fetch.paths]

    def _forget(self, placed: PlacedType) -> None:
        if placed in self.placed_types:
            self.placed_types.remove(placed)
        for slot in placed.slots.values():
            if slot.place is not None:
                for below in list(slot.place.types.values()):
                    self._forget(below)

    # --- Paths ---------------------------------------------------------------------------------

    def _at(self, path: FlattenPath) -> list[PlacedType]:
        """The types of objects at a flatten path."""
        current = [self.root]
        lists_left = 0
        for segment in path:
            match segment:
                case FieldSegment(name):
                    slots = [placed.slots[name] for placed in current if name in placed.slots]
                    depths = {_list_depth(slot.type) for slot in slots}
                    if lists_left or len(depths) > 1:
                        raise NotCompilableError("a path that does not fit the types")
                    lists_left = depths.pop() if depths else 0
                    current = []
                    for slot in slots:
                        if slot.place is None:
                            raise NotCompilableError("a path through a leaf")
                        current.extend(slot.place.types.values())
                case ListSegment():
                    lists_left -= 1
                case TypeConditionSegment(type_names):
                    current = [placed for placed in current if placed.type_name in type_names]
        if lists_left and current:
            raise NotCompilableError("a path that does not fit the types")
        return current

    def slots(self) -> Iterator[tuple[PlacedType, Slot]]:
        """All fields of all types."""
        for placed in self.placed_types:
            for slot in placed.slots.values():
                yield placed, slot


def _renaming(rewrite: Rewrite) -> _Renaming:
    if not isinstance(rewrite, RenameKeyRewrite):
        raise NotCompilableError("an output rewrite that sets a value")
    return _Renaming(rewrite.path, rewrite)


def _list_depth(type_: GraphQLOutputType) -> int:
    depth = 0
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        depth += isinstance(type_, GraphQLList)
        type_ = type_.of_type
    return depth
