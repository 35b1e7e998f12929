"""A schema and how it is split: what the random generator builds, and how it reads as SDL."""

from __future__ import annotations

from dataclasses import dataclass, field

FEDERATION_2 = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", '
    '"@requires", "@provides", "@external", "@shareable", "@inaccessible", "@override", '
    '"@interfaceObject", "@context", "@fromContext"])'
)
LEAVES = ("ID", "String", "Int", "Float", "Boolean")


@dataclass
class Argument:
    name: str
    type: str
    default: str = ""
    only_in: str = ""
    """The one subgraph that has it; clients cannot know it then."""
    from_context: str = ""

    def __str__(self) -> str:
        text = f"{self.name}: {self.type}" + (f" = {self.default}" if self.default else "")
        return text + (f' @fromContext(field: "{self.from_context}")' if self.from_context else "")


@dataclass
class Declaration:
    """A field in one subgraph: resolved there unless it is external or overridden."""

    kind: str = "own"
    requires: str = ""
    provides: str = ""
    override: str = ""
    inaccessible: bool = False
    wrap: str = ""


@dataclass
class Field:
    name: str
    base: str
    wrap: str = "%s"
    arguments: list[Argument] = field(default_factory=list)
    in_graphs: dict[str, Declaration] = field(default_factory=dict)
    is_provided: bool = False
    """Somewhere where it is external: its owners have to share it."""

    def owners(self) -> list[str]:
        return [graph for graph, item in self.in_graphs.items() if item.kind == "own"]

    @property
    def is_hidden(self) -> bool:
        return any(item.inaccessible for item in self.in_graphs.values())

    def type_in(self, graph: str = "") -> str:
        own = self.in_graphs.get(graph)
        return ((own.wrap if own else "") or self.wrap) % self.base

    def head(self, graph: str = "") -> str:
        """Name, arguments and type, as a subgraph or (without one) the client sees it."""
        arguments = [str(a) for a in self.arguments if a.only_in in ("", graph)]
        return f"{self.name}{'(' + ', '.join(arguments) + ')' if arguments else ''}: " + (
            self.type_in(graph)
        )


@dataclass
class Presence:
    """A type in one subgraph."""

    keys: list[tuple[str, bool]] = field(default_factory=list)
    interfaces: set[str] = field(default_factory=set)
    members: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    """What an interface or an input type has here."""
    contexts: list[str] = field(default_factory=list)
    is_interface_object: bool = False
    is_used: bool = False
    """By a field set, which names its types."""


