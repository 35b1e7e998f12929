"""A supergraph that is much like another one is read by what differs: the rest is known already.

The two graphs of a check differ in a few types. Parsing is most of what reading a supergraph takes,
so the nodes of what is written alike are taken from the other's document. Nobody changes nodes, and
those of supergraphs have no place in a text, so that both documents can share them.
"""

from __future__ import annotations

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
)

from supergraph.checks.schema_text import SCHEMA, blanked, common_texts, pieces
from supergraph.load import parse_supergraph
from supergraph.model import InvalidSupergraphError


def parse_alike(sdl: str, other_sdl: str, other: DocumentNode) -> DocumentNode:
    """What `parse_supergraph(sdl)` gives; `other` is what it gave of `other_sdl`.

    Raises:
        InvalidSupergraphError: if `sdl` is not GraphQL.
    """
    known: dict[str, list[DefinitionNode]] = {}
    for node in other.definitions:
        known.setdefault(_key(node), []).append(node)
    common = {
        key
        for key, texts in common_texts(sdl, other_sdl).items()
        if len(texts) == len(known.get(key, ())) == 1
    }
    try:
        rest = list(parse_supergraph(blanked(sdl, common)).definitions)
    except InvalidSupergraphError:
        return parse_supergraph(sdl)  # a wrong cut, or a wrong text: the whole text tells
    found: list[DefinitionNode] = []
    for piece in pieces(sdl):
        if piece.key in common:
            found += known[piece.key]
        elif rest and _key(rest[0]) == piece.key:
            found.append(rest.pop(0))
        else:
            return parse_supergraph(sdl)  # a wrong cut
    return DocumentNode(definitions=tuple(found)) if not rest else parse_supergraph(sdl)


def _key(node: DefinitionNode) -> str:
    """As the text's pieces are called; nothing for what a supergraph has none of."""
    if isinstance(node, SchemaDefinitionNode):
        return SCHEMA
    if isinstance(node, DirectiveDefinitionNode):
        return f"@{node.name.value}"
    return node.name.value if isinstance(node, TypeDefinitionNode) else ""
