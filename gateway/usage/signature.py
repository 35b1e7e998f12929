"""An operation without anything of a user's: what is written down of a document.

Values in the text may be personal data (`user(email: "jane@example.com")`), and make every document
another one. So strings and numbers become empty, equal items of a list one, comments go; what is
the developers' stays: names, aliases, enum values, booleans, the members of input objects.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The operation as it is written down; `hash` is that of the text."""

    hash: str
    name: str | None
    text: str


def signature_of(document: str, operation_name: str | None) -> Signature | None:
    """The signature of a document's operation; None if it is not to be had."""
    try:
        parsed = parse(document, no_location=True)
        chosen = _chosen(parsed, operation_name)
        if chosen is None:
            return None
        text = print_ast(visit(chosen, _WithoutValues()))
    except (GraphQLError, RecursionError):
        return None
    operation = chosen.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)  # noqa: S101 - see _chosen
    name = operation.name.value if operation.name is not None else None
    return Signature(hashlib.sha256(text.encode()).hexdigest(), name, text)


def _chosen(document: DocumentNode, operation_name: str | None) -> DocumentNode | None:
    """The operation that runs, first, and the fragments it uses, by name."""
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (not operation_name or (node.name is not None and node.name.value == operation_name))
    ]
    if not operations:
        return None
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    needed: set[str] = set()
    pending: list[Node] = [operations[0]]
    while pending:
        node = pending.pop()
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in needed and name in fragments:
                needed.add(name)
                pending.append(fragments[name])
        pending += getattr(getattr(node, "selection_set", None), "selections", ())
    kept = [fragments[name] for name in sorted(needed)]
    return DocumentNode(definitions=(operations[0], *kept))


class _WithoutValues(Visitor):
    """Replaces values that are not names."""

    def enter_string_value(self, _node: StringValueNode, *_args: Any) -> StringValueNode:
        """Keep that it is a string."""
        return StringValueNode(value="", block=False)

    def enter_int_value(self, _node: IntValueNode, *_args: Any) -> IntValueNode:
        """Keep that it is a whole number."""
        return IntValueNode(value="0")

    def enter_float_value(self, _node: FloatValueNode, *_args: Any) -> FloatValueNode:
        """Keep that it is a number."""
        return FloatValueNode(value="0.0")

    def leave_list_value(self, node: ListValueNode, *_args: Any) -> ListValueNode:
        """Keep each kind of item once."""
        return ListValueNode(values=tuple({print_ast(item): item for item in node.values}.values()))
