"""REQUIRES_CHANGED, PROVIDES_CHANGED and what becomes of fields that others depend on.

A subgraph that is deployed asks for the fields of its `@requires`, `@provides` and `@key` in the
answers of others. A field they depend on must stay until the last of them no longer does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.federation.facts import Facts, field_pairs
from supergraph.checks.federation.note import note
from supergraph.definitions import base_name
from supergraph.federation.field_set import FieldSet, FieldSetField
from supergraph.model import SupergraphType, TypeName

Types = Mapping[TypeName, SupergraphType]


@dataclass(frozen=True, slots=True)
class Dependent:
    """The `directive` on `coordinate` in `subgraph` names a field of another subgraph."""

    subgraph: str
    directive: str
    coordinate: str


def compare_requirements(found: Found, old: Facts, new: Facts) -> None:
    """Note what subgraphs need of others, and give along, otherwise than before.

    A changed `@requires` is dangerous: a gateway with the old supergraph sends the old fields to
    the new subgraph. So is a `@provides` that lists less: each such field costs a call more.
    """
    for path, subgraph, before, after in field_pairs(old, new):
        at = new.element(path)
        what = f'Field "{path}" in subgraph "{subgraph}"'
        if before.requires != after.requires:
            message = f"{what} {_now('requires', before.requires, after.requires)}."
            note(
                found, "REQUIRES_CHANGED", DANGEROUS, path, message, subgraph, at,
                directive="requires",
            )  # fmt: skip
        if before.provides != after.provides:
            message = f"{what} {_now('provides', before.provides, after.provides)}."
            grade = SAFE if before.provides is None else DANGEROUS
            note(
                found, "PROVIDES_CHANGED", grade, path, message, subgraph, at, directive="provides"
            )  # fmt: skip


def _now(verb: str, before: str | None, after: str | None) -> str:
    if after is None:
        return f'no longer {verb} "{before}"'
    if before is None:
        return f'{verb} "{after}" now'
    return f'{verb} "{after}" now, it was "{before}"'


_FIELD_SET = re.compile(r'\b(?:key|requires|provides):\s*"((?:[^"\\]|\\.)*)"')


def mentioned_in_field_sets(sdl: str, coordinates: Iterable[str]) -> bool:
    """Whether a field set in a supergraph's SDL has a field of one of these names, at first sight.

    Reading the whole of a large graph to know it for sure takes a while.
    """
    names = {coordinate.partition(".")[2] for coordinate in coordinates}
    return bool(names) and any(
        not names.isdisjoint(re.findall(r"\w+", match[1])) for match in _FIELD_SET.finditer(sdl)
    )


def compare_required_fields(
    found: Found, removed: Mapping[str, str], types: Types, old: Facts
) -> None:
    """Note the removal of fields that other subgraphs depend on.

    `removed` maps a coordinate to the subgraph that has dropped it; `types` are all types of the
    graph as it was, `old` knows where the fields stood. Breaking: what the dependent subgraph
    answers is null or an error from the moment on that the field is gone, unless its own new
    version is deployed before.
    """
    if not removed:
        return
    known = dependents(types)
    for coordinate, owner in removed.items():
        for dependent in known.get(coordinate, ()):
            if dependent.subgraph == owner:
                continue
            note(
                found,
                "REQUIRED_FIELD_REMOVED",
                BREAKING,
                coordinate,
                f'Field "{coordinate}" was removed from subgraph "{owner}", but '
                f'@{dependent.directive} on "{dependent.coordinate}" of subgraph '
                f'"{dependent.subgraph}" depended on it.',
                dependent.subgraph,
                old.element(coordinate),
                gone=True,
                directive=dependent.directive,
            )


def dependents(types: Types) -> dict[str, list[Dependent]]:
    """Who depends on a field, by the field's coordinate."""
    found: dict[str, dict[Dependent, None]] = {}
    for name, definition in types.items():
        for join in definition.joins:
            if join.key is not None:
                dependent = Dependent(str(join.graph), "key", name)
                for coordinate in coordinates(types, name, join.key):
                    found.setdefault(coordinate, {})[dependent] = None
        for member, field in definition.fields.items():
            for item in field.joins:
                for directive, parent, fields in (
                    ("requires", str(name), item.requires),
                    ("provides", base_name(field.type), item.provides),
                ):
                    dependent = Dependent(str(item.graph), directive, f"{name}.{member}")
                    for coordinate in coordinates(types, parent, fields or ()):
                        found.setdefault(coordinate, {})[dependent] = None
    return {coordinate: list(who) for coordinate, who in found.items()}


def coordinates(types: Types, parent: str, fields: FieldSet) -> Iterator[str]:
    """The coordinates of all fields that a field set of a type names."""
    for item in fields:
        if not isinstance(item, FieldSetField):
            yield from coordinates(types, item.type_condition or parent, item.selections)
            continue
        yield f"{parent}.{item.name}"
        definition = types.get(TypeName(parent))
        field = definition.fields.get(item.name) if definition is not None else None
        if field is not None and item.selections:
            yield from coordinates(types, base_name(field.type), item.selections)
