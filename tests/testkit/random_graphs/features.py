"""Directives sprinkled over a split: `@override`, `@requires`, `@provides`, contexts, and so on.

Each is added only where it keeps the split legal. Computed fields need only fields that were
looked at before them, so that requirements of requirements come to an end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testkit.random_graphs.model import (
    LEAVES,
    Argument,
    Declaration,
    Field,
    Presence,
    Type,
)

if TYPE_CHECKING:
    from tests.testkit.random_graphs.split import SplitMaker

_LEAF_BASES = (*LEAVES, "Color", "Unit")
_LITERALS = {
    "first": "2",
    "unit": "INCH",
    "mode": "TWO",
    "where": "{min: 1, unit: CM}",
    "ids": '["1"]',
    "text": '"hello"',
}
_MAX_DEPTH = 2


def add_features(maker: SplitMaker) -> None:
    """Add all of them."""
    for type_ in maker.of("entity"):
        _override(maker, type_)
    known: list[tuple[str, str]] = []
    entities = maker.of("entity")
    maker.random.shuffle(entities)
    for type_ in entities:
        for item in list(type_.fields.values()):
            if item.in_graphs and maker.chance(0.35):
                _require(maker, type_, item, known)
            known.append((type_.name, item.name))
    _require_on_interface_objects(maker)
    for type_ in maker.of("entity", "root"):
        for item in type_.fields.values():
            _provide(maker, item)
    for type_ in maker.of("entity"):
        _hide(maker, type_)
    for type_ in maker.of("entity", "root"):
        _promise_more(maker, type_)
        _add_own_argument(maker, type_)
    if maker.chance(0.4):
        _use_context(maker)


def _key_fields(type_: Type) -> set[str]:
    names = {name for key in type_.keys for name in key.split(" { ")[0].split()}
    return names | {"id"}


def _interface_fields(maker: SplitMaker, type_: Type) -> set[str]:
    return {
        name
        for interface in maker.of("interface")
        if type_.name in interface.members
        for name in interface.fields
    }


def _is_enterable(type_: Type, graph: str) -> bool:
    return any(is_resolvable for _, is_resolvable in type_.graphs[graph].keys)


# --- @override ------------------------------------------------------------------------------------


def _override(maker: SplitMaker, type_: Type) -> None:
    """Move a field from one subgraph to another, perhaps only for some requests."""
    anchors = {next(iter(item.fields)) for item in maker.of("interface") if item.fields}
    for item in type_.fields.values():
        owners = item.owners()
        if item.name in _key_fields(type_) | anchors or len(owners) != 1 or not maker.chance(0.12):
            continue
        (target,) = owners
        others = [
            graph
            for graph in type_.graphs
            if graph not in item.in_graphs
            and maker.can(graph, item.base)
            and _is_enterable(type_, graph)
        ]
        if not others or target in maker.split.federation_1:
            continue
        source = maker.random.choice(others)
        maker.declare(item, source, "overridden")
        label = maker.random.choice(("", "", "/percent(50)", "/beta"))
        item.in_graphs[target].override = source + label


# --- @requires ------------------------------------------------------------------------------------


def _require(maker: SplitMaker, type_: Type, item: Field, known: list[tuple[str, str]]) -> None:
    owners = item.owners()
    if item.name in _key_fields(type_) or len(owners) != 1 or len(item.in_graphs) != 1:
        return
    (graph,) = owners
    if not _is_enterable(type_, graph):
        return
    parts: list[str] = []
    usable = [name for owner, name in known if owner == type_.name and name != item.name]
    for name in maker.some(usable, 1, 3):
        text = _required(maker, type_, name, graph, known, 0)
        if text:
            parts.append(text)
    if parts:
        item.in_graphs[graph].requires = " ".join(parts)


def _required(
    maker: SplitMaker,
    type_: Type,
    name: str,
    graph: str,
    known: list[tuple[str, str]],
    depth: int,
) -> str:
    """A field of a field set, declared external in the subgraph; empty if that is impossible."""
    item = type_.fields[name]
    declared = item.in_graphs.get(graph)
    is_value = type_.kind in ("value", "ref")
    if not item.owners():
        return ""
    kind = declared.kind if declared is not None else "external"
    if not is_value and (kind == "overridden" or (kind == "own" and depth == 0)):
        return ""
    if is_value and declared is None:
        return ""
    if declared is None and (not maker.can(graph, item.base)):
        return ""
    below = ""
    if item.base not in _LEAF_BASES:
        if depth == _MAX_DEPTH:
            return ""
        below = _required_below(maker, maker.split.types[item.base], graph, known, depth + 1)
        if not below:
            return ""
    if declared is None:
        maker.declare(item, graph, "external")
    return name + _literal_arguments(maker, item) + below


def _literal_arguments(maker: SplitMaker, item: Field) -> str:
    arguments = [
        f"{argument.name}: {_LITERALS[argument.name]}"
        for argument in item.arguments
        if not argument.only_in
        and ((argument.type.endswith("!") and not argument.default) or maker.chance(0.5))
    ]
    return f"({', '.join(arguments)})" if arguments else ""


def _required_below(
    maker: SplitMaker, target: Type, graph: str, known: list[tuple[str, str]], depth: int
) -> str:
    if not maker.can(graph, target.name):
        return ""
    maker.ensure(graph, target.name)
    if target.is_abstract:
        target.graphs[graph].is_used = True
        if target.name == maker.split.keyed:
            return " { id }"
        members = [
            maker.split.types[name]
            for name in (target.graphs[graph].members or target.members)
            if graph in maker.split.types[name].graphs
        ]
        parts = []
        for member in members:
            below = _required_below(maker, member, graph, known, depth)
            if below:
                parts.append(f"... on {member.name}{below}")
        # Where an interface is declared, all its types are; an empty selection is none.
        return f" {{ __typename {' '.join(parts)} }}" if parts else ""
    names = [
        name
        for name in target.fields
        if target.kind != "entity" or (target.name, name) in known or name in _key_fields(target)
    ]
    chosen = maker.some(names, 1, 2)
    parts = [_required(maker, target, name, graph, known, depth) for name in chosen]
    text = " ".join(part for part in parts if part)
    return f" {{ {text} }}" if text else ""


def _require_on_interface_objects(maker: SplitMaker) -> None:
    """What an interface object computes from fields that implementations have."""
    if not maker.split.keyed:
        return
    type_ = maker.split.types[maker.split.keyed]
    leaf = next(name for name in type_.fields if name != "id")
    definers = [g for g, here in type_.graphs.items() if not here.is_interface_object]
    for item in type_.fields.values():
        if not item.name.startswith("extra") or len(item.owners()) != 1 or not maker.chance(0.4):
            continue
        (graph,) = item.owners()
        if not all(
            any(d in maker.split.types[name].fields[leaf].in_graphs for name in type_.members)
            for d in definers
        ):
            continue
        for name in type_.members:  # the interface can only have what all of its types have
            for definer in definers:
                if definer in maker.split.types[name].graphs:
                    maker.declare(maker.split.types[name].fields[leaf], definer)
        maker.declare(type_.fields[leaf], graph, "external")
        item.in_graphs[graph].requires = leaf + _literal_arguments(maker, type_.fields[leaf])


# --- @provides ------------------------------------------------------------------------------------


def _provide(maker: SplitMaker, item: Field) -> None:
    target = maker.split.types.get(item.base)
    if target is None or not maker.chance(0.3):
        return
    for graph, declared in item.in_graphs.items():
        if declared.kind != "own" or declared.override or declared.requires:
            continue
        if target.kind == "entity":
            declared.provides = _provided(maker, target, graph)
        elif target.kind in ("union", "interface") and target.name != maker.split.keyed:
            parts = []
            target.graphs[graph].is_used = True
            for name in target.graphs[graph].members or target.members:
                member = maker.split.types[name]
                if member.kind == "entity" and graph in member.graphs:
                    below = _provided(maker, member, graph)
                    if below:
                        parts.append(f"... on {name} {{ {below} }}")
            declared.provides = " ".join(parts)


def _provided(maker: SplitMaker, type_: Type, graph: str) -> str:
    parts = []
    for item in type_.fields.values():
        known = item.in_graphs.get(graph)
        if item.name in _key_fields(type_) or not item.owners() or item.arguments:
            continue
        if known is not None and known.kind != "external":
            continue
        if item.base in _LEAF_BASES:
            below = ""
        elif maker.split.types[item.base].kind == "value":
            leaves = [
                name
                for name, inner in maker.split.types[item.base].fields.items()
                if inner.base in _LEAF_BASES and not inner.arguments
            ]
            if not leaves:
                continue
            below = f" {{ {' '.join(maker.some(leaves, 1, 2))} }}"
        else:
            continue
        if maker.chance(0.5):
            if known is None:
                maker.declare(item, graph, "external")
            item.is_provided = True
            parts.append(item.name + below)
    return " ".join(parts[:2]) if len(parts) < 3 else " ".join(parts)


# --- Others ---------------------------------------------------------------------------------------


def _hide(maker: SplitMaker, type_: Type) -> None:
    """Make a field inaccessible; other subgraphs may go on using it."""
    free = [
        item
        for item in type_.fields.values()
        if item.owners() and item.name not in _interface_fields(maker, type_)
    ]
    if len(free) < 2 or not maker.chance(0.25):
        return
    item = maker.random.choice(free)
    hosts = [graph for graph in item.owners() if graph not in maker.split.federation_1]
    if hosts:
        item.in_graphs[maker.random.choice(hosts)].inaccessible = True


def _promise_more(maker: SplitMaker, type_: Type) -> None:
    """Let one of several subgraphs promise that the field is never null."""
    for item in type_.fields.values():
        everywhere: list[Declaration] = list(item.in_graphs.values())
        if (
            len(everywhere) > 1
            and all(declared.kind == "own" for declared in everywhere)
            and not item.wrap.endswith("!")
            and item.name not in _interface_fields(maker, type_)
            and maker.chance(0.3)
        ):
            maker.random.choice(everywhere).wrap = item.wrap + "!"


def _add_own_argument(maker: SplitMaker, type_: Type) -> None:
    """Let one of several subgraphs have an argument that the others do not know."""
    for item in type_.fields.values():
        if (
            len(item.owners()) > 1
            and len(item.owners()) == len(item.in_graphs)
            and item.name not in _key_fields(type_)
            and item.name not in _interface_fields(maker, type_)
            and maker.chance(0.1)
        ):
            item.arguments = [
                *item.arguments,
                Argument("extra", "Int", only_in=maker.random.choice(item.owners())),
            ]


# --- @context -------------------------------------------------------------------------------------


def _use_context(maker: SplitMaker) -> None:
    """Let fields of one subgraph take an ID from the objects above them.

    The root types set the context, so that there is a value on every way; some entities and value
    types set it, too, and are nearer.
    """
    split = maker.split
    free = [graph for graph in split.graphs if graph not in split.federation_1]
    graph = maker.random.choice(free) if free else ""
    required = " ".join(
        declared.requires
        for type_ in split.types.values()
        for item in type_.fields.values()
        for declared in item.in_graphs.values()
    )
    takers = [
        item
        for type_ in maker.of("entity")
        if graph in type_.graphs and _is_enterable(type_, graph)
        for item in type_.fields.values()
        if list(item.in_graphs) == [graph]
        and item.in_graphs[graph].kind == "own"
        and not item.is_provided
        and item.name not in _key_fields(type_) | _interface_fields(maker, type_)
        and item.name not in required
    ]
    if not takers:
        return
    parts: list[str] = []
    for root in maker.of("root"):
        name = "site" if root.name == "Query" else "desk"
        value = root.fields[name] = Field(name, "ID", "%s!")
        maker.declare(value, graph)
        root.graphs.setdefault(graph, Presence()).contexts.append("place")
        parts.append(f"... on {root.name} {{ {name} }}")
    given: list[Field] = []
    for type_ in maker.of("entity", "value"):
        leaves = [
            item
            for item in type_.fields.values()
            if item.base == "ID"
            and item.wrap in ("%s", "%s!")
            and not item.arguments
            and graph in item.in_graphs
            and item.in_graphs[graph].kind == "own"
            and not item.in_graphs[graph].requires
            and not item.is_hidden
        ]
        if graph in type_.graphs and leaves and maker.chance(0.5):
            type_.graphs[graph].contexts.append("place")
            given.append(maker.random.choice(leaves))
            parts.append(f"... on {type_.name} {{ {given[-1].name} }}")
    for item in maker.random.sample(takers, min(len(takers), maker.random.randint(1, 3))):
        if item in given:
            continue  # it would need itself wherever its type stands below itself
        taken = Argument("place", "ID", only_in=graph, from_context=f"$place {' '.join(parts)}")
        item.arguments = [*item.arguments, taken]
