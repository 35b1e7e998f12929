"""The GraphQL library's rules for SDL, asked of each node that one of them looks at.

The library's visitor can be stopped, edit what it visits and never recurses, which costs it most of
its time, and it asks all fifteen rules about each node. These rules only look. So this walks the
nodes itself, and knows of each kind of node which rules have something to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import DocumentNode, GraphQLError, Node
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.validation.rules import ASTValidationRule
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validation_context import SDLValidationContext

_Method: TypeAlias = Callable[..., Any]

_PATH: list[str | int] = []
"""What rules are told about the way to a node besides its ancestors: none of them asks."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Of one kind of node: what rules do there, each with the rule's number, and its children.

    Rules look at names and descriptions, which are half of all nodes, from the nodes that have
    them; so these are no children.
    """

    enter: tuple[tuple[int, _Method], ...]
    leave: tuple[tuple[int, _Method], ...]
    children: tuple[str, ...]


def sdl_errors(document: DocumentNode) -> list[GraphQLError]:
    """What the library's rules for SDL say of a document."""
    errors: list[GraphQLError] = []
    context = SDLValidationContext(document, None, errors.append)
    _Walk([rule(context) for rule in specified_sdl_rules]).visit(document, None, None)
    return errors


class _Walk:
    """One walk over a document, with all rules at once."""

    def __init__(self, rules: list[ASTValidationRule]) -> None:
        self._rules = rules
        self._kinds: dict[str, _Kind] = {}
        self._ancestors: list[object] = []
        self._resting: set[int] = set()
        """Rules that want to see nothing more of the node that is being visited."""

    def visit(self, node: Node, key: str | int | None, parent: object) -> None:
        """Visit a node and what is in it, in the library's order."""
        kind = self._kinds.get(node.kind) or self._kind(node.kind)
        ancestors, resting = self._ancestors, self._resting
        rests: set[int] | None = None
        for number, method in kind.enter:
            # All that these rules can answer is that the node's children do not matter to them.
            if number not in resting and method(node, key, parent, _PATH, ancestors) is not None:
                rests = {number} if rests is None else rests | {number}
        if rests is not None:
            resting |= rests
        if kind.children:
            if parent is not None:
                ancestors.append(parent)
            for name in kind.children:
                child = getattr(node, name, None)
                if not child:
                    continue
                if not isinstance(child, tuple):
                    self.visit(child, name, node)
                    continue
                ancestors.append(node)
                for index, item in enumerate(child):
                    self.visit(item, index, child)
                ancestors.pop()
            if parent is not None:
                ancestors.pop()
        for number, method in kind.leave:
            if number not in resting:
                method(node, key, parent, _PATH, ancestors)
        if rests is not None:
            resting -= rests

    def _kind(self, name: str) -> _Kind:
        methods = [rule.get_enter_leave_for_kind(name) for rule in self._rules]
        found = self._kinds[name] = _Kind(
            tuple((number, item.enter) for number, item in enumerate(methods) if item.enter),
            tuple((number, item.leave) for number, item in enumerate(methods) if item.leave),
            tuple(
                key
                for key in QUERY_DOCUMENT_KEYS.get(name, ())
                if key not in ("name", "description")
            ),
        )
        return found
