"""How large an operation is once its fragments are spread out, without spreading them.

Twenty fragments that each spread the next one twice stand for a million fields. So every
definition is walked once (with a stack of our own, not Python's), and the totals of a fragment are
added wherever it is spread. All numbers are saturated, so they stay small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.operation.limits import INTERNAL_NESTING_LIMIT, OperationLimits

_SATURATED = 10**9


@dataclass(slots=True)
class Measures:
    """The size of a definition; fragments that close a cycle count nothing."""

    selections: int = 0
    aliases: int = 0
    depth: int = 0
    """Nested fields, without introspection."""
    nesting: int = 0
    """Nested selection sets of any kind."""
    root_fields: int = 0


@dataclass(slots=True)
class _Spread:
    name: str
    field_depth: int
    nesting: int
    introspection: bool


@dataclass(slots=True)
class _Local:
    own: Measures = field(default_factory=Measures)
    spreads: list[_Spread] = field(default_factory=list)


def measure_operation(document: DocumentNode, operation: OperationDefinitionNode) -> Measures:
    """Measure `operation` with the fragments of `document`, in time linear to the document."""
    fragments = {
        definition.name.value: _walk(definition.selection_set)
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    totals: dict[str, Measures] = {}
    for name in _dependencies_first(fragments):
        totals[name] = _total(fragments[name], totals)
    return _total(_walk(operation.selection_set), totals)


def limit_errors(measures: Measures, limits: OperationLimits) -> list[GraphQLError]:
    """Say which limits an operation exceeds."""
    checks = (
        ("MAX_DEPTH_LIMIT", "is nested {} fields deep", measures.depth, limits.max_depth),
        ("MAX_ALIASES_LIMIT", "has {} aliases", measures.aliases, limits.max_aliases),
        (
            "MAX_ROOT_FIELDS_LIMIT",
            "asks for {} root fields",
            measures.root_fields,
            limits.max_root_fields,
        ),
        (
            "MAX_SELECTIONS_LIMIT",
            "selects {} fields and fragments",
            measures.selections,
            limits.max_selections,
        ),
        (
            "MAX_DEPTH_LIMIT",
            "nests {} selection sets",
            measures.nesting,
            INTERNAL_NESTING_LIMIT,
        ),
    )
    return [
        GraphQLError(
            f"The operation {text.format(_shown(value))}; the limit is {limit}.",
            extensions={"code": code},
        )
        for code, text, value, limit in checks
        if value > limit
    ]


def _walk(selection_set: SelectionSetNode) -> _Local:
    local = _Local()
    own = local.own
    # (selection set, fields around it, selection sets around it, inside introspection)
    stack = [(selection_set, 0, 1, False)]
    while stack:
        current, field_depth, nesting, introspection = stack.pop()
        own.nesting = max(own.nesting, nesting)
        for node in current.selections:
            own.selections += 1
            if isinstance(node, FragmentSpreadNode):
                spread = _Spread(node.name.value, field_depth, nesting, introspection)
                local.spreads.append(spread)
                continue
            inside, depth = introspection, field_depth
            if isinstance(node, FieldNode):
                inside = inside or node.name.value in ("__schema", "__type")
                depth += 1
                own.aliases += node.alias is not None
                own.root_fields += field_depth == 0
                if not inside:
                    own.depth = max(own.depth, depth)
            nested: SelectionSetNode | None = getattr(node, "selection_set", None)
            if nested is not None:
                stack.append((nested, depth, nesting + 1, inside))
    return local


def _total(local: _Local, totals: Mapping[str, Measures]) -> Measures:
    total = Measures(
        local.own.selections,
        local.own.aliases,
        local.own.depth,
        local.own.nesting,
        local.own.root_fields,
    )
    for spread in local.spreads:
        part = totals.get(spread.name)
        if part is None:
            continue
        total.selections = min(_SATURATED, total.selections + part.selections)
        total.aliases = min(_SATURATED, total.aliases + part.aliases)
        total.nesting = min(_SATURATED, max(total.nesting, spread.nesting + part.nesting))
        if not spread.introspection:
            total.depth = min(_SATURATED, max(total.depth, spread.field_depth + part.depth))
        if spread.field_depth == 0:
            total.root_fields = min(_SATURATED, total.root_fields + part.root_fields)
    return total


def _dependencies_first(fragments: Mapping[str, _Local]) -> Iterable[str]:
    """Order fragments so that each comes after those it spreads; cycles are cut anywhere."""
    done: dict[str, None] = {}
    entered: set[str] = set()
    for start in fragments:
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                done[name] = None
                continue
            if name in entered:
                continue
            entered.add(name)
            stack.append((name, True))
            names = {spread.name for spread in fragments[name].spreads}
            stack.extend((other, False) for other in names if other in fragments)
    return done


def _shown(value: int) -> str:
    return "more than a billion" if value >= _SATURATED else str(value)
