"""Satisfiability (filled in with the query graph)."""

from __future__ import annotations

from supergraph.errors import CompositionError


def check_satisfiability(sdl: str) -> list[CompositionError]:
    """Nothing yet."""
    del sdl
    return []
