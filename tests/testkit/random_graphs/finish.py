"""The last steps of a split: what depends on where everything has come to be.

Which types implement an interface in each subgraph, what the interface has there, and what has to
go again because something else went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from tests.testkit.random_graphs.declared import field_set
from tests.testkit.random_graphs.model import Field, Type

if TYPE_CHECKING:
    from tests.testkit.random_graphs.split import SplitMaker


def finish(maker: SplitMaker) -> None:
    """Finish a split."""
    _finish_interfaces(maker)
    _keep_values_possible(maker)
    _drop_unused_externals(maker)
    while _drop_unimplemented(maker):
        _drop_unused_externals(maker)


def _finish_interfaces(maker: SplitMaker) -> None:
    """Decide who implements an interface in each subgraph, and what it has there."""
    for type_ in maker.of("interface"):
        for graph, here in type_.graphs.items():
            if here.is_interface_object:
                continue
            members = [
                maker.split.types[name]
                for name in type_.members
                if graph in maker.split.types[name].graphs
            ]
            may_lack = type_.name != maker.split.keyed and not here.is_used
            if may_lack and len(members) > 1 and maker.chance(0.2):
                members.pop()
            for item in members:
                item.graphs[graph].interfaces.add(type_.name)
                if type_.name != maker.split.keyed:
                    maker.declare(item.fields[next(iter(type_.fields))], graph)
            here.fields = {
                name
                for name in type_.fields
                if all(name in maker.split.types[member].fields for member in type_.members)
                and all(
                    name in item.fields and graph in item.fields[name].in_graphs for item in members
                )
            }
            for name in here.fields:
                for argument in type_.fields[name].arguments:
                    maker.ensure(graph, argument.type.strip("[]!"))


def _keep_values_possible(maker: SplitMaker) -> None:
    """A shared field may only have types that all its subgraphs know."""
    for type_ in maker.of("entity", "root", "interface"):
        for item in type_.fields.values():
            target = maker.split.types.get(item.base)
            if target is None or not (target.is_abstract or target.kind == "enum"):
                continue
            _keep_override_possible(maker, target, type_, item)
            owners = item.owners()
            owners.sort(key=lambda graph: not item.in_graphs[graph].provides)
            while len(owners) > 1 and not set.intersection(
                *(_possible(maker, target, graph) for graph in owners)
            ):
                graph = owners.pop()
                _undeclare(maker, type_, item, graph)
                if not any(graph in other.in_graphs for other in type_.fields.values()):
                    del type_.graphs[graph]


def _undeclare(maker: SplitMaker, type_: Type, item: Field, graph: str) -> None:
    """Take a field out of a subgraph, and out of the interfaces there that had it."""
    del item.in_graphs[graph]
    for interface in maker.of("interface"):
        if type_.name in interface.members and graph in interface.graphs:
            interface.graphs[graph].fields.discard(item.name)


def _keep_override_possible(maker: SplitMaker, target: Type, type_: Type, item: Field) -> None:
    """While a field moves by label, both subgraphs answer it: they need a value in common."""
    moving = [graph for graph, here in item.in_graphs.items() if here.kind == "overridden"]
    for graph in moving:
        if any(
            _possible(maker, target, graph).isdisjoint(_possible(maker, target, owner))
            for owner in item.owners()
        ):
            _undeclare(maker, type_, item, graph)
            for here in item.in_graphs.values():
                here.override = ""


def _drop_unused_externals(maker: SplitMaker) -> None:
    """What was external for a field that moved away since."""
    for graph in maker.split.graphs:
        used: set[tuple[str, str]] = set()
        for type_ in maker.split.types.values():
            for item in type_.fields.values():
                declared = item.in_graphs.get(graph)
                if declared is not None and declared.requires:
                    _note_used(maker, type_.name, field_set(declared.requires), used)
                if declared is not None and declared.provides:
                    _note_used(maker, item.base, field_set(declared.provides), used)
        for type_ in maker.of("entity", "interface"):
            needed = {
                name
                for interface in maker.of("interface")
                if graph in interface.graphs and type_.name in interface.members
                for name in interface.graphs[graph].fields
            }
            for item in type_.fields.values():
                here = item.in_graphs.get(graph)
                is_external = here is not None and here.kind == "external"
                is_used = (type_.name, item.name) in used or item.name in needed
                if is_external and not is_used:
                    del item.in_graphs[graph]


def _drop_unimplemented(maker: SplitMaker) -> bool:
    """Take fields from interfaces where a type that implements them elsewhere has no such field."""
    dropped = False
    for interface in maker.of("interface"):
        implementing = [
            type_
            for type_ in map(maker.split.types.__getitem__, interface.members)
            if any(interface.name in here.interfaces for here in type_.graphs.values())
        ]
        for here in interface.graphs.values():
            if here.is_interface_object:
                continue
            lacking = {
                name
                for name in here.fields
                if any(not type_.fields[name].in_graphs for type_ in implementing)
            }
            here.fields -= lacking
            dropped = dropped or bool(lacking)
    return dropped


def _note_used(
    maker: SplitMaker, type_name: str, selections: SelectionSetNode, used: set[tuple[str, str]]
) -> None:
    """All types and fields that a field set names."""
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = condition.name.value if condition else type_name
            _note_used(maker, inner, selection.selection_set, used)
        elif isinstance(selection, FieldNode) and selection.name.value != "__typename":
            name = selection.name.value
            used.add((type_name, name))
            if selection.selection_set is not None:
                base = maker.split.types[type_name].fields[name].base
                _note_used(maker, base, selection.selection_set, used)


def _possible(maker: SplitMaker, target: Type, graph: str) -> set[str]:
    here = target.graphs[graph]
    if target.kind == "enum":
        return set(here.values)
    if here.is_interface_object:
        return set(target.members)
    if target.kind == "union":
        return set(here.members)
    return {
        name
        for name in target.members
        if graph in maker.split.types[name].graphs
        and target.name in maker.split.types[name].graphs[graph].interfaces
    }
