"""The normalized operation: what validation and normalization make of a GraphQL document.

Named fragments are gone, fragments that always apply are inlined, equal fields are merged, and
`@skip`/`@include` with literal arguments are decided. Conditions on variables stay with the
selection they guard, so one normalized operation (and one plan) serves every set of variables.
All of it is frozen and shared between requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from graphql import DirectiveNode, OperationType, ValueNode, VariableDefinitionNode


@dataclass(frozen=True, slots=True)
class Condition:
    """Select only if the Boolean variable `variable` (without `$`) has the value `required`.

    `@include(if: $v)` is `Condition("v", True)`, `@skip(if: $v)` is `Condition("v", False)`.
    """

    variable: str
    required: bool


Conditions: TypeAlias = frozenset[Condition]
"""All of them must hold."""


@dataclass(frozen=True, slots=True)
class FieldSelection:
    """A field; `selections` is empty for a leaf. `__typename` is a field like any other."""

    name: str
    alias: str | None = None
    arguments: tuple[tuple[str, ValueNode], ...] = ()
    selections: SelectionSet = ()
    conditions: Conditions = frozenset()
    directives: tuple[DirectiveNode, ...] = ()
    """Executable directives other than `@skip` and `@include`."""

    @property
    def response_name(self) -> str:
        """The field's key in the response."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class InlineFragment:
    """Selections that apply where the object is of `type_condition`; None means always."""

    type_condition: str | None
    selections: SelectionSet
    conditions: Conditions = frozenset()


Selection: TypeAlias = FieldSelection | InlineFragment
SelectionSet: TypeAlias = tuple[Selection, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A validated, normalized operation. `root_type` is the API schema's name for it."""

    kind: OperationType
    name: str | None
    root_type: str
    selections: SelectionSet
    variables: tuple[VariableDefinitionNode, ...] = ()
