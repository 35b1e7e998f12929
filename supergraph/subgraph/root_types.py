"""Root types under their default names: `schema { query: MyQuery }` becomes `Query`."""

from __future__ import annotations

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode

from supergraph.definitions import ROOT_NAMES, named_type
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph

_CODES = {
    "query": ErrorCode.ROOT_QUERY_USED,
    "mutation": ErrorCode.ROOT_MUTATION_USED,
    "subscription": ErrorCode.ROOT_SUBSCRIPTION_USED,
}


def use_default_root_names(subgraph: Subgraph) -> list[CompositionError]:
    """Rename root types everywhere they are named; an error where the default name is taken."""
    errors: list[CompositionError] = []
    renamed: dict[str, str] = {}
    for operation, default in ROOT_NAMES.items():
        actual = subgraph.roots.get(operation)
        taken = subgraph.types.get(default)
        if taken is not None and actual is not None and actual != default:
            errors.append(
                subgraph.error(
                    _CODES[operation],
                    f'The schema has a type named "{default}" but it is not set as the {operation} '
                    f'root type ("{actual}" is instead): this is not supported by federation. If a '
                    "root type does not use its default name, there should be no other type with "
                    "that default name.",
                    *taken.nodes,
                    coordinate=default,
                )
            )
        elif actual is not None and actual != default:
            renamed[actual] = default
    if renamed and not errors:
        _rename(subgraph, renamed)
    return errors


def _rename(subgraph: Subgraph, renamed: dict[str, str]) -> None:
    subgraph.roots = {
        operation: renamed.get(name, name) for operation, name in subgraph.roots.items()
    }
    types = {}
    for definition in subgraph.types.values():
        definition.name = renamed.get(definition.name, definition.name)
        types[definition.name] = definition
        definition.members = [renamed.get(name, name) for name in definition.members]
        for field in definition.fields.values():
            field.type = _renamed_type(field.type, renamed)
    subgraph.types = types


def _renamed_type(
    node: TypeNode, renamed: dict[str, str]
) -> NamedTypeNode | ListTypeNode | NonNullTypeNode:
    if isinstance(node, NonNullTypeNode):
        inner = _renamed_type(node.type, renamed)
        assert not isinstance(inner, NonNullTypeNode)  # noqa: S101 - it was none before
        return NonNullTypeNode(type=inner, loc=node.loc)
    if isinstance(node, ListTypeNode):
        return ListTypeNode(type=_renamed_type(node.type, renamed), loc=node.loc)
    assert isinstance(node, NamedTypeNode)  # noqa: S101 - the third and last kind
    name = node.name.value
    return named_type(renamed[name]) if name in renamed else node
