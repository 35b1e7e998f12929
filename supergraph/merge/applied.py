"""Directives that go from the subgraphs into the supergraph, and how many become one.

Each such directive has a strategy: repeatable ones are united, flags hold if anyone sets them,
access rules must all hold, limits take the greatest, and for the rest the most frequent wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from graphql import (
    BooleanValueNode,
    IntValueNode,
    ListValueNode,
    StringValueNode,
    ValueNode,
)

from supergraph.definitions import (
    AppliedDirective,
    boolean_value,
    quoted_list,
    string_value,
    value_text,
)
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.context import ElementT, MergeContext, Source, describe_groups
from supergraph.merge.join_directives import merge_join_directives
from supergraph.subgraph.contexts import supergraph_context

Values = Sequence[ValueNode]

MAX_ALTERNATIVES = 2_000
"""Alternatives that access rules of several subgraphs may multiply to; real ones have a few."""


class TooManyAlternativesError(Exception):
    """The rules of several subgraphs cannot be written as one."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How the values that subgraphs give for an argument become one."""

    name: str
    merge: Callable[[Values], ValueNode]
    default: ValueNode | None = None
    """What the argument is where it is not given."""


def _max(values: Values) -> ValueNode:
    return max(
        (value for value in values if isinstance(value, IntValueNode)),
        key=lambda value: int(value.value),
        default=values[0],
    )


def _union(values: Values) -> ValueNode:
    texts: dict[str, ValueNode] = {}
    for value in values:
        for item in value.values if isinstance(value, ListValueNode) else (value,):
            texts.setdefault(value_text(item), item)
    return ListValueNode(values=tuple(texts.values()))


def _and(values: Values) -> ValueNode:
    return boolean_value(
        all(value.value for value in values if isinstance(value, BooleanValueNode))
    )


def _conjunction(values: Values) -> ValueNode:
    """Lists of lists read as "any of (all of …)"; all of the values must hold."""
    combined: list[frozenset[str]] = [frozenset()]
    for value in values:
        alternatives = [
            frozenset(item.value for item in _items(inner) if isinstance(item, StringValueNode))
            for inner in _items(value)
        ]
        if len(combined) * len(alternatives) > MAX_ALTERNATIVES:
            raise TooManyAlternativesError
        combined = _minimal([left | right for left, right in product(combined, alternatives)])
    return ListValueNode(
        values=tuple(
            ListValueNode(values=tuple(string_value(name) for name in sorted(names)))
            for names in combined
        )
    )


