"""Composition and the supergraph: from subgraph SDL to one graph, and what is known of it.

    from supergraph import SubgraphInput, compose

    result = compose([SubgraphInput("products", "http://products/graphql", sdl), …])
    for error in result.errors:
        print(error.code, error.message, error.coordinate, *error.locations)
    print(result.supergraph_sdl)

Mistakes in subgraphs are values in `errors` of the result: `compose` raises nothing for them. What
reads a supergraph (`load_supergraph`, `extract_subgraphs`, `apply_contract`) raises
`InvalidSupergraphError` for a text that is none.
"""

from supergraph.cache import CompositionCache
from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.diff import diff
from supergraph.checks.schema_text import InvalidSchemaError
from supergraph.compose import CompositionResult, compose
from supergraph.contracts import ContractFilter, ContractResult, apply_contract
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.extract import extract_subgraphs
from supergraph.hints import CompositionHint, HintCode, HintLevel
from supergraph.load import load_supergraph
from supergraph.model import InvalidSupergraphError, Supergraph
from supergraph.subgraph.model import SubgraphInput

__all__ = [
    "CompositionCache",
    "CompositionError",
    "CompositionHint",
    "CompositionResult",
    "ContractFilter",
    "ContractResult",
    "Criticality",
    "ErrorCode",
    "HintCode",
    "HintLevel",
    "InvalidSchemaError",
    "InvalidSupergraphError",
    "SchemaChange",
    "SourceLocation",
    "SubgraphInput",
    "Supergraph",
    "apply_contract",
    "compose",
    "diff",
    "extract_subgraphs",
    "load_supergraph",
]
