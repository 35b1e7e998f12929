"""Composition and the supergraph: from subgraph SDL to one graph, and what is known of it."""

from supergraph.compose import CompositionResult, compose
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.hints import CompositionHint, HintCode, HintLevel
from supergraph.subgraph.model import SubgraphInput

__all__ = [
    "CompositionError",
    "CompositionHint",
    "CompositionResult",
    "ErrorCode",
    "HintCode",
    "HintLevel",
    "SourceLocation",
    "SubgraphInput",
    "compose",
]