def _minimal(sets: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Without sets that contain another: who satisfies the larger satisfies the smaller."""
    distinct = list(dict.fromkeys(sets))
    return [item for item in distinct if not any(other < item for other in distinct)]


def _items(value: ValueNode) -> Sequence[ValueNode]:
    return value.values if isinstance(value, ListValueNode) else (value,)


_DNF = Strategy("DNF_CONJUNCTION", _conjunction)
STRATEGIES: Mapping[str, Mapping[str, Strategy]] = {
    "inaccessible": {},
    "authenticated": {},
    "requiresScopes": {"scopes": _DNF},
    "policy": {"policies": _DNF},
    "cost": {"weight": Strategy("MAX", _max)},
    "listSize": {
        "assumedSize": Strategy("NULLABLE_MAX", _max),
        "slicingArguments": Strategy("NULLABLE_UNION", _union),
        "sizedFields": Strategy("NULLABLE_UNION", _union),
        "requireOneSlicingArgument": Strategy("NULLABLE_AND", _and, boolean_value(True)),
    },
}
UNITED = ("tag",)
"""Repeatable: all distinct applications are kept."""
MOST_FREQUENT = ("deprecated", "specifiedBy", "oneOf")
MERGED_FEATURES = (*UNITED, *STRATEGIES, *MOST_FREQUENT)


def merge_applied(
    context: MergeContext, coordinate: str, sources: Sequence[Source[ElementT]]
) -> list[AppliedDirective]:
    """The directives of the merged element, under their names in the supergraph."""
    merged: list[AppliedDirective] = []
    present = {item.feature for source in sources for item in source.element.directives}
    for feature in MERGED_FEATURES:
        if feature not in present:
            continue
        applied = [(source, item) for source in sources for item in source.element.applied(feature)]
        if feature in UNITED:
            distinct = {_arguments_text(item): item for _, item in reversed(applied)}
            merged += [
                _made(context, feature, item.arguments) for item in reversed(distinct.values())
            ]
        elif feature in STRATEGIES:
            merged.append(_merge_by_strategy(context, coordinate, feature, applied))
        else:
            merged.append(
                _made(
                    context,
                    feature,
                    _most_frequent_arguments(context, coordinate, feature, applied),
                )
            )
    if "context" in present:
        merged += _merge_contexts(context, sources)
    merged += _merge_composed(context, coordinate, sources)
    return [*merged, *merge_join_directives(context, sources)]


def _made(
    context: MergeContext, feature: str, arguments: Mapping[str, ValueNode]
) -> AppliedDirective:
    """A directive under its name in the supergraph."""
    return AppliedDirective(context.feature_names.get(feature, feature), dict(arguments), feature)


def _merge_contexts(
    context: MergeContext, sources: Sequence[Source[ElementT]]
) -> list[AppliedDirective]:
    """Contexts of all subgraphs, each under a name of its own."""
    named = dict.fromkeys(
        supergraph_context(source.subgraph, item.text("name") or "")
        for source in sources
        for item in source.element.applied("context")
    )
    return [_made(context, "context", {"name": string_value(name)}) for name in named]


def _merge_composed(
    context: MergeContext, coordinate: str, sources: Sequence[Source[ElementT]]
) -> list[AppliedDirective]:
    """The users' own directives: kept wherever one of the subgraphs exports them."""
    composed = context.composed
    merged: list[AppliedDirective] = []
    exported = {
        item.name
        for source in sources
        for item in source.element.directives
        if item.name in composed.exporting.get(source.subgraph.name, ())
        and item.name in composed.definitions
    }
    for name in sorted(exported):
        applied = [
            (source, item)
            for source in sources
            for item in source.element.directives
            if item.name == name
        ]
        if composed.definitions[name].repeatable:
            distinct = {_arguments_text(item): item for _, item in reversed(applied)}
            merged += [
                AppliedDirective(name, dict(item.arguments)) for item in reversed(distinct.values())
            ]
        else:
            _check_not_repeated(context, coordinate, name, applied)
            arguments = _most_frequent_arguments(context, coordinate, name, applied)
            merged.append(AppliedDirective(name, dict(arguments)))
    return merged


def _check_not_repeated(
    context: MergeContext,
    coordinate: str,
    name: str,
    applied: Sequence[tuple[Source[ElementT], AppliedDirective]],
) -> None:
    """A subgraph may define the directive as repeatable where the definition composed is not."""
    counts = Counter(source.subgraph.name for source, _ in applied)
    repeating = [subgraph for subgraph, count in counts.items() if count > 1]
    if repeating:
        context.error(
            ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
            f'Composed directive "@{name}" is not repeatable by the definition that is composed, '
            f'but it is applied to "{coordinate}" several times in {quoted_list(repeating)}',
            [source for source, _ in applied if source.subgraph.name in repeating],
            coordinate,
        )


def _merge_by_strategy(
    context: MergeContext,
    coordinate: str,
    feature: str,
    applied: Sequence[tuple[Source[ElementT], AppliedDirective]],
) -> AppliedDirective:
    if len({_arguments_text(item) for _, item in applied}) == 1:
        return _made(context, feature, applied[0][1].arguments)
    strategies = STRATEGIES[feature]
    arguments = {}
    for name, strategy in strategies.items():
        default = strategy.default
        values = [
            value for _, item in applied if (value := item.arguments.get(name, default)) is not None
        ]
        if not values:
            continue
        try:
            arguments[name] = strategy.merge(values)
        except TooManyAlternativesError:
            context.error(
                ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                f'The alternatives of @{feature} on "{coordinate}" in several subgraphs multiply '
                f"to more than {MAX_ALTERNATIVES}: name fewer of them.",
                [source for source, _ in applied],
                coordinate,
            )
            arguments[name] = values[0]
    used = ", ".join(f'"{name}": {strategies[name].name}' for name in arguments)
    context.hint(
        HintCode.MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
        f'Directive @{feature} is applied to "{coordinate}" in multiple subgraphs with different '
        f"arguments. Merging strategies used by arguments: {{ {used} }}",
        [source for source, _ in applied],
        coordinate,
    )
    return _made(context, feature, arguments)


def _most_frequent_arguments(
    context: MergeContext,
    coordinate: str,
    feature: str,
    applied: Sequence[tuple[Source[ElementT], AppliedDirective]],
) -> Mapping[str, ValueNode]:
    groups: dict[str, list[tuple[Source[ElementT], AppliedDirective]]] = {}
    for source, item in applied:
        groups.setdefault(_arguments_text(item), []).append((source, item))
    chosen = max(groups, key=lambda text: len(groups[text]))
    if len(groups) > 1:
        used = ", ".join(f'"{source.subgraph.name}"' for source, _ in groups[chosen])
        others = describe_groups(
            [
                (_said(text), [source.subgraph.name for source, _ in group])
                for text, group in groups.items()
                if text != chosen
            ],
            "found ",
        )
        context.hint(
            HintCode.INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS,
            f'Non-repeatable directive @{feature} is applied to "{coordinate}" in multiple '
            f"subgraphs but with incompatible arguments. The supergraph will use {_said(chosen)} "
            f"(from subgraph {used}), but {others}.",
            [source for source, _ in applied],
            coordinate,
        )
    return groups[chosen][0][1].arguments


def _said(arguments: str) -> str:
    return f"arguments {{{arguments}}}" if arguments else "no arguments"


def _arguments_text(directive: AppliedDirective) -> str:
    return ", ".join(
        f"{name}: {value_text(value)}" for name, value in sorted(directive.arguments.items())
    )
