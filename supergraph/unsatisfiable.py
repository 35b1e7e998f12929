"""Why a query has no plan: the query itself, and what stands in the way from each subgraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import OperationType

from supergraph.definitions import quoted_list
from supergraph.federation.field_set import print_field_set
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import Node
from supergraph.reachability import Nodes, Reachability

_EXAMPLES = {
    "Int": "0",
    "Float": "0.0",
    "Boolean": "true",
    "String": '"A string value"',
    "ID": '"<any id>"',
}


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the witness query: a field or `... on Type`, as it is written."""

    text: str

    @classmethod
    def field(cls, name: str, arguments: Sequence[tuple[str, str]] = ()) -> Step:
        """A field; `arguments` are names and types of those it cannot do without."""
        written = ", ".join(f"{argument}: {_example(type_)}" for argument, type_ in arguments)
        return cls(f"{name}({written})" if written else name)

    @classmethod
    def fragment(cls, type_name: str) -> Step:
        """An inline fragment."""
        return cls(f"... on {type_name}")


def _example(type_text: str) -> str:
    plain = type_text.removesuffix("!")
    if plain.startswith("["):
        return "[]"
    return _EXAMPLES.get(plain, '"<some value>"')


def witness_query(kind: OperationType, path: Sequence[Step], *, is_composite: bool) -> str:
    """The query that has no plan; `is_composite` adds an open selection to the last field."""
    lines = [step.text for step in path] + (["..."] if is_composite else [])
    opened = "" if kind is OperationType.QUERY else f"{kind.value} "
    text = [f"{opened}{{"]
    for depth, line in enumerate(lines, 1):
        is_last = depth == len(lines)
        text.append(f"{'  ' * depth}{line}{'' if is_last else ' {'}")
    text += [f"{'  ' * depth}}}" for depth in range(len(lines) - 1, -1, -1)]
    return "\n".join(text)


def unsatisfiable_message(
    reach: Reachability,
    kind: OperationType,
    path: Sequence[Step],
    reached: Nodes,
    field: str,
    contexts: frozenset[str],
    *,
    is_composite: bool,
) -> str:
    """The whole sentence about a field that cannot be fetched at `reached`.

    `contexts` are those that types above it set.
    """
    reasons: dict[SubgraphName, list[str]] = {}
    for node in sorted(reached):
        own = [_no_field(reach, node, field, reached, contexts)]
        reasons.setdefault(node.subgraph, []).extend(
            [*own, *_no_moves(reach, node, reached, field)]
        )
    return _message(kind, path, reasons, is_composite=is_composite)


def unknown_type_message(
    reach: Reachability,
    kind: OperationType,
    path: Sequence[Step],
    reached: Nodes,
    interface: TypeName,
) -> str:
    """The sentence about an interface object of which no subgraph can tell the type."""
    reasons: dict[SubgraphName, list[str]] = {}
    for node in sorted(reached):
        reasons.setdefault(node.subgraph, []).extend(
            [
                "no subgraph can be reached to resolve the implementation type of "
                f'@interfaceObject type "{interface}".',
                *_no_moves(reach, node, reached, None),
            ]
        )
    return _message(kind, path, reasons, is_composite=True)


def _message(
    kind: OperationType,
    path: Sequence[Step],
    reasons: dict[SubgraphName, list[str]],
    *,
    is_composite: bool,
) -> str:
    query = witness_query(kind, path, is_composite=is_composite)
    return "\n".join(
        [
            f"The following supergraph API query:\n{query}",
            "cannot be satisfied by the subgraphs because:",
            *_said(reasons),
        ]
    )


def _said(reasons: dict[SubgraphName, list[str]]) -> Iterator[str]:
    for subgraph, listed in reasons.items():
        distinct = list(dict.fromkeys(listed))
        if len(distinct) == 1:
            yield f'- from subgraph "{subgraph}": {distinct[0]}'
            continue
        yield f'- from subgraph "{subgraph}":'
        yield from (f"  - {reason}" for reason in distinct)


