"""A made-up graph of any size: what composition has to cope with when many teams share one.

The same arguments give the same text, here and on any other machine, so that figures of two
composers, or of two versions of one, speak of the same input. The mix is that of graphs in use:
mostly entities, each at home in one subgraph and extended in one or two others; value types that
several subgraphs share; interfaces, unions, enums and inputs; keys of one field, of two, nested
ones and second ones; `@requires`, `@provides`, `@override`, `@tag` and descriptions here and there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from supergraph.subgraph.model import SubgraphInput

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", '
    '"@shareable", "@external", "@requires", "@provides", "@override", "@tag", "@inaccessible"])'
)
_SCALARS = ("String!", "String", "Int", "Int!", "Float", "Boolean!", "[String!]!", "[Int]", "ID")

_VALUE_TYPES, _ENUMS, _INTERFACES, _UNIONS, _INPUTS = 0.10, 0.05, 0.04, 0.02, 0.07
"""Parts of all types; the rest are entities."""


@dataclass(slots=True)
class _Block:
    """One declaration of a type in one subgraph, while it is being written."""

    head: str
    fields: list[str] = field(default_factory=list)

    def text(self) -> str:
        return f"{self.head} {{\n" + "".join(f"  {line}\n" for line in self.fields) + "}"


class _Writer:
    def __init__(self, subgraphs: int, types: int, fields: int, seed: int) -> None:
        self.random = random.Random(seed)  # the same every time
        self.names = [f"team{index:03}" for index in range(subgraphs)]
        self.blocks: dict[str, dict[str, _Block]] = {name: {} for name in self.names}
        self.plain: dict[str, list[str]] = {name: [] for name in self.names}
        self.counts = {
            "value": max(1, int(types * _VALUE_TYPES)),
            "enum": max(1, int(types * _ENUMS)),
            "interface": max(1, int(types * _INTERFACES)),
            "union": max(1, int(types * _UNIONS)),
            "input": max(1, int(types * _INPUTS)),
        }
        rest = types - sum(self.counts.values()) - len(("Query", "Mutation"))
        self.entities = max(4, rest * 11 // 12)  # every eleventh brings a type for its nested key
        self.fields_each = max(6, fields // max(1, types - self.counts["enum"]))

    def home(self, index: int) -> str:
        return self.names[index % len(self.names)]

    def others(self, home: str, count: int) -> list[str]:
        rest = [name for name in self.names if name != home]
        return self.random.sample(rest, min(count, len(rest)))

    # --- Kinds of types --------------------------------------------------------------------

    def write(self) -> list[SubgraphInput]:
        for index in range(self.counts["enum"]):
            self._enum(index)
        for index in range(self.counts["value"]):
            self._value_type(index)
        for index in range(self.entities):
            self._entity(index)
        for index in range(self.counts["interface"]):
            self._interface(index)
        for index in range(self.counts["union"]):
            self._union(index)
        for index in range(self.counts["input"]):
            self._input(index)
        return [SubgraphInput(name, f"http://{name}", self._sdl(name)) for name in self.names]

    def _sdl(self, name: str) -> str:
        blocks = [block.text() for block in self.blocks[name].values()]
        return "\n\n".join([_LINK, *blocks, *self.plain[name]]) + "\n"

    def _enum(self, index: int) -> None:
        home = self.home(index * 7)
        values = " ".join(f"STATE_{number}" for number in range(6))
        for name in (home, *self.others(home, 1)):
            self.plain[name].append(f"enum Enum{index} {{ {values} }}")

    def _value_type(self, index: int) -> None:
        home = self.home(index * 3)
        count = self.fields_each
        lines = [f"value{index}_{n}: {self.random.choice(_SCALARS)}" for n in range(count)]
        for name in (home, *self.others(home, 2)):
            self.blocks[name][f"Value{index}"] = _Block(f"type Value{index} @shareable", [*lines])

    def _values_in(self, name: str) -> list[str]:
        return [known for known in self.blocks[name] if known.startswith("Value")]

    def _entity(self, index: int) -> None:
        name, home = f"Entity{index}", self.home(index)
        block = self._entity_block(home, index)
        if index % 5 == 0:
            block.head += ' @key(fields: "code region")'
            block.fields += ["code: String!", "region: String!"]
        if index % 11 == 0:
            block.head += f' @key(fields: "place {{ number{index} }}")'
            block.fields.append(f"place: Place{index}!")
            self.blocks[home][f"Place{index}"] = _Block(
                f"type Place{index}", [f"number{index}: ID! @shareable"]
            )
        own = max(3, self.fields_each * 3 // 5 - 1)
        values = self._values_in(home)
        for number in range(own):
            description = f'"What field {number} of {name} means." ' if number == 2 else ""
            tag = ' @tag(name: "internal")' if number == 3 and index % 3 == 0 else ""
            text = f"f{number}: {self.random.choice(_SCALARS)}"
            if number == 0 and index >= 1:
                # Mostly to what the same team owns, sometimes to another team's entity.
                step = 1 if index % 6 == 0 else len(self.names)
                target = max(0, index - step) if index >= step else index
                text = f"f0: Entity{target}"
                self._entity_block(home, target)
            elif number == 1 and values:
                text = f"f1: {self.random.choice(values)}"
            block.fields.append(f"{description}{text}{tag}")
        self._root(home, index)
        extending = self.others(home, 1 + index % 2)
        for place, other in enumerate(extending):
            self._extend(other, index, place, max(1, (self.fields_each - own) // len(extending)))

    def _entity_block(self, name: str, index: int) -> _Block:
        """The entity as this subgraph declares it; a mere reference at first."""
        head = f'type Entity{index} @key(fields: "id")'
        return self.blocks[name].setdefault(f"Entity{index}", _Block(head, ["id: ID!"]))

    def _extend(self, name: str, index: int, place: int, count: int) -> None:
        block = self._entity_block(name, index)
        if index % 5 == 0 and place == 0:
            block.head += ' @key(fields: "code region")'
            block.fields += ["code: String!", "region: String!"]
        prefix = f"{name}_"
        requires = ""
        if index % 7 == 0:
            block.fields.append("f2: " + self._type_of(index, "f2") + " @external")
            requires = ' @requires(fields: "f2")'
        for number in range(count):
            scalar = self.random.choice(_SCALARS)
            block.fields.append(
                f"{prefix}{number}(first: Int = 10): {scalar}"
                if number == 1
                else f"{prefix}{number}: {scalar}{requires if number == 0 else ''}"
            )

    def _type_of(self, index: int, name: str) -> str:
        lines = self.blocks[self.home(index)][f"Entity{index}"].fields
        line = next(line for line in lines if f"{name}: " in line)
        return line.split(f"{name}: ")[1].split(" @")[0]

    def _root(self, name: str, index: int) -> None:
        query = self.blocks[name].setdefault("Query", _Block("type Query"))
        query.fields.append(f"entity{index}(id: ID!): Entity{index}")
        if index % 10 == 0:
            query.fields.append(f"entities{index}(first: Int = 10): [Entity{index}!]!")

    def _members(self, name: str, count: int) -> list[str]:
        index = self.names.index(name)
        owned = range(index, self.entities, len(self.names))
        return [f"Entity{number}" for number in list(owned)[:count]]

    def _interface(self, index: int) -> None:
        home = self.home(index)
        lines = ["id: ID!", *(f"shown{index}_{n}: String" for n in range(self.fields_each - 1))]
        name = f"Interface{index}"
        self.blocks[home][name] = _Block(f"interface {name}", lines)
        for member in self._members(home, 4):
            block = self.blocks[home][member]
            joiner = " & " if " implements " in block.head else " implements "
            start, key, rest = block.head.partition(" @key")
            block.head = f"{start}{joiner}{name}{key}{rest}"
            block.fields += lines[1:2]
        # The others would make the implementations far larger than the graph is asked to be.
        del lines[2:]
        self._query(home, f"interface{index}: [{name}!]!")

    def _union(self, index: int) -> None:
        home = self.home(index * 3 + 1)
        members = self._members(home, 3)
        if members:
            self.plain[home].append(f"union Union{index} = {' | '.join(members)}")
            self._query(home, f"union{index}: [Union{index}!]!")

    def _input(self, index: int) -> None:
        home = self.home(index * 5 + 2)
        lines = [f"input{n}: {self.random.choice(_SCALARS)}" for n in range(self.fields_each)]
        body = "".join(f"  {line}\n" for line in lines)
        self.plain[home].append(f"input Input{index} {{\n{body}}}")
        mutation = self.blocks[home].setdefault("Mutation", _Block("type Mutation"))
        member = self._members(home, 1)
        mutation.fields.append(f"change{index}(input: Input{index}!): {(member or ['ID'])[0]}")

    def _query(self, name: str, line: str) -> None:
        self.blocks[name].setdefault("Query", _Block("type Query")).fields.append(line)


def large_graph(
    subgraphs: int = 100, types: int = 2_000, fields: int = 20_000, *, seed: int = 1
) -> list[SubgraphInput]:
    """Subgraphs that compose to about `types` types with about `fields` fields in all."""
    return _Writer(subgraphs, types, fields, seed).write()
