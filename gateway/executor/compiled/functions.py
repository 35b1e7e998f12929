"""The functions of a plan, as Python source: collect, merge and hide.

    collect_<f>(L)          representations of an entity fetch, and which object gets which entity
    merge_<f>(L, body, …)   decodes an answer, puts it into the response, notes new objects
    hide(L)                 takes away what the client must not see

`L` holds a list per place that is of interest later: the objects there, in the order of the
response. `L[0]` is the root's. Each object is noted once, when the answer that brings it is
decoded, whatever the number of places that share it, so the work follows distinct data. Of equal
objects at a place only the first stays (see `sharing.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from gateway.executor.compiled.classes import (
    ClassWriter,
    decode_class,
    final_class,
    is_switched,
    part_class,
)
from gateway.executor.compiled.layout import LaidOutFetch, Layout, Place, PlacedType, Slot, Target
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.compiled.representations import Template, TemplateWriter
from gateway.executor.compiled.sharing import (
    SharedPlace,
    shared_leaves,
    write_as_text,
    write_chooser,
)

_COUNT = "seen += "


class FunctionWriter:
    """Writes the functions of a layout; `templates` are those of entity fetches."""

    def __init__(
        self,
        layout: Layout,
        classes: ClassWriter,
        templates: dict[int, dict[PlacedType, Template]],
    ) -> None:
        self._layout = layout
        self._classes = classes
        self._templates = templates
        self._lists: dict[tuple[str, ...], int] = {(): 0}
        self._often: dict[PlacedType, int] = {}
        """The lists of shared objects that repeat themselves very often."""
        self._needs: dict[Place, bool] = {}
        self._shared: list[SharedPlace] | None = None
        """While a function is written that shares: the places where it does."""
        self._noted: set[int] = set()
        """The lists that the function being written puts objects into."""
        self.lines: list[str] = []

    @property
    def list_count(self) -> int:
        """How many lists `L` has."""
        return len(self._lists) + len(self._often)

    def write(self) -> None:
        """Write all functions."""
        for fetch in self._layout.fetches:
            for path in fetch.paths:
                for placed in path:
                    self._list(placed.place)
        for placed in self._layout.placed_types:
            if placed.hidden:
                self._list(placed.place)
        for fetch in self._layout.fetches:
            if fetch.node.requires:
                if fetch.targets:
                    self._write_collect(fetch)
                    self._write_merge_entities(fetch)
            else:
                self._write_merge_root(fetch)
        self._write_hide()

    def _list(self, place: Place) -> int:
        return self._lists.setdefault(place.names, self.list_count)

    # --- Root fetches --------------------------------------------------------------------------

    def _write_merge_root(self, fetch: LaidOutFetch) -> None:
        target = fetch.targets[0]
        number = fetch.number
        name = part_class(fetch, target)
        self.lines += [
            f"class A{number}(Struct, forbid_unknown_fields=True):",
            f"    data: {name}",
            "    errors: list[Any] | None = None",
            "    extensions: Any = None",
            f"decode_{number} = Decoder(A{number}).decode",
        ]

        def body() -> list[str]:
            return [
                f"answer = decode_{number}(body)",
                "if answer.errors: raise StepAsideError",
                "e = answer.data",
                "o = L[0][0]",
                *self._walk_children(fetch, list(target.slots.values()), "e", 0),
                *self._assignments(fetch, target),
            ]

        self._write_merge(number, body)

    def _write_merge(self, number: int, body: Callable[[], list[str]]) -> None:
        """Write `merge_<number>`, in two ways where equal objects may be shared."""
        self._shared = []
        sharing = self._noting(body)
        shared, self._shared = self._shared, None
        if not shared:
            self.lines += [f"def merge_{number}(L, body, places):", *_indented(sharing), ""]
            return
        plain = self._noting(body)
        self.lines += [f"def plain_{number}(L, body, places):", *_indented(plain), ""]
        self.lines += [*write_chooser(number, shared, sharing), ""]

    def _noting(self, body: Callable[[], list[str]]) -> list[str]:
        """A function's body, after lines that make `note_<n>` for the lists it puts objects in."""
        self._noted = set()
        lines = body()
        return [*(f"note_{number} = L[{number}].append" for number in sorted(self._noted)), *lines]

    @property
    def _shared_count(self) -> int:
        return len(self._shared or ())

    def _counting(self, shared_before: int, inner: list[str], items: str) -> list[str]:
        """Lines that count `items` where the places shared since then are the innermost of them."""
        if self._shared_count == shared_before or any(_COUNT in line for line in inner):
            return []
        return [f"{_COUNT}len({items})"]

    def _assignments(self, fetch: LaidOutFetch, target: Target) -> list[str]:
        lines: list[str] = []
        for slot in target.slots.values():
            attribute = slot.attribute
            if len(slot.suppliers) == 1 or slot.is_typename:
                lines.append(f"o.{attribute} = e.{attribute}")
                continue
            if _is_list(slot.type) or not _is_built_in(slot):
                raise NotCompilableError("a list or custom scalar that two fetches bring")
            # What is there is never replaced by null.
            lines += [
                f"v = e.{attribute}",
                f"if v is not UNSET and (v is not None or o.{attribute} is UNSET): "
                f"o.{attribute} = v",
            ]
        return lines

    # --- Entity fetches ------------------------------------------------------------------------

    def _write_collect(self, fetch: LaidOutFetch) -> None:
        writer = TemplateWriter(f"nested_{fetch.number}", final_class)
        templates = self._templates[fetch.number]
        leaves = {placed: template.leaves for placed, template in templates.items()}
        is_plain = all(found is not None for found in leaves.values())
        several = len({_shape_of(template) for template in templates.values()}) > 1
        lines = [f"def collect_{fetch.number}(L):", "    items = []", "    known = {}"]
        lines += ["    objects = []", "    indices = []"]
        for path in fetch.paths:
            if not path:
                continue
            objects = f"L[{self._list(path[0].place)}]"
            lines.append(f"    for o in {objects}:")
            everything = self._types_at(path[0].place)
            dispatch = set(path) != everything or len(path) > 1
            body: list[str] = []
            for index, placed in enumerate(path):
                found = leaves[placed]
                if is_plain and found is not None:
                    names, code, checks = writer.read_leaves(found, "o")
                    constants = [repr(_shape_of(templates[placed]))] if several else []
                    parts = constants + names
                    key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
                    if len(parts) > 1:
                        code.append(f"key = {key}")
                        key = "key"
                    item = writer.expression(templates[placed].members, "o", names)
                    code += [
                        f"index = known.get({key})",
                        "if index is None:",
                        *_indented(checks),
                        f"    index = known[{key}] = len(items)",
                        f"    items.append({item})",
                    ]
                else:
                    item = writer.expression(templates[placed].members, "o")
                    code = [
                        f"item = {item}",
                        "key = encode(item)",
                        "index = known.get(key)",
                        "if index is None: index = known[key] = len(items); items.append(item)",
                    ]
                if dispatch:
                    word = "if" if index == 0 else "elif"
                    body.append(f"{word} c is {final_class(placed)}:")
                    body += _indented(code)
                else:
                    body += code
            if dispatch:
                body = ["c = o.__class__", *body, "else: continue"]
                body.append("objects.append(o)")
            body.append("indices.append(index)")
            lines += _indented(body, 2)
            if not dispatch:
                lines.append(f"    objects += {objects}")
        lines += ["    return (items, objects, indices) if items else None", ""]
        for function in writer.functions:
            self.lines += [function, ""]
        self.lines += lines

    def _types_at(self, place: Place) -> set[PlacedType]:
        """All types of objects in the list of a place."""
        return {p for p in self._layout.placed_types if p.place.names == place.names}

    def _write_merge_entities(self, fetch: LaidOutFetch) -> None:
        if len(fetch.targets) == 1 or self._is_alike(fetch):
            self._write_merge_one_type(fetch)
        else:
            self._write_merge_many_types(fetch)

    def _write_envelope(self, number: int, item: str) -> None:
        self.lines += [
            f"class N{number}(Struct, forbid_unknown_fields=True, rename=_entities_name):",
            f"    entities: list[{item}]",
            f"class A{number}(Struct, forbid_unknown_fields=True):",
            f"    data: N{number}",
            "    errors: list[Any] | None = None",
            "    extensions: Any = None",
            f"decode_{number} = Decoder(A{number}).decode",
        ]

    def _merge_head(self, number: int) -> list[str]:
        return [
            f"answer = decode_{number}(body)",
            "items, objects, indices = places",
            "entities = answer.data.entities",
            "if answer.errors or len(entities) != len(items): raise StepAsideError",
        ]

    def _write_merge_one_type(self, fetch: LaidOutFetch) -> None:
        """Entities that are decoded all in the same way."""
        target = fetch.targets[0]
        self._write_envelope(fetch.number, part_class(fetch, target))

        def body() -> list[str]:
            lines = self._merge_head(fetch.number)
            shared_before = self._shared_count
            walk = self._walk_children(fetch, list(target.slots.values()), "e", 1)
            if walk:
                lines += self._counting(shared_before, walk, "entities")
                lines += ["for e in entities:", *_indented(walk)]
            assignments = self._assignments(fetch, target)
            if assignments:
                lines += [
                    "for o, index in zip(objects, indices):",
                    "    e = entities[index]",
                    *_indented(assignments),
                ]
            return lines

        self._write_merge(fetch.number, body)

    def _write_merge_many_types(self, fetch: LaidOutFetch) -> None:
        """Entities of several types or places: each is decoded as the objects it is for.

        Places never share an entity, since the client may have asked for different things below.
        """
        number = fetch.number
        self._write_envelope(number, "Raw")
        for target in fetch.targets:
            name = part_class(fetch, target)
            self.lines.append(f"decode_{name} = Decoder({name}).decode")

        def body() -> list[str]:
            lines = [
                *self._merge_head(number),
                "decoded = {}",
                "for o, index in zip(objects, indices):",
                "    c = o.__class__",
            ]
            loop_at = len(lines) - 2
            shared_before = self._shared_count
            for position, target in enumerate(fetch.targets):
                name = part_class(fetch, target)
                word = "if" if position == 0 else "elif"
                key = f"(index, {position})"
                lines += [
                    f"    {word} c is {final_class(target.placed)}:",
                    f"        e = decoded.get({key})",
                    "        if e is None:",
                    f"            e = decoded[{key}] = decode_{name}(entities[index])",
                    *_indented(self._walk_children(fetch, list(target.slots.values()), "e", 1), 3),
                    *_indented(self._assignments(fetch, target), 2),
                ]
            lines[loop_at:loop_at] = self._counting(shared_before, lines, "entities")
            return lines

        self._write_merge(number, body)

    def _is_alike(self, fetch: LaidOutFetch) -> bool:
        """Whether all targets get the same leaves, so that it does not matter which is which."""
        first, *others = (
            (self._classes.part_fields(fetch, target), self._assignments(fetch, target))
            for target in fetch.targets
        )
        has_objects = any(
            slot.place is not None for target in fetch.targets for slot in target.slots.values()
        )
        return not has_objects and all(other == first for other in others)

    # --- New objects ---------------------------------------------------------------------------

    def _is_walked(self, place: Place) -> bool:
        known = self._needs.get(place)
        if known is None:
            known = place.names in self._lists or any(
                is_switched(placed)
                or placed.has_hidden_name
                or any(self._is_walked(child) for child in _children(placed, place.creator))
                for placed in place.types.values()
            )
            self._needs[place] = known
        return known

    def _walk_children(
        self, fetch: LaidOutFetch, slots: list[Slot], variable: str, depth: int
    ) -> list[str]:
        """Go to what stands below an object that `fetch` brought."""
        lines: list[str] = []
        for slot in slots:
            if slot.place is None or not self._is_walked(slot.place):
                continue
            item = f"v{depth}"
            source = f"{variable}.{slot.attribute}"
            lines.append(f"{item} = {source}")
            lines += self._walk_value(fetch, slot, slot.place, slot.type, item, source, depth)
        return lines

    def _walk_value(
        self,
        fetch: LaidOutFetch,
        slot: Slot,
        place: Place,
        type_: GraphQLOutputType,
        item: str,
        source: str,
        depth: int,
    ) -> list[str]:
        """Go into `item`, which was read from `source`: a value of a slot, or an item of it."""
        is_there = False
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
            is_there = slot.shape is not None  # decoding has seen to it
        if isinstance(type_, GraphQLList):
            below, position = f"v{depth + 1}", f"i{depth + 1}"
            shared_before = self._shared_count
            inner = self._walk_value(
                fetch, slot, place, type_.of_type, below, f"{item}[{position}]", depth + 1
            )
            if any(f"{item}[{position}]" in line for line in inner):
                loop = f"for {position}, {below} in enumerate({item}):"
            else:
                loop = f"for {below} in {item}:"
            lines = [*self._counting(shared_before, inner, item), loop, *_indented(inner)]
        else:
            lines = self._walk_object(fetch, place, item, source, depth)
        return lines if is_there else [f"if {item}:", *_indented(lines)]

    def _walk_object(
        self, fetch: LaidOutFetch, place: Place, item: str, source: str, depth: int
    ) -> list[str]:
        lines: list[str] = []
        number = self._lists.get(place.names)
        if number is not None:
            self._noted.add(number)
            lines.append(f"note_{number}({item})")
        several = len(place.types) > 1
        if several:
            lines.append(f"c = {item}.__class__")
        branches: list[str] = []
        for placed in place.types.values():
            body: list[str] = []
            if is_switched(placed):
                body.append(f"{item}.__class__ = {final_class(placed)}")
            if placed.has_hidden_name:
                body.append(f"{item}.type_name = UNSET")
            slots = [s for s in placed.slots.values() if fetch.number in s.suppliers]
            body += self._walk_children(fetch, slots, item, depth + 1)
            if not several:
                branches += body
            elif body:
                word = "elif" if branches else "if"
                branches += [f"{word} c is {decode_class(placed)}:", *_indented(body)]
        lines = [*lines, *branches] or ["pass"]
        leaves = shared_leaves(place) if number is not None else []
        if self._shared is None or number is None or not leaves:
            return lines
        (placed,) = place.types.values()
        often = self._often.setdefault(placed, self.list_count)
        shared = SharedPlace(placed.number, leaves, often)
        self._shared.append(shared)
        return shared.write(item, source, lines)

    # --- Hidden fields -------------------------------------------------------------------------

    def _write_hide(self) -> None:
        self.lines.append("def hide(L):")
        for names, number in self._lists.items():
            types = [p for p in self._layout.placed_types if p.place.names == names]
            hiding = [placed for placed in types if placed.hidden]
            if not hiding:
                continue
            self.lines.append(f"    for o in L[{number}]:")
            for index, placed in enumerate(hiding):
                body = [f"o.{slot.attribute} = UNSET" for slot in placed.hidden]
                if len(types) > 1:
                    word = "if" if index == 0 else "elif"
                    body = [f"{word} o.__class__ is {final_class(placed)}:", *_indented(body)]
                self.lines += _indented(body, 2)
        # Last, as nothing can be hidden in a text.
        for placed, number in self._often.items():
            self.lines += _indented(write_as_text(placed, f"L[{number}]"))
        self.lines += ["    return L[0][0]", ""]


def _children(placed: PlacedType, creator: int | None) -> list[Place]:
    return [
        slot.place
        for slot in placed.slots.values()
        if slot.place is not None and creator in slot.suppliers
    ]


def _shape_of(template: Template) -> str:
    """A text that is equal for representations made of equal members."""
    parts: list[str] = []
    for name, member in template.members.items():
        parts.append(f"{name}={getattr(member, 'text', '')}")
    return " ".join(parts)


def _is_list(type_: GraphQLOutputType) -> bool:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)


def _is_built_in(slot: Slot) -> bool:
    type_ = slot.type.of_type if isinstance(slot.type, GraphQLNonNull) else slot.type
    return getattr(type_, "name", "") in {"ID", "String", "Int", "Float", "Boolean"}


def _indented(lines: list[str], levels: int = 1) -> list[str]:
    return ["    " * levels + line for line in lines]
