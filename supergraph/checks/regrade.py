"""Rules that grade changes otherwise, or leave them out, as a team wants it.

Each is a pure function from changes to changes. `regrade` applies those that the options ask for:
first what leaves changes out, then what grades up, then down, so that what a team allows stays
allowed; a grade given by kind has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.schema_text import definitions, parse_schema
from supergraph.checks.supergraph_text import client_view, is_supergraph, read_side
from supergraph.definitions import SchemaDefinitions, TypeKind, base_name

Changes = Iterable[SchemaChange]

_ADDITIONS = frozenset(
    {
        "TYPE_ADDED",
        "FIELD_ADDED",
        "INPUT_FIELD_ADDED",
        "ENUM_VALUE_ADDED",
        "FIELD_ARGUMENT_ADDED",
        "DIRECTIVE_ADDED",
    }
)
_RANK = {Criticality.SAFE: 0, Criticality.DANGEROUS: 1, Criticality.BREAKING: 2}


@dataclass(frozen=True, slots=True)
class RegradeOptions:
    """Which rules apply.

    `kinds` gives the grade of every change of a kind; None leaves them out. `safe_unreachable`
    needs to be told what can be reached: `reachable` of `regrade`.
    """

    dangerous_is_breaking: bool = False
    ignore_descriptions: bool = False
    suppress_deprecated_removals: bool = False
    safe_unreachable: bool = False
    simplify: bool = False
    ignore_directives: frozenset[str] = frozenset()
    kinds: Mapping[str, Criticality | None] = field(default_factory=dict)


def regrade(
    changes: Changes, options: RegradeOptions, reachable: Collection[str] = ()
) -> list[SchemaChange]:
    """Apply the rules of the options; `reachable` are the old schema's `reachable_names`."""
    found = list(changes)
    if options.ignore_descriptions:
        found = ignore_descriptions(found)
    if options.ignore_directives:
        found = ignore_directives(found, options.ignore_directives)
    if options.simplify:
        found = simplify(found)
    if options.dangerous_is_breaking:
        found = dangerous_is_breaking(found)
    if options.suppress_deprecated_removals:
        found = suppress_deprecated_removals(found)
    if options.safe_unreachable:
        found = safe_unreachable(found, reachable)
    return by_kind(found, options.kinds) if options.kinds else found


def dangerous_is_breaking(changes: Changes) -> list[SchemaChange]:
    """Dangerous changes are breaking: for teams whose clients cannot be trusted to be careful."""
    return [
        replace(item, criticality=Criticality.BREAKING)
        if item.criticality is Criticality.DANGEROUS
        else item
        for item in changes
    ]


def ignore_descriptions(changes: Changes) -> list[SchemaChange]:
    """Leave out changes of descriptions."""
    return [item for item in changes if "_DESCRIPTION_" not in item.kind]


def ignore_directives(changes: Changes, names: Collection[str]) -> list[SchemaChange]:
    """Leave out applications of the directives, named without `@`."""
    return [
        item
        for item in changes
        if not (item.kind.startswith("DIRECTIVE_USAGE_") and item.directive in names)
    ]


def suppress_deprecated_removals(changes: Changes) -> list[SchemaChange]:
    """Removing what was deprecated is dangerous, not breaking: clients have been told."""
    return [
        replace(item, criticality=Criticality.DANGEROUS)
        if item.deprecated and item.criticality is Criticality.BREAKING
        else item
        for item in changes
    ]


def safe_unreachable(changes: Changes, reachable: Collection[str]) -> list[SchemaChange]:
    """Breaking changes of types that no operation could get at are safe.

    `reachable` are the old schema's `reachable_names`. Directives and the schema itself are always
    reachable, and so is what has no type.
    """
    return [
        replace(
            item,
            criticality=Criticality.SAFE,
            message=f"{item.message} No operation could reach it.",
        )
        if item.criticality is Criticality.BREAKING
        and not item.path.startswith("@")
        and item.path != "schema"
        and item.path.partition(".")[0] not in reachable
        else item
        for item in changes
    ]


def simplify(changes: Changes) -> list[SchemaChange]:
    """Leave out what an addition brings along: the fields of a new type, the arguments of a field.

    What is graded worse than the addition stays: a new type that implements an interface reaches
    clients of the interface. A deprecation is told once, not again as a directive.
    """
    found = list(changes)
    added = {item.path: item for item in found if item.kind in _ADDITIONS}
    told = {item.path for item in found if "_DEPRECATION_" in item.kind}
    return [
        item
        for item in found
        if not _is_within(item, added)
        and not (
            item.directive == "deprecated"
            and item.kind.startswith("DIRECTIVE_USAGE_")
            and item.path in told
        )
    ]


def _is_within(item: SchemaChange, added: Mapping[str, SchemaChange]) -> bool:
    path: str | None = item.path
    while path:
        addition = added.get(path)
        if (
            addition is not None
            and addition is not item
            and _RANK[item.criticality] <= _RANK[addition.criticality]
        ):
            return True
        path = _parent(path)
    return False


def _parent(path: str) -> str:
    if path.endswith(")"):
        return path.rpartition("(")[0]
    return path.rpartition(".")[0]


def by_kind(changes: Changes, kinds: Mapping[str, Criticality | None]) -> list[SchemaChange]:
    """Give every change of a kind the grade the team chose; None leaves it out."""
    found = []
    for item in changes:
        grade = kinds.get(item.kind, item.criticality)
        if grade is not None:
            found.append(replace(item, criticality=grade))
    return found


def reachable_names(sdl: str) -> frozenset[str]:
    """The types of a schema or supergraph that an operation can get at, or has to send.

    Raises:
        InvalidSchemaError: if the text is no schema.
    """
    name = "the old schema"
    if is_supergraph(sdl):
        schema = client_view(read_side(sdl, name))
    else:
        schema = definitions(sdl, parse_schema(sdl, name), lambda _: None)
    return _reachable(schema)


def _reachable(schema: SchemaDefinitions) -> frozenset[str]:
    implementations: dict[str, list[str]] = {}
    for definition in schema.types.values():
        for interface in definition.interfaces:
            implementations.setdefault(interface, []).append(definition.name)
    seen: set[str] = set()
    # Operations can send variables to executable directives, too.
    waiting = list(schema.roots.values()) + [
        base_name(argument.type)
        for directive in schema.directives.values()
        for argument in directive.arguments.values()
    ]
    while waiting:
        found = schema.types.get(waiting.pop())
        if found is None or found.name in seen:
            continue
        seen.add(found.name)
        for member in found.fields.values():
            waiting.append(base_name(member.type))
            waiting += [base_name(argument.type) for argument in member.arguments.values()]
        waiting += [base_name(item.type) for item in found.input_fields.values()]
        waiting += [*found.members, *found.interfaces]
        if found.kind is TypeKind.INTERFACE:
            waiting += implementations.get(found.name, ())
    return frozenset(seen)
