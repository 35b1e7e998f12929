"""Queries that are hard to plan: many fields over many subgraphs, many ways to each field."""

from __future__ import annotations

import random

OVERLAPPING = {
    "a": ("id", "x0 x1 x4", "p0 p1"),
    "b": ("id sku", "x0 x2 x3", "p2 p3"),
    "c": ("id", "x0 x3 x4", "p0 p2"),
    "d": ("sku", "x1 x2 x5", "p1 p2"),
    "e": ("sku", "x4 x5", "p0 p3"),
    "f": ("id sku", "x2 x5", "p0 p1"),
}
"""Keys, leaves and links of one type in six subgraphs that share most of what they have."""


def overlapping_subgraphs() -> dict[str, str]:
    """Six subgraphs where nearly every field has several sources, and keys take detours."""
    found = {}
    for name, (keys, leaves, links) in OVERLAPPING.items():
        fields = [f"{key}: ID!" for key in keys.split()]
        fields += [f"{leaf}: Int @shareable" for leaf in leaves.split()]
        fields += [f"{link}: Part @shareable" for link in links.split()]
        directives = " ".join(f'@key(fields: "{key}")' for key in keys.split())
        root = "type Query { part: Part @shareable } " if name in "ab" else ""
        found[name] = f"{root}type Part {directives} {{ {' '.join(fields)} }}"
    return found


def overlapping_query(depth: int = 3) -> str:
    """A query that follows three links of the part at each of `depth` levels."""

    def below(level: int) -> str:
        leaves = f"x{level % 6} x{(level + 3) % 6} x5 x4"
        if not level:
            return f"{{ {leaves} }}"
        links = " ".join(f"p{(level + n) % 4} {below(level - 1)}" for n in range(3))
        return f"{{ {leaves} {links} }}"

    return f"{{ part {below(depth)} }}"


def many_subgraphs(count: int = 20, types: int = 10) -> dict[str, str]:
    """Subgraphs that each have some fields of every one of `types` entities."""
    found = {}
    for index in range(count):
        roots = " ".join(f"t{kind}: T{kind}" for kind in range(types) if kind % count == index)
        parts = [f"type Query {{ {roots} q{index}: Int }}"]
        for kind in range(types):
            leaves = " ".join(f"f{index}_{kind}_{n}: Int" for n in range(5))
            link = f"l{index}_{kind}: T{(kind + index + 1) % types}"
            parts.append(f'type T{kind} @key(fields: "id") {{ id: ID! {leaves} {link} }}')
        found[f"s{index}"] = " ".join(parts)
    return found


def many_fields_query(fields: int = 1000, subgraphs: int = 20, types: int = 10) -> str:
    """A query of about `fields` fields that needs every subgraph at many places."""
    chance = random.Random(0)
    left = fields

    def below(kind: int, depth: int) -> str:
        nonlocal left
        parts = []
        for index in chance.sample(range(subgraphs), subgraphs):
            if left <= 0:
                break
            parts += [f"f{index}_{kind}_0", f"f{index}_{kind}_1"]
            left -= 2
            if depth < 3 and chance.random() < 0.3:
                left -= 1
                parts.append(
                    f"l{index}_{kind} {{ {below((kind + index + 1) % types, depth + 1)} }}"
                )
        return " ".join(parts) or "id"

    roots = [f"t{kind} {{ {below(kind, 0)} }}" for kind in range(types) if left > 0]
    return f"{{ {' '.join(roots)} }}"


def wide_query(fields: int = 1000, types: int = 10) -> str:
    """A query of `fields` leaves of objects at the root: each of every subgraph."""
    each = fields // types
    parts = []
    for kind in range(types):
        leaves = (f"f{n % 20}_{kind}_{n // 20}" for n in range(each))
        parts.append(f"t{kind} {{ {' '.join(leaves)} }}")
    return f"{{ {' '.join(parts)} }}"


def chained_query(depth: int = 25, each: int = 40) -> str:
    """A query of `depth` levels, each an entity of which every subgraph has some fields."""
    kinds = [0]
    for level in range(depth - 1):
        kinds.append((kinds[-1] + level % 20 + 1) % 10)
    query = ""
    for level in reversed(range(depth)):
        kind = kinds[level]
        leaves = " ".join(f"f{n % 20}_{kind}_{n // 20}" for n in range(each))
        link = f"l{level % 20}_{kind} {query}" if query else ""
        query = f"{{ {leaves} {link} }}"
    return f"{{ t0 {query} }}"


ASSEMBLIES = {
    # keys, leaves and links of a machine; keys, leaves and links of a maker
    "drawings": ("id", "label mass tint", "within instead maker", "id", "title town", "best"),
    "buying": ("id tag", "mass price left", "extra maker", "id short", "title deal", "ally"),
    "works": ("id", "mass tint left", "within extra", "short", "town grade", "best"),
    "bazaar": ("tag", "label price grade", "instead extra", "id short", "grade deal", "best ally"),
    "care": ("tag", "tint grade", "within maker", "short", "title grade", "ally"),
    "books": ("id tag", "price grade", "within instead", "id", "town deal", ""),
}
"""Subgraphs that share nearly all they have; some pairs have no key in common."""


def assembly_subgraphs() -> dict[str, str]:
    """Machines made of machines, and their makers, each in six subgraphs."""
    targets = {"maker": "Maker", "best": "Machine", "ally": "Maker"}

    def type_(name: str, keys: str, leaves: str, links: str) -> str:
        directives = " ".join(f'@key(fields: "{key}")' for key in keys.split())
        fields = [f"{key}: ID!" for key in keys.split()]
        fields += [f"{leaf}: String @shareable" for leaf in leaves.split()]
        fields += [f"{link}: {targets.get(link, 'Machine')} @shareable" for link in links.split()]
        return f"type {name} {directives} {{ {' '.join(fields)} }}"

    found = {}
    for name, (keys, leaves, links, maker_keys, maker_leaves, maker_links) in ASSEMBLIES.items():
        entry = "type Query { machine(id: ID!): Machine @shareable } "
        root = entry if name in ("drawings", "buying", "bazaar") else ""
        machine = type_("Machine", keys, leaves, links)
        found[name] = f"{root}{machine} {type_('Maker', maker_keys, maker_leaves, maker_links)}"
    return found


def assembly_query() -> str:
    """A machine with the machines around it, three levels deep, written with fragments."""
    around = "within {{ ...M{0} }} instead {{ ...M{0} }} extra {{ ...M{0} }}"
    return " ".join(
        (
            'query { machine(id: "7") { ...M3 } }',
            f"fragment M3 on Machine {{ label left grade {around.format(2)} maker {{ ...K1 }} }}",
            f"fragment M2 on Machine {{ mass price tint {around.format(1)} maker {{ ...K1 }} }}",
            "fragment M1 on Machine { label tint left grade maker { ...K0 } }",
            "fragment M0 on Machine { label price left }",
            "fragment K1 on Maker { title grade best { ...M0 } ally { ...K0 } }",
            "fragment K0 on Maker { town grade deal }",
        )
    )
