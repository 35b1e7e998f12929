"""Differences that the API schema does not show."""

from supergraph.checks.federation.subgraph import subgraph_changes
from supergraph.checks.federation.supergraphs import federation_changes

__all__ = ["federation_changes", "subgraph_changes"]
