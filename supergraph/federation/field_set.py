"""Field sets: the selection sets inside `@key`, `@requires` and `@provides`.

A field set is GraphQL text without the outer braces, as in `"id organization { id }"`; braces
around the whole are accepted too. Here it becomes frozen, hashable Python values. Nothing is
checked against a schema: who has one says what a name means in it.

Source: Apollo Federation subgraph specification, scalar `FieldSet`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    parse,
    print_ast,
)

MAX_FIELD_SET_CHARACTERS = 100_000
"""Real field sets have a few dozen characters; the limit keeps hostile ones cheap."""

MAX_FIELD_SET_DEPTH = 64
"""Levels of braces; deeper ones would exhaust Python's stack."""


class FieldSetError(ValueError):
    """The text is no field set; the message says why and is fit for users.

    `aliased` names the response names of aliased fields, where aliases are what is wrong;
    `directive` the directive, where one is.
    """

    def __init__(
        self, message: str, *, aliased: tuple[str, ...] = (), directive: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.aliased = aliased
        self.directive = directive


@dataclass(frozen=True, slots=True)
class FieldSetField:
    """A field; `selections` is empty for a leaf. Arguments stand in the order written."""

    name: str
    arguments: tuple[tuple[str, ValueNode], ...] = ()
    selections: FieldSet = ()


@dataclass(frozen=True, slots=True)
class FieldSetFragment:
    """`... on type_condition { selections }`; None where the condition was left out."""

    type_condition: str | None
    selections: FieldSet


FieldSetSelection: TypeAlias = FieldSetField | FieldSetFragment
FieldSet: TypeAlias = tuple[FieldSetSelection, ...]


@lru_cache(maxsize=4096)
def parse_field_set(text: str) -> FieldSet:
    """Parse `text`; at least one selection results.

    Raises:
        FieldSetError: for text that is empty, no GraphQL, or uses what a field set may not have
            (aliases, directives, named fragments, more than one selection set).
    """
    if not text.strip():
        raise FieldSetError("The field set is empty; name at least one field.")
    if len(text) > MAX_FIELD_SET_CHARACTERS:
        raise FieldSetError(f"The field set has more than {MAX_FIELD_SET_CHARACTERS} characters.")
    if _depth(text) > MAX_FIELD_SET_DEPTH:
        raise FieldSetError(f"The field set is nested deeper than {MAX_FIELD_SET_DEPTH} levels.")
    source = text if text.lstrip().startswith("{") else "{" + text + "}"
    try:
        document = parse(source, no_location=True)
    except GraphQLError as error:
        raise FieldSetError(
            f"The field set {_quote(text)} is not valid GraphQL: {error.message}"
        ) from error
    definition = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(definition, OperationDefinitionNode):
        raise FieldSetError(f"The field set {_quote(text)} must be one selection set.")
    return _selections(definition.selection_set, text)


def _selections(node: SelectionSetNode, text: str) -> FieldSet:
    found: list[FieldSetSelection] = []
    for selection in node.selections:
        if selection.directives:
            raise FieldSetError(
                f"The field set {_quote(text)} must not use directives, "
                f"but uses @{selection.directives[0].name.value}.",
                directive=selection.directives[0].name.value,
            )
        if isinstance(selection, FieldNode):
            if selection.alias:
                raise FieldSetError(
                    f"The field set {_quote(text)} must not use aliases, "
                    f'but names "{selection.name.value}" "{selection.alias.value}".',
                    aliased=(selection.alias.value,),
                )
            found.append(
                FieldSetField(
                    selection.name.value,
                    tuple((item.name.value, item.value) for item in selection.arguments or ()),
                    _selections(selection.selection_set, text) if selection.selection_set else (),
                )
            )
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            found.append(
                FieldSetFragment(
                    condition.name.value if condition else None,
                    _selections(selection.selection_set, text),
                )
            )
        else:
            raise FieldSetError(f"The field set {_quote(text)} must not use named fragments.")
    return tuple(found)


def print_field_set(field_set: FieldSet) -> str:
    """The text of a field set: one line, single spaces, order kept."""
    return " ".join(map(_print_selection, field_set))


def _print_selection(selection: FieldSetSelection) -> str:
    if isinstance(selection, FieldSetFragment):
        condition = f" on {selection.type_condition}" if selection.type_condition else ""
        return f"...{condition} {{ {print_field_set(selection.selections)} }}"
    arguments = ", ".join(f"{name}: {print_ast(value)}" for name, value in selection.arguments)
    text = f"{selection.name}({arguments})" if arguments else selection.name
    return f"{text} {{ {print_field_set(selection.selections)} }}" if selection.selections else text


def field_names(field_set: FieldSet) -> Iterator[str]:
    """Names of the outermost fields, those inside fragments included, in order."""
    for selection in field_set:
        if isinstance(selection, FieldSetField):
            yield selection.name
        else:
            yield from field_names(selection.selections)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "{[(":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}])":
            depth -= 1
    return deepest


def _quote(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= 120 else f'"{flat[:117]}..."'
