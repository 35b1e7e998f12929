"""A supergraph taken apart again: the SDL of each subgraph, as Federation 2 writes it.

Tools that have only the supergraph (a registry's download, another composer's output) want to see
who has what, to check one subgraph against the others, or to compose again after a change. The
join directives hold nearly all of it. What they leave out is put back so that composing the result
gives the same supergraph:

- `@shareable` stands where more than one subgraph has a field;
- a field that moved away by `@override` and is not used any more is declared again where it was;
- descriptions, `@tag`, `@deprecated`, `@cost` and the like are merged from all subgraphs, so every
  subgraph that has the element gets them; what `@external` forbids is left out there.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import DocumentNode

from supergraph.collection import collection_paused
from supergraph.extraction.definitions import read_definitions
from supergraph.extraction.sdl import print_subgraph
from supergraph.extraction.subgraph import SubgraphExtraction
from supergraph.federation.directives import LATEST_VERSION
from supergraph.federation.directives import Version as FederationVersion
from supergraph.links import linked_specs
from supergraph.load import parse_supergraph, read_supergraph
from supergraph.model import InvalidSupergraphError, Supergraph
from supergraph.subgraph.model import SubgraphInput

_FEDERATION_VERSIONS: Mapping[tuple[int, int], FederationVersion] = {
    (0, 2): (2, 6),
    (0, 3): (2, 6),
    (0, 4): (2, 7),
    (0, 5): LATEST_VERSION,
}
"""The newest federation version whose subgraphs compose to each version of join."""


def extract_subgraphs(supergraph: Supergraph | str) -> tuple[SubgraphInput, ...]:
    """The subgraphs of a supergraph, in its order; composing them gives the supergraph again.

    Raises:
        InvalidSupergraphError: if the text is no supergraph, or one of join v0.1 (Federation 1),
            which does not say which subgraph has which type.
    """
    with collection_paused():
        if isinstance(supergraph, str):
            document = parse_supergraph(supergraph)
            return _extract(read_supergraph(supergraph, document), document)
        return _extract(supergraph, parse_supergraph(supergraph.sdl))


def _extract(loaded: Supergraph, document: DocumentNode) -> tuple[SubgraphInput, ...]:
    specs = linked_specs(document)
    join = next(spec for spec in specs if spec.name == "join")
    version = _FEDERATION_VERSIONS.get(join.version)
    if version is None:
        raise InvalidSupergraphError(
            f"The supergraph is of join v{join.version[0]}.{join.version[1]}, which does not say "
            "which subgraph has which type: compose it with Federation 2 first."
        )
    whole = read_definitions(document, specs)
    return tuple(
        SubgraphInput(
            graph.name,
            graph.url or None,
            print_subgraph(SubgraphExtraction(whole, loaded.graphs, graph).run(), version, specs),
        )
        for graph in loaded.graphs.values()
    )
