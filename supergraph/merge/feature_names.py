"""How the supergraph calls the directives it takes over: as the subgraphs call them.

A subgraph may import `@tag` as `@label`. Subgraphs that apply it must agree on the name, since the
supergraph can have only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supergraph.definitions import Element, quoted_list
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.federation.directives import FEDERATION_IDENTITY
from supergraph.federation.join import FEATURES
from supergraph.subgraph.model import Subgraph

CACHE_TAG = "cacheTag"
COMPOSED_BY_DEFAULT = frozenset(
    {CACHE_TAG, *(name for item in FEATURES for name in item.directives)}
)
"""Plain names of directives that go into the supergraph without being asked to."""


def feature_names(
    subgraphs: Sequence[Subgraph],
) -> tuple[dict[str, str], list[CompositionError]]:
    """Plain names of the directives applied to their names, and where subgraphs disagree."""
    applied: dict[str, dict[str, list[tuple[Subgraph, Element]]]] = {}
    for subgraph in subgraphs:
        for plain, (name, element) in _applied(subgraph).items():
            applied.setdefault(plain, {}).setdefault(name, []).append((subgraph, element))
    names = {plain: next(iter(groups)) for plain, groups in applied.items()}
    errors = [
        _mismatch(plain, groups) for plain, groups in sorted(applied.items()) if len(groups) > 1
    ]
    return names, errors


def _applied(subgraph: Subgraph) -> dict[str, tuple[str, Element]]:
    """Plain name to local name and the first element it is applied to."""
    found: dict[str, tuple[str, Element]] = {}
    for _, element in subgraph.elements():
        for directive in element.directives:
            if directive.feature in COMPOSED_BY_DEFAULT:
                found.setdefault(directive.feature, (directive.name, element))
    return found


def _mismatch(plain: str, groups: dict[str, list[tuple[Subgraph, Element]]]) -> CompositionError:
    said = [
        f'"@{name}" in {quoted_list([subgraph.name for subgraph, _ in users])}'
        for name, users in groups.items()
    ]
    everyone = [user for users in groups.values() for user in users]
    return CompositionError(
        ErrorCode.LINK_IMPORT_NAME_MISMATCH,
        f'The "@{plain}" directive (from {FEDERATION_IDENTITY}) is imported with mismatched name '
        f"between subgraphs: it is imported as {said[0]} but {' and '.join(said[1:])}",
        tuple(place for user in everyone for place in _places(*user)),
        f"@{plain}",
    )


def _places(subgraph: Subgraph, element: Element) -> Iterator[SourceLocation]:
    links = [link.node for link in subgraph.links if link.identity == FEDERATION_IDENTITY]
    yield from subgraph.locate(*(links or element.nodes))
