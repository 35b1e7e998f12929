"""Random schemas, and random ways to split them that compose.

First a schema is made up, then each of its parts is given to subgraphs. What makes a split legal
is kept while it grows: whoever returns a type declares it, value types are whole wherever they
are, the subgraphs of an entity are joined by keys into a tree that can be walked both ways, and a
computed field needs only fields made before it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.testkit.random_graphs.features import add_features
from tests.testkit.random_graphs.finish import finish
from tests.testkit.random_graphs.model import (
    LEAVES,
    Argument,
    Declaration,
    Field,
    Presence,
    Split,
    Type,
)

_NAMES = ("name", "size", "price", "color", "owner", "items", "stock", "rank", "note", "parts")
_WRAPS = ("%s", "%s", "%s", "%s!", "[%s]", "[%s!]", "[%s!]!", "[%s]!")
_KEYS = ("id", "code region", "sku", "ref { code }", "peer { id }")


class SplitMaker:
    """Makes one split."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.split = Split(list("abcdef"[: self.random.randint(2, 6)]))
        self.interface_objects: set[str] = set()

    def make(self) -> Split:
        """A schema, split."""
        split = self.split
        if self.chance(0.3):
            split.federation_1 = {graph for graph in split.graphs if self.chance(0.3)}
        self._add_inputs()
        self._add_types()
        self._add_fields()
        for type_ in self.of("entity"):
            self._place_entity(type_)
        self._place_keyed_interface()
        for type_ in self.of("entity"):
            self._place_fields(type_)
        self._place_roots()
        add_features(self)
        finish(self)
        used = {graph for type_ in split.types.values() for graph in type_.graphs}
        split.graphs = [graph for graph in split.graphs if graph in used]
        return split

    # --- Small things --------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def some(self, items: Iterable[str], low: int, high: int) -> list[str]:
        pool = list(items)
        return self.random.sample(pool, min(len(pool), self.random.randint(low, high)))

    def of(self, *kinds: str) -> list[Type]:
        return [type_ for type_ in self.split.types.values() if type_.kind in kinds]

    def add(self, name: str, kind: str) -> Type:
        type_ = self.split.types[name] = Type(name, kind)
        return type_

    # --- The schema ----------------------------------------------------------------------------

    def _add_inputs(self) -> None:
        output = self.add("Color", "enum")
        output.values = ["RED", "GREEN", "BLUE", "BLACK"]
        only_input = self.add("Input", "enum")
        only_input.values = ["ONE", "TWO"]
        both = self.add("Unit", "enum")
        both.values = ["CM", "INCH"]
        filter_ = self.add("Filter", "input")
        for name, base in (("min", "Int"), ("unit", "Unit"), ("text", "String")):
            filter_.fields[name] = Field(name, base)
        if self.chance(0.5):
            filter_.fields["min"].wrap = "%s!"

    def _add_types(self) -> None:
        for number in range(self.random.randint(1, 4)):
            entity = self.add(f"T{number}", "entity")
            entity.keys = self.some(_KEYS, 1, 3)
            if "peer { id }" in entity.keys and (number == 0 or len(entity.keys) == 1):
                entity.keys = ["id"]
            if "peer { id }" in entity.keys and "id" not in self.split.types["T0"].keys:
                self.split.types["T0"].keys.append("id")
        if self.chance(0.45):
            self.split.keyed = "N"
            for number in range(self.random.randint(1, 3)):
                self.add(f"P{number}", "entity").keys = ["id"]
        for number in range(self.random.randint(0, 3)):
            self.add(f"V{number}", "value")
        self.add("Query", "root")
        if self.chance(0.3):
            self.add("Mutation", "root")
        objects = [type_.name for type_ in self.of("entity", "value")]
        for number in range(self.random.randint(0, 2)):
            if len(objects) > 1:
                self.add(f"I{number}", "interface").members = self.some(objects, 1, 4)
        if self.split.keyed:
            keyed = self.add("N", "interface")
            keyed.members = [name for name in objects if name.startswith("P")]
        if len(objects) > 1 and self.chance(0.6):
            self.add("U", "union").members = self.some(objects, 2, 4)

    def _add_fields(self) -> None:
        for type_ in self.of("entity"):
            self._add_key_fields(type_)
        for type_ in self.of("interface"):
            leaf = self._field(f"{type_.name.lower()}Label", leaf=True)
            type_.fields[leaf.name] = leaf
            values = [item for item in self.of("value") if item.name in type_.members]
            last = max(values, key=lambda item: item.name, default=None)
            for _ in range(self.random.randint(0, 2)):
                name = f"{type_.name.lower()}{self.random.choice(_NAMES).title()}"
                item = self._field(name, value=last)
                type_.fields[item.name] = item
            for name in type_.members:
                for item in type_.fields.values():
                    wrap = item.wrap
                    if self.chance(0.15) and not wrap.endswith("!"):
                        wrap += "!"
                    own = Field(item.name, item.base, wrap, item.arguments)
                    self.split.types[name].fields[item.name] = own
            if type_.name == "N" or (
                self.chance(0.4)
                and all("id" in self.split.types[name].fields for name in type_.members)
            ):
                type_.fields["id"] = Field("id", "ID", "%s!")
        for type_ in self.of("entity", "value"):
            for name in self.some(_NAMES, 1, 5):
                is_value = type_.kind == "value"
                type_.fields[name] = self._field(name, value=type_ if is_value else None)

    def _add_key_fields(self, type_: Type) -> None:
        for key in type_.keys:
            for name in key.split(" { ")[0].split():
                if name == "ref":
                    ref = self.add(f"{type_.name}Ref", "ref")
                    ref.fields["code"] = Field("code", "ID", "%s!")
                    if self.chance(0.5):
                        ref.fields["note"] = Field("note", "String")
                    type_.fields[name] = Field(name, ref.name, "%s!")
                elif name == "peer":
                    type_.fields[name] = Field(name, "T0", "%s!")
                else:
                    base = "Int" if name == "region" else "String" if name == "code" else "ID"
                    type_.fields[name] = Field(name, base, "%s!")

    def _field(self, name: str, *, leaf: bool = False, value: Type | None = None) -> Field:
        bases = [*LEAVES, "Color", "Unit"]
        if not leaf and self.chance(0.55):
            kinds = ("entity", "value", "interface", "union")
            bases = [type_.name for type_ in self.of(*kinds)]
            if value is not None:  # what it has must be possible in every subgraph
                bases = [
                    base
                    for base in bases
                    if base[0] in "T" or (base[0] == "V" and base > value.name)
                ]
            bases = bases or ["String"]
        item = Field(name, self.random.choice(bases), self.random.choice(_WRAPS))
        if self.chance(0.2):
            item.arguments = self._arguments()
        return item

    def _arguments(self) -> list[Argument]:
        options = [
            Argument("first", "Int", "3" if self.chance(0.4) else ""),
            Argument("unit", "Unit!", "CM" if self.chance(0.3) else ""),
            Argument("mode", "Input"),
            Argument("where", "Filter"),
            Argument("ids", "[ID!]"),
            Argument("text", "String!"),
        ]
        return self.random.sample(options, self.random.randint(1, 2))

    # --- Where things are -----------------------------------------------------------------------

    def can(self, graph: str, base: str) -> bool:
        """Whether a subgraph may declare a type that it does not have yet."""
        type_ = self.split.types.get(base)
        if type_ is None or graph in type_.graphs:
            return True
        if base in self._keyed_members():
            return graph not in self.interface_objects
        if base == self.split.keyed:
            return graph not in self.split.federation_1
        if type_.is_abstract:
            return any(self.can(graph, name) for name in type_.members)
        return True

    def _keyed_members(self) -> list[str]:
        return self.split.types[self.split.keyed].members if self.split.keyed else []

    def ensure(self, graph: str, base: str) -> None:
        """Let a subgraph declare a type."""
        type_ = self.split.types.get(base)
        if type_ is None or graph in type_.graphs:
            return
        here = type_.graphs[graph] = Presence()
        match type_.kind:
            case "entity":
                # A reference only: enough of a key to find the rest elsewhere.
                resolvable = [
                    key
                    for item in type_.graphs.values()
                    for key, is_resolvable in item.keys
                    if is_resolvable
                ]
                key = self.random.choice(resolvable or type_.keys)
                self.declare_key(type_, graph, key)
                here.keys.append((key, self.chance(0.4) or graph in self.split.federation_1))
            case "value" | "ref":
                for item in type_.fields.values():
                    self.declare(item, graph)
            case "enum":
                here.values = list(type_.values)
                if type_.name == "Color":
                    here.values = sorted(["RED", *self.some(type_.values[1:], 0, 3)])
                elif type_.name == "Input" and self.chance(0.3):
                    here.values.append(f"ONLY_{graph.upper()}")
            case "input":
                here.fields = set(type_.fields)
                if not type_.fields["min"].wrap.endswith("!") and self.chance(0.3):
                    here.fields.discard("text")
                for item in type_.fields.values():
                    self.ensure(graph, item.base)
            case "union":
                usable = [name for name in type_.members if self.can(graph, name)]
                here.members = sorted(self.some(usable, 1, 3))
                for name in here.members:
                    self.ensure(graph, name)
            case "interface":
                self._ensure_interface(type_, graph, here)
            case _:
                raise AssertionError(type_.kind)

    def _ensure_interface(self, type_: Type, graph: str, here: Presence) -> None:
        present = [name for name in type_.members if graph in self.split.types[name].graphs]
        if type_.name == self.split.keyed and not present:
            here.is_interface_object = True
            here.keys = [("id", self.chance(0.5))]
            self.declare(type_.fields["id"], graph)
            self.interface_objects.add(graph)
            return
        usable = [name for name in type_.members if self.can(graph, name)]
        for name in present or self.some(usable, 1, 3):
            self.ensure(graph, name)

    def declare(self, item: Field, graph: str, kind: str = "own") -> None:
        """Let a subgraph have a field, with all its types."""
        if graph in item.in_graphs:
            return
        item.in_graphs[graph] = Declaration(kind)
        self.ensure(graph, item.base)
        for argument in item.arguments:
            self.ensure(graph, argument.type.strip("[]!"))

    def declare_key(self, type_: Type, graph: str, key: str) -> None:
        """Let a subgraph know the fields of a key."""
        for name in key.split(" { ")[0].split():
            self.declare(type_.fields[name], graph)
        if key == "peer { id }":
            peer = self.split.types["T0"]
            self.declare(peer.fields["id"], graph)
            if not any(self.has_resolvable_key(peer, g) for g in peer.fields["id"].owners()):
                reachable = next(g for g in peer.graphs if self.has_resolvable_key(peer, g))
                self.declare(peer.fields["id"], reachable)

    def has_resolvable_key(self, type_: Type, graph: str) -> bool:
        return any(is_resolvable for _, is_resolvable in type_.graphs[graph].keys)

    def _place_entity(self, type_: Type) -> None:
        """Give an entity to subgraphs that keys join into a tree, walked both ways."""
        graphs = self.some(self.split.graphs, 1, 4)
        for graph in graphs:
            type_.graphs.setdefault(graph, Presence())
        for index, graph in enumerate(graphs):
            if index == 0:
                self._use_key(type_, graph, self.random.choice(type_.keys))
                continue
            parent = self.random.choice(graphs[:index])
            down = self.random.choice(type_.keys)
            self._use_key(type_, graph, down)
            self.declare_key(type_, parent, down)
            up = down if self.chance(0.6) else self.random.choice(type_.keys)
            self._use_key(type_, parent, up)
            self.declare_key(type_, graph, up)
            if graph not in self.split.federation_1 and self.chance(0.3):
                type_.graphs[graph].keys += [(up, False)] * (up not in _keys(type_, graph))

    def _use_key(self, type_: Type, graph: str, key: str) -> None:
        here = type_.graphs[graph]
        here.keys = [item for item in here.keys if item[0] != key]
        here.keys.append((key, True))
        self.declare_key(type_, graph, key)

    def _place_keyed_interface(self) -> None:
        if not self.split.keyed:
            return
        type_ = self.split.types[self.split.keyed]
        free = [graph for graph in self.split.graphs if graph not in self.split.federation_1]
        if not free:
            self.split.graphs.append("n")
            free = ["n"]
        definer = self.random.choice(free)
        type_.graphs[definer] = Presence(keys=[("id", True)])
        for name in type_.members:
            implementer = self.split.types[name]
            implementer.graphs.setdefault(definer, Presence())
            self._use_key(implementer, definer, "id")
            for graph in list(implementer.graphs):  # so that every one can be left
                self._use_key(implementer, graph, "id")
        for graph in self.split.graphs:
            taken = any(graph in self.split.types[name].graphs for name in type_.members)
            if graph in free and not taken and self.chance(0.7):
                self.interface_objects.add(graph)
                type_.graphs[graph] = Presence(keys=[("id", True)], is_interface_object=True)
                self.declare(type_.fields["id"], graph)
        for number in range(self.random.randint(1, 3)):
            hosts = [graph for graph in type_.graphs if type_.graphs[graph].is_interface_object]
            if hosts:
                item = self._field(f"extra{number}")
                hosts = [graph for graph in hosts if self.can(graph, item.base)]
                type_.fields[item.name] = item
                for graph in self.some(hosts, 1, 2 if self.chance(0.2) else 1):
                    self.declare(item, graph)

    def _place_fields(self, type_: Type) -> None:
        key_fields = {name for key in type_.keys for name in key.split(" { ")[0].split()}
        for item in list(type_.fields.values()):
            if item.name in key_fields:
                if not item.in_graphs:
                    del type_.fields[item.name]
                continue
            hosts = [
                graph
                for graph, here in type_.graphs.items()
                if any(is_resolvable for _, is_resolvable in here.keys)
                and self.can(graph, item.base)
            ]
            for graph in self.some(hosts, 1, 2 if self.chance(0.3) else 1):
                self.declare(item, graph)

    def _place_roots(self) -> None:
        for type_ in self.of("root"):
            prefix = "get" if type_.name == "Query" else "set"
            bases = [item.name for item in self.of("entity", "interface", "union", "value")]
            for number in range(self.random.randint(2, 6)):
                item = self._field(f"{prefix}{number}")
                if self.chance(0.8):
                    item.base = self.random.choice(bases)
                hosts = [graph for graph in self.split.graphs if self.can(graph, item.base)]
                shared = type_.name == "Query" and self.chance(0.25)
                if not hosts:
                    continue
                type_.fields[item.name] = item
                for graph in self.some(hosts, 1, 3 if shared else 1):
                    type_.graphs.setdefault(graph, Presence())
                    self.declare(item, graph)
            if not type_.fields:
                del self.split.types[type_.name]


def _keys(type_: Type, graph: str) -> list[str]:
    return [key for key, _ in type_.graphs[graph].keys]


def make_split(seed: int) -> Split:
    """The split of a seed."""
    return SplitMaker(seed).make()