@dataclass
class Type:
    name: str
    kind: str
    fields: dict[str, Field] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Of a union; or the types that implement an interface."""
    values: list[str] = field(default_factory=list)
    graphs: dict[str, Presence] = field(default_factory=dict)

    @property
    def is_abstract(self) -> bool:
        return self.kind in ("interface", "union")


@dataclass
class Split:
    """A schema with its subgraphs."""

    graphs: list[str]
    types: dict[str, Type] = field(default_factory=dict)
    federation_1: set[str] = field(default_factory=set)
    keyed: str = ""
    """The interface that has a key, and interface objects; or none."""

    # --- SDL ---------------------------------------------------------------------------------

    def subgraph_sdl(self, graph: str) -> str:
        parts = [] if graph in self.federation_1 else [FEDERATION_2]
        parts += [
            self._definition(type_, graph) for type_ in self.types.values() if graph in type_.graphs
        ]
        return "\n".join(part for part in parts if part)

    def sdl(self) -> dict[str, str]:
        return {graph: self.subgraph_sdl(graph) for graph in self.graphs}

    def _definition(self, type_: Type, graph: str) -> str:
        here = type_.graphs[graph]
        match type_.kind:
            case "enum":
                return f"enum {type_.name} {{ {' '.join(here.values)} }}"
            case "union":
                return f"union {type_.name} = {' | '.join(here.members)}"
            case "input":
                lines = [f.head() for f in type_.fields.values() if f.name in here.fields]
                return f"input {type_.name} {{ {' '.join(lines)} }}"
            case _:
                pass
        is_federation_1 = graph in self.federation_1
        keys = ""
        for key, is_resolvable in here.keys:
            suffix = "" if is_resolvable or is_federation_1 else ", resolvable: false"
            keys += f' @key(fields: "{key}"{suffix})'
        keys += "".join(f' @context(name: "{name}")' for name in here.contexts)
        if type_.kind == "interface" and not here.is_interface_object:
            lines = [f.head(graph) for f in type_.fields.values() if f.name in here.fields]
            return f"interface {type_.name}{keys} {{ {' '.join(lines)} }}"
        if here.is_interface_object:
            keys += " @interfaceObject"
        is_extension = is_federation_1 and self._extends(type_, graph)
        lines = []
        for item in type_.fields.values():
            declared = item.in_graphs.get(graph)
            if declared is not None:
                lines.append(
                    item.head(graph)
                    + self._directives(type_, item, declared, graph)
                    + (" @external" if is_extension and item.name == here.keys[0][0] else "")
                )
        implements = f" implements {' & '.join(sorted(here.interfaces))}" if here.interfaces else ""
        word = "extend type" if is_extension or type_.name in ("Query", "Mutation") else "type"
        return f"{word} {type_.name}{implements}{keys} {{\n  " + "\n  ".join(lines) + "\n}"

    def _extends(self, type_: Type, graph: str) -> bool:
        """Whether a Federation 1 subgraph extends the entity: another one is its base."""
        keys = type_.graphs[graph].keys
        return (
            len(keys) == 1
            and keys[0][0].isidentifier()
            and any(other not in self.federation_1 for other in type_.graphs)
        )

    def _directives(self, type_: Type, item: Field, declared: Declaration, graph: str) -> str:
        text = ""
        if declared.kind == "external":
            text += " @external"
        elif graph not in self.federation_1 and (
            item.is_provided or (len(item.owners()) > 1 and declared.kind == "own")
        ):
            text += " @shareable"
        if declared.requires:
            text += f" @requires(fields: {_quoted(declared.requires)})"
        if declared.provides:
            text += f" @provides(fields: {_quoted(declared.provides)})"
        if declared.override:
            source, _, label = declared.override.partition("/")
            suffix = f', label: "{label}"' if label else ""
            text += f' @override(from: "{source}"{suffix})'
        if declared.inaccessible:
            text += " @inaccessible"
        return text

    # --- The unsplit schema --------------------------------------------------------------------

    def unsplit_sdl(self) -> str:
        return "\n".join(self._whole(type_) for type_ in self.types.values() if type_.graphs)

    def _whole(self, type_: Type) -> str:
        here = list(type_.graphs.values())
        match type_.kind:
            case "enum":
                return f"enum {type_.name} {{ {' '.join(self._values(type_))} }}"
            case "union":
                members = {name for item in here for name in item.members}
                return f"union {type_.name} = {' | '.join(sorted(members))}"
            case "input":
                names = set.intersection(*(item.fields for item in here))
                lines = [f.head() for f in type_.fields.values() if f.name in names]
                return f"input {type_.name} {{ {' '.join(lines)} }}"
            case _:
                pass
        fields = dict(type_.fields)
        interfaces = {name for item in here for name in item.interfaces}
        if self.keyed in interfaces:
            inherited = self.types[self.keyed].fields
            fields |= {n: f for n, f in inherited.items() if f.in_graphs and n not in fields}
        if type_.kind == "interface":
            names = {name for item in here for name in item.fields}
            names |= {f.name for f in fields.values() if f.owners()}
            fields = {n: f for n, f in fields.items() if n in names}
        else:
            fields = {n: f for n, f in fields.items() if f.owners()}
        lines = [f.head() for f in fields.values() if not f.is_hidden]
        implements = f" implements {' & '.join(sorted(interfaces))}" if interfaces else ""
        word = "interface" if type_.kind == "interface" else "type"
        return f"{word} {type_.name}{implements} {{\n  " + "\n  ".join(lines) + "\n}"

    def _values(self, type_: Type) -> list[str]:
        lists = [set(item.values) for item in type_.graphs.values()]
        merged = set.intersection(*lists) if type_.name == "Input" else set.union(*lists)
        return sorted(merged)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
