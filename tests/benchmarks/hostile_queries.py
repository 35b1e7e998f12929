"""Operations written to cost as much as they can while the limits still let them through.

Each is a graph and a query: thousands of aliases, abstract types in each other, fragments that
multiply, deep nesting, fields that have to be compared. They must be planned, or refused with a
code, within a second and a bounded amount of memory.
"""

from __future__ import annotations

from tests.benchmarks.large_queries import (
    many_fields_query,
    many_subgraphs,
    overlapping_query,
    overlapping_subgraphs,
)

Graph = dict[str, str]
MEMBERS = 8


def abstract_subgraphs(count: int = 4) -> Graph:
    """An interface of eight entities that link to each other, in `count` subgraphs."""
    found = {}
    for index in range(count):
        members = " ".join(
            f'type T{n} implements Node @key(fields: "id") '
            f"{{ id: ID! next: Node @shareable a{index}_{n}: Int s: Int @shareable }}"
            for n in range(MEMBERS)
        )
        root = "type Query { node: [Node!] } " if not index else ""
        found[f"s{index}"] = f"{root}interface Node {{ id: ID! next: Node }} {members}"
    return found


def _of(member: int, below: str) -> str:
    return f"... on T{member % MEMBERS} {{ a{member % 4}_{member % MEMBERS} {below} }}"


def _every_member(depth: int, members: int) -> str:
    if not depth:
        return "{ id }"
    below = f"next {_every_member(depth - 1, members)}"
    return f"{{ id {' '.join(_of(n, below) for n in range(members))} }}"


def _multiplying_fragments(depth: int, members: int) -> str:
    fragments = [
        f"fragment F{level} on Node {{ id "
        + " ".join(_of(n, f"next {{ ...F{level + 1} }}") for n in range(members))
        + " }"
        for level in range(depth)
    ]
    return " ".join(("{ node { ...F0 } }", *fragments, f"fragment F{depth} on Node {{ id }}"))


def _one_member_after_the_other(depth: int) -> str:
    query = "id"
    for level in range(depth):
        query = f"{_of(level, f'next {{ {query} }}')} {_of(level + 1, '')}"
    return f"{{ node {{ {query} }} }}"


def _meeting_fragments(count: int = 14) -> str:
    """Each fragment spreads two others in each of its fields: the sets that meet are ever new."""
    fragments = (
        f"fragment F{n} on Node {{"
        + "".join(
            f" a{bit}: next {{ ...F{(n + bit * 5 + 3) % count} ...F{(n * 3 + bit) % count} }}"
            for bit in range(6)
        )
        + " }"
        for n in range(count)
    )
    unused = " ".join(fragments)
    return f"query A {{ node {{ id }} }} query B {{ node {{ ...F0 ...F1 }} }} {unused}"


def _entity_aliases(count: int) -> str:
    fields = (
        f"x{n}: l{n % 20}_0 {{ f3_{(n % 20 + 1) % 10}_0 f7_{(n % 20 + 1) % 10}_1 }}"
        for n in range(count)
    )
    return f"{{ t0 {{ {' '.join(fields)} }} }}"


def _overlapping_aliases(count: int) -> str:
    fields = (f"x{n}: p{n % 4} {{ x0 x5 p{(n + 1) % 4} {{ x1 x2 }} }}" for n in range(count))
    return f"{{ part {{ {' '.join(fields)} }} }}"


def _overlapping_chain(depth: int) -> str:
    links = " ".join(f"{{ x{n % 6} x{(n + 3) % 6} p{n % 4}" for n in range(depth))
    return f"{{ part {links} {{ x1 }}{' }' * depth} }}"


def hostile_operations() -> dict[str, tuple[Graph, str]]:
    """Graph and document by name; the operation to run is the first of the document."""
    abstract, overlapping, many = abstract_subgraphs(), overlapping_subgraphs(), many_subgraphs()
    return {
        "999 aliases of a leaf": (
            abstract,
            f"{{ node {{ {' '.join(f'x{n}: id' for n in range(999))} }} }}",
        ),
        "900 aliases of entities": (many, _entity_aliases(900)),
        "900 aliases, many ways to each": (overlapping, _overlapping_aliases(900)),
        "every member at 3 levels": (abstract, f"{{ node {_every_member(3, 8)} }}"),
        "5 members at 4 levels": (abstract, f"{{ node {_every_member(4, 5)} }}"),
        "fragments, 3 members at 6 levels": (abstract, _multiplying_fragments(6, 3)),
        "fragments, 2 members at 9 levels": (abstract, _multiplying_fragments(9, 2)),
        "fragments, 8 members at 9 levels": (abstract, _multiplying_fragments(9, 8)),
        "a member in a member, 24 levels": (abstract, _one_member_after_the_other(24)),
        "many ways, 46 levels": (overlapping, _overlapping_chain(46)),
        "many ways, 4 levels of 3 links": (overlapping, overlapping_query(4)),
        "many ways, 6 levels of 3 links": (overlapping, overlapping_query(6)),
        "3,000 fields, 20 subgraphs": (many, many_fields_query(3000)),
        "one field 7,000 times": (abstract, "{ node { " + "id " * 7_000 + "} }"),
        "one path 1,500 times": (abstract, "{ node { " + "next { next { id } } " * 1_500 + "} }"),
        "900 fields that conflict": (
            abstract,
            "{ node { " + "next { next { s: id } } next { next { s: next { id } } } " * 450 + "} }",
        ),
        "fragments that meet in ever new ways": (abstract, _meeting_fragments()),
        "7,000 unknown fields": (
            abstract,
            f"{{ node {{ {' '.join(f'nothing{n}' for n in range(7_000))} }} }}",
        ),
        "140 fragments in each other": (
            abstract,
            "{ node " + "{ ... on Node " * 140 + "{ id }" + " }" * 140 + " }",
        ),
    }
