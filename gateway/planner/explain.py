"""Why a plan is as it is: for each fetch what it brings, how it gets there, what it waits for.

The plan itself no longer says which fields the client asked for and which the gateway needs to
reach other subgraphs; the fetch graph does, so explanations are made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.plan.display import display_path
from gateway.plan.nodes import ContextRewrite, RequiredField, RequiredSelection
from gateway.planner.document import DocumentSelection
from gateway.planner.fetch_graph import FetchGraph, FetchGroup
from gateway.planner.optimize.levels import levels
from gateway.planner.selections import TYPENAME
from supergraph.query_graph import QueryGraph


@dataclass(frozen=True, slots=True)
class FetchExplanation:
    """Why one fetch is there.

    `number` counts fetches from 1 in the order in which they can run; `waits_for` has the numbers
    of those before it. `paths` are empty for a fetch at the root. `entered_by` are the
    representations sent, such as `Product { upc }`. `wanted` are fields of the client, `needed`
    those that only other fetches need, both as schema coordinates; `elsewhere` names for each of
    `wanted` the other subgraphs that have the field. `from_above` are values taken from objects
    further up, such as `$contextualArgument_1_0 from ../currency`.
    """

    number: int
    subgraph: str
    paths: tuple[str, ...]
    entered_by: tuple[str, ...]
    waits_for: tuple[int, ...]
    wanted: tuple[str, ...]
    needed: tuple[str, ...]
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...]
    conditions: tuple[str, ...]
    from_above: tuple[str, ...] = ()


def explain_fetches(graph: QueryGraph, fetch_graph: FetchGraph) -> tuple[FetchExplanation, ...]:
    """Explanations of all fetches, those that run earlier first."""
    level = levels(fetch_graph)
    ordered = sorted(fetch_graph.groups, key=lambda group: (group.step, level[group]))
    numbers = {group: number for number, group in enumerate(ordered, start=1)}
    return tuple(_explain(graph, group, numbers) for group in ordered)


def _explain(
    graph: QueryGraph, group: FetchGroup, numbers: dict[FetchGroup, int]
) -> FetchExplanation:
    wanted: dict[str, tuple[str, ...]] = {}
    needed: dict[str, None] = {}
    for owner, name, is_internal in _fields(group.selection):
        if name == TYPENAME:
            continue
        coordinate = f"{owner}.{name}"
        if is_internal:
            needed[coordinate] = None
        elif coordinate not in wanted:
            wanted[coordinate] = _elsewhere(graph, group, owner, name)
    before = set(group.parents)
    if not before and group.step:  # the root fields of a mutation wait for each other
        before = {other for other in numbers if other.step == group.step - 1}
    return FetchExplanation(
        number=numbers[group],
        subgraph=group.subgraph,
        paths=tuple(display_path(place.path) for place in group.places if place.path),
        entered_by=tuple(
            f"{name}{_inline(node.selections())}" for name, node in group.requires.items()
        ),
        waits_for=tuple(sorted(numbers[other] for other in before)),
        wanted=tuple(wanted),
        needed=tuple(name for name in needed if name not in wanted),
        elsewhere=tuple((name, others) for name, others in wanted.items() if others),
        conditions=tuple(
            sorted(
                f"@{'include' if c.required else 'skip'}(if: ${c.variable})"
                for c in group.conditions or ()
            )
        ),
        from_above=tuple(_from_above(item) for item in group.contexts),
    )


def _fields(selection: DocumentSelection) -> Iterator[tuple[str, str, bool]]:
    for item in selection.fields.values():
        yield selection.type_name, item.name, item.is_internal
        if item.selection is not None:
            yield from _fields(item.selection)
    for fragment in selection.fragments.values():
        yield from _fields(fragment)


def _elsewhere(graph: QueryGraph, group: FetchGroup, owner: str, name: str) -> tuple[str, ...]:
    definition = next((d for n, d in graph.supergraph.types.items() if n == owner), None)
    found = []
    for subgraph in definition.graphs if definition is not None else ():
        node = graph.node(subgraph, definition.name) if definition is not None else None
        if subgraph != group.subgraph and node and graph.field_edge(node, name) is not None:
            found.append(subgraph)
    return tuple(sorted(found))


def _from_above(rewrite: ContextRewrite) -> str:
    path = display_path(rewrite.path).replace(".|", "|").replace(".", "/")
    return f"${rewrite.variable} from {'../' * rewrite.levels}{path}"


def _inline(selections: Sequence[RequiredSelection]) -> str:
    parts = []
    for part in selections:
        if isinstance(part, RequiredField):
            if part.response_name != TYPENAME:
                parts.append(part.response_name + _inline(part.selections))
        else:
            parts.append(f"... on {part.type_condition}{_inline(part.selections)}")
    return f" {{ {' '.join(parts)} }}" if parts else ""