def _no_field(
    reach: Reachability, node: Node, field: str, reached: Nodes, contexts: frozenset[str]
) -> str:
    """Why the subgraph of a node does not give the field."""
    coordinate = f"{node.type_name}.{field}"
    if reach.is_external(node, field):
        return f'field "{coordinate}" is not resolvable because marked @external.'
    edge = reach.graph.field_edge(node, field)
    if edge is not None and edge.context_arguments:
        listed = ", ".join(f'"{item.context}"' for item in edge.context_arguments)
        if all(item.context in contexts for item in edge.context_arguments):
            return (
                f'cannot satisfy the required context {listed} of field "{coordinate}": what it '
                "selects of the nearest type above that sets it cannot be resolved there."
            )
        return (
            f'could not find a match for the required context {listed} of field "{coordinate}": '
            "no type above it on this path sets it."
        )
    if edge is not None and edge.conditions:
        if reach.can_resolve(reached, edge.conditions):
            return (
                f'cannot satisfy @require conditions on field "{coordinate}": type '
                f'"{node.type_name}" has no @key in subgraph "{node.subgraph}" that could be used '
                "to send what it requires."
            )
        return f'cannot satisfy @require conditions on field "{coordinate}".'
    definition = reach.graph.supergraph.types.get(node.type_name)
    declared = definition.fields.get(field) if definition else None
    join = declared.join(node.subgraph) if declared else None
    if join is None:
        return f'cannot find field "{coordinate}".'
    if join.used_overridden or edge is not None:
        return f'field "{coordinate}" is not resolvable because it is overridden.'
    return f'field "{coordinate}" is not resolvable because marked @external.'


def _no_moves(reach: Reachability, node: Node, reached: Nodes, field: str | None) -> Iterator[str]:
    """Why no other subgraph can be entered from a node."""
    definition = reach.graph.supergraph.types.get(node.type_name)
    if definition is None:
        return
    reached_graphs = {other.subgraph for other in reached}
    entries = reach.graph.entries(node.type_name)
    for subgraph in definition.graphs:
        if subgraph in reached_graphs:
            continue
        keys = [entry for entry in entries if entry.subgraph == subgraph]
        for entry in keys:
            yield (
                f'cannot move to subgraph "{subgraph}" using @key(fields: '
                f'"{print_field_set(entry.key)}") of "{entry.type_name}", the key field(s) cannot '
                f'be resolved from subgraph "{node.subgraph}".'
            )
        declared = definition.fields.get(field) if field else None
        if keys or declared is None or declared.join(subgraph) is None:
            continue
        has = f'cannot move to subgraph "{subgraph}", which has field "{node.type_name}.{field}", '
        if definition.keys(subgraph):
            yield (
                f'{has}because none of the @key defined on type "{node.type_name}" in subgraph '
                f'"{subgraph}" are resolvable (they are all declared with their "resolvable" '
                "argument set to false)."
            )
        else:
            yield (
                f'{has}because type "{node.type_name}" has no @key defined in subgraph '
                f'"{subgraph}".'
            )


def mismatched_runtime_types_message(
    query: str,
    coordinate: str,
    type_name: str,
    by_graph: Mapping[SubgraphName, frozenset[TypeName]],
) -> str:
    """The sentence about a shared field whose subgraphs can never return the same object."""
    groups: dict[str, list[str]] = {}
    for subgraph, types in by_graph.items():
        said = quoted_list(sorted(types), "type") if types else "no runtime type is defined"
        groups.setdefault(said, []).append(subgraph)
    listed = ";\n".join(f" - in {quoted_list(names)}, {said}" for said, names in groups.items())
    return (
        f"For the following supergraph API query:\n{query}\n"
        f'Shared field "{coordinate}" return type "{type_name}" has a non-intersecting set of '
        f"possible runtime types across subgraphs. Runtime types in subgraphs are:\n{listed}.\n"
        "This is not allowed as shared fields must resolve the same way in all subgraphs, and that "
        "implies at least some common runtime types between the subgraphs."
    )


def inconsistent_runtime_types_message(
    query: str,
    coordinate: str,
    type_name: str,
    by_graph: Mapping[SubgraphName, frozenset[TypeName]],
) -> str:
    """The remark about a shared field that only some subgraphs can resolve to some types."""
    common = frozenset.intersection(*by_graph.values())
    never = "\n".join(
        f' - subgraph "{subgraph}" should never resolve "{coordinate}" to an object of '
        f"{quoted_list(sorted(types - common), 'type')};"
        for subgraph, types in by_graph.items()
        if types - common
    )
    return (
        f"For the following supergraph API query:\n{query}\n"
        f'Shared field "{coordinate}" return type "{type_name}" has different sets of possible '
        "runtime types across subgraphs.\nSince a shared field must be resolved the same way in "
        f"all subgraphs, make sure that {quoted_list(list(by_graph))} only resolve "
        f'"{coordinate}" to objects of {quoted_list(sorted(common), "type")}. In particular:\n'
        f"{never.removesuffix(';')}.\nOtherwise the @shareable contract will be broken."
    )
