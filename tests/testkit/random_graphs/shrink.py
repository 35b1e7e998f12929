"""Make a failing case small: take away whatever it fails without.

First from the operation, then from the subgraphs, one node of the document at a time, as long as
the case still fails in the same way. What is left usually shows the rule that is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    Node,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.testkit.random_graphs.case import Case, find_problem

_FROM_QUERY = ("field", "inline_fragment", "fragment_spread", "directive", "argument")
_FROM_SDL = (
    "field_definition",
    "directive",
    "input_value_definition",
    "enum_value_definition",
    "object_type_definition",
    "interface_type_definition",
    "union_type_definition",
    "enum_type_definition",
    "object_type_extension",
)


def shrink(case: Case, kind: str, *, seconds: float = 30) -> Case:
    """The smallest case found within the time that still fails with a problem of this kind."""
    deadline = time.monotonic() + seconds

    def fails(candidate: Case) -> bool:
        try:
            problem = find_problem(candidate)
        except Exception as error:  # whatever breaks is kept apart by its name
            return kind == crash_kind(error)
        return problem is not None and problem.kind == kind

    plain = replace(case, unsplit=None)
    if fails(plain):
        case = plain
    while time.monotonic() < deadline:
        before = case
        case = _shrink_query(case, fails, deadline)
        if case.unsplit is None:
            case = _shrink_subgraphs(case, fails, deadline)
        if case == before:
            break
    return case


def crash_kind(error: Exception) -> str:
    """The kind of problem that an exception is."""
    return f"crash {type(error).__name__}"


def _shrink_query(case: Case, fails: Callable[[Case], bool], deadline: float) -> Case:
    def attempt(text: str) -> bool:
        nonlocal case
        candidate = replace(case, query=text)
        if fails(candidate):
            case = candidate
            return True
        return False

    _without_nodes(case.query, _FROM_QUERY, attempt, deadline)
    return case


def _shrink_subgraphs(case: Case, fails: Callable[[Case], bool], deadline: float) -> Case:
    for name in list(case.subgraphs):
        without = {other: sdl for other, sdl in case.subgraphs.items() if other != name}
        if without and fails(replace(case, subgraphs=without)):
            case = replace(case, subgraphs=without)
    for name in list(case.subgraphs):
        if name not in case.subgraphs:
            continue

        def attempt(text: str, name: str = name) -> bool:
            nonlocal case
            candidate = replace(case, subgraphs={**case.subgraphs, name: text})
            if fails(candidate):
                case = candidate
                return True
            return False

        _without_nodes(case.subgraphs[name], _FROM_SDL, attempt, deadline)
    return case


def _without_nodes(
    text: str, kinds: tuple[str, ...], attempt: Callable[[str], bool], deadline: float
) -> None:
    """Try the text without one node after the other, from the last to the first."""
    position = _count(text, kinds)
    while position > 0 and time.monotonic() < deadline:
        position -= 1
        smaller = _without(text, kinds, position)
        if smaller is not None and attempt(smaller):
            text = smaller
            position = min(position, _count(text, kinds))


class _Remover(Visitor):
    """Removes the node of one number; without a number, counts."""

    def __init__(self, kinds: tuple[str, ...], number: int = -1) -> None:
        super().__init__()
        self.kinds = kinds
        self.number = number
        self.seen = 0

    def enter(self, node: Node, *_: Any) -> Any:
        if node.kind not in self.kinds:
            return None
        self.seen += 1
        return REMOVE if self.seen - 1 == self.number else None


def _count(text: str, kinds: tuple[str, ...]) -> int:
    counter = _Remover(kinds)
    visit(parse(text, no_location=True), counter)
    return counter.seen


def _without(text: str, kinds: tuple[str, ...], number: int) -> str | None:
    """The text without one node, and without what only that node used; None if it cannot be."""
    try:
        document = parse(text, no_location=True)
        smaller = print_ast(visit(document, _Remover(kinds, number)))
        parse(smaller)
    except GraphQLError:
        return None
    if "{}" in smaller:
        return None  # nothing is left to select; some parsers take it
    return _without_unused(smaller)


class _Uses(Visitor):
    """The variables and fragments that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.fragments: set[str] = set()

    def enter(self, node: Node, _key: Any, parent: Any, *_: Any) -> None:
        if isinstance(node, VariableNode) and not isinstance(parent, VariableDefinitionNode):
            self.variables.add(node.name.value)
        if isinstance(node, FragmentSpreadNode):
            self.fragments.add(node.name.value)


class _RemoveUnused(Visitor):
    """Removes the definitions of all other variables and fragments."""

    def __init__(self, uses: _Uses) -> None:
        super().__init__()
        self.uses = uses

    def enter(self, node: Node, *_: Any) -> Any:
        if isinstance(node, VariableDefinitionNode):
            return None if node.variable.name.value in self.uses.variables else REMOVE
        if isinstance(node, FragmentDefinitionNode):
            return None if node.name.value in self.uses.fragments else REMOVE
        return None


def _without_unused(text: str) -> str:
    """Without variables and fragments that nothing uses any more."""
    while True:
        document = parse(text, no_location=True)
        uses = _Uses()
        visit(document, uses)
        smaller = print_ast(visit(document, _RemoveUnused(uses)))
        if smaller == print_ast(document):
            return smaller
        text = smaller
