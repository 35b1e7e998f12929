"""Rules of style for the subgraphs of a graph, one per file; teams bring their own as plugins."""

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, NoOptions

__all__ = ["LintFinding", "LintGraph", "LintRule", "NoOptions"]
