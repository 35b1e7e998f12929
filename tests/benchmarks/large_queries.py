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
