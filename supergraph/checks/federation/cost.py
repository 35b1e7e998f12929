"""COST_CHANGED, LIST_SIZE_CHANGED: what an operation counts for."""

from __future__ import annotations

from graphql import IntValueNode, ListValueNode, StringValueNode, ValueNode

from supergraph.checks.change import Criticality
from supergraph.checks.changes.found import DANGEROUS, SAFE, Found
from supergraph.checks.changes.values import same_value
from supergraph.checks.federation.elements import element_pairs
from supergraph.checks.federation.note import note
from supergraph.definitions import AppliedDirective, Element, SchemaDefinitions, value_text


def compare_cost(
    found: Found, old: SchemaDefinitions, new: SchemaDefinitions, subgraph: str | None
) -> None:
    """Note weights and list sizes that changed.

    Dangerous, as operations may exceed a limit that they kept; safe where a weight, or the size of
    a list, can only have become smaller.
    """
    for path, before, after in element_pairs(old, new):
        _compare_weight(found, path, before, after, subgraph)
        _compare_list_size(found, path, before, after, subgraph)


def _compare_weight(
    found: Found, path: str, before: Element, after: Element, subgraph: str | None
) -> None:
    was, now = _argument(before, "cost", "weight"), _argument(after, "cost", "weight")
    if same_value(was, now):
        return
    message = f'"{path}" weighs {_shown(now, "what it does by default")} now, it was '
    message += f"{_shown(was, 'the default')}."
    grade = _grade(was, now)
    note(found, "COST_CHANGED", grade, path, message, subgraph, after, directive="cost")


def _compare_list_size(
    found: Found, path: str, before: Element, after: Element, subgraph: str | None
) -> None:
    was, now = _applied(before, "listSize"), _applied(after, "listSize")
    old = was.arguments if was is not None else {}
    new = now.arguments if now is not None else {}
    names = [
        name for name in dict.fromkeys((*old, *new)) if not same_value(old.get(name), new.get(name))
    ]
    if not names:
        return
    parts = ", ".join(
        f"{name} is {_shown(new.get(name), 'not given')} now, it was "
        f"{_shown(old.get(name), 'not given')}"
        for name in names
    )
    only_size = names == ["assumedSize"]
    grade = _grade(old.get("assumedSize"), new.get("assumedSize")) if only_size else DANGEROUS
    message = f'The size of the list "{path}" counts otherwise: {parts}.'
    note(found, "LIST_SIZE_CHANGED", grade, path, message, subgraph, after, directive="listSize")


def _grade(was: ValueNode | None, now: ValueNode | None) -> Criticality:
    numbers = [_number(was), _number(now)]
    if None in numbers or numbers[1] > numbers[0]:  # type: ignore[operator] # neither is None there
        return DANGEROUS
    return SAFE


def _number(value: ValueNode | None) -> int | None:
    if isinstance(value, IntValueNode):
        return int(value.value)
    if isinstance(value, StringValueNode) and value.value.lstrip("-").isdigit():
        return int(value.value)
    return None


def _applied(element: Element, feature: str) -> AppliedDirective | None:
    return next(iter(element.applied(feature)), None)


def _argument(element: Element, feature: str, name: str) -> ValueNode | None:
    applied = _applied(element, feature)
    return applied.arguments.get(name) if applied is not None else None


def _shown(value: ValueNode | None, otherwise: str) -> str:
    if isinstance(value, ListValueNode):
        return f"[{', '.join(value_text(item) for item in value.values)}]"
    return otherwise if value is None else value_text(value)
