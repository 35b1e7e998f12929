"""`@skip` and `@include`: what can be decided now, and what waits for variables."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import BooleanValueNode, DirectiveNode, VariableNode

from gateway.operation.model import Condition, Conditions

_REQUIRED_VALUE = {"include": True, "skip": False}


def conditions_of(directives: Sequence[DirectiveNode]) -> Conditions | None:
    """Collect the conditions on variables; None if the selection can never apply."""
    conditions: set[Condition] = set()
    for directive in directives:
        required = _REQUIRED_VALUE.get(directive.name.value)
        if required is None:
            continue
        value = next(
            (a.value for a in directive.arguments or () if a.name.value == "if"),
            None,
        )
        if isinstance(value, BooleanValueNode) and value.value is not required:
            return None
        if isinstance(value, VariableNode):
            conditions.add(Condition(value.name.value, required))
    if contradictory(conditions):
        return None
    return frozenset(conditions)


def without_conditions(directives: Sequence[DirectiveNode]) -> tuple[DirectiveNode, ...]:
    """Leave out `@skip` and `@include`."""
    return tuple(d for d in directives if d.name.value not in _REQUIRED_VALUE)


def contradictory(conditions: Conditions | set[Condition]) -> bool:
    """Whether the conditions want both values of one variable."""
    return len({condition.variable for condition in conditions}) < len(conditions)
