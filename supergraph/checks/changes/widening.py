"""Which changes of a type leave every operation valid that was valid before.

What a client reads may become narrower (`String` to `String!`), what it sends may become wider
(`String!` to `String`); both hold inside lists, too. Any other change breaks somebody.

Source: GraphQL specification, "All Variable Usages Are Allowed" and "Value Completion".
"""

from __future__ import annotations

from graphql import ListTypeNode, NonNullTypeNode, TypeNode

from supergraph.definitions import base_name


def is_safe_output(old: TypeNode, new: TypeNode) -> bool:
    """Whether clients that read a field of type `old` can read one of type `new`."""
    if isinstance(new, NonNullTypeNode):
        return is_safe_output(old.type if isinstance(old, NonNullTypeNode) else old, new.type)
    if isinstance(old, NonNullTypeNode):
        return False
    if isinstance(old, ListTypeNode) or isinstance(new, ListTypeNode):
        return (
            isinstance(old, ListTypeNode)
            and isinstance(new, ListTypeNode)
            and is_safe_output(old.type, new.type)
        )
    return base_name(old) == base_name(new)


def is_safe_input(old: TypeNode, new: TypeNode) -> bool:
    """Whether what clients send for type `old`, variables included, is fine for type `new`."""
    return is_safe_output(new, old)
