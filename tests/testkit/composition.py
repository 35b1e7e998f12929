"""Small supergraphs for tests, written as subgraph SDL on the screen of the test."""

from __future__ import annotations

import re

from supergraph.compose import CompositionResult, compose
from supergraph.subgraph.model import SubgraphInput

FEDERATION_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", '
    '"@requires", "@provides", "@external", "@tag", "@extends", "@shareable", "@inaccessible", '
    '"@override", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy"])\n'
)
_HAS_LINK = re.compile(r"@link\b")


def subgraph_inputs(subgraphs: dict[str, str]) -> list[SubgraphInput]:
    """Inputs of SDL by name; a text without `@link` gets one that imports what federation has.

    The URL of a subgraph is `http://NAME`.
    """
    return [
        SubgraphInput(
            name, f"http://{name}", sdl if _HAS_LINK.search(sdl) else FEDERATION_LINK + sdl
        )
        for name, sdl in subgraphs.items()
    ]


def compose_result(**subgraphs: str) -> CompositionResult:
    """Compose and return everything: SDL, errors and hints."""
    return compose(subgraph_inputs(subgraphs))


def compose_sdl(**subgraphs: str) -> str:
    """Compose and return the supergraph SDL.

    Raises:
        AssertionError: if the subgraphs do not compose; the message lists all errors.
    """
    result = compose_result(**subgraphs)
    if result.supergraph_sdl is None:
        raise AssertionError("\n".join(str(error) for error in result.errors))
    return result.supergraph_sdl
