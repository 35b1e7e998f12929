"""One side of a check, composed: what is compared, and where its elements stand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema

from supergraph.cache import CompositionCache
from supergraph.checks.alike import parse_alike
from supergraph.checks.beside import MIN_BESIDE, beside, processors
from supergraph.checks.errors import CheckInputError
from supergraph.checks.places import PlacedDocument, Places
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store, code_fingerprint, digest
from supergraph.collection import collection_paused
from supergraph.compose import CompositionResult, compose
from supergraph.errors import CompositionError, SourceLocation
from supergraph.hints import CompositionHint, HintCode
from supergraph.load import parse_supergraph, read_supergraph
from supergraph.model import InvalidSupergraphError, Supergraph, TypeName


@dataclass(frozen=True, slots=True)
class GraphSide:
    """A graph to check. `supergraph` is None where only its API schema is known."""

    source: GraphSource
    api_schema: GraphQLSchema
    places: Places
    supergraph: Supergraph | None = None
    document: DocumentNode | None = None
    """The supergraph's SDL as parsed."""
    hints: tuple[CompositionHint, ...] = ()

    @property
    def sdl(self) -> str:
        """The SDL to compare: the supergraph's, or the API schema's."""
        if self.supergraph is not None:
            return self.supergraph.sdl
        return self.source.api_sdl or ""

    def declared_in(self, coordinate: str) -> frozenset[str]:
        """The subgraphs that declare an element; none where only the API schema is known."""
        if self.supergraph is None:
            return frozenset()
        name, _, member = coordinate.partition("(")[0].partition(".")
        definition = self.supergraph.types.get(TypeName(name))
        if definition is None:
            return frozenset()
        if not member:
            return frozenset(definition.graphs)
        if member in definition.enum_values:
            return frozenset(item.graph for item in definition.enum_values[member])
        field = definition.fields.get(member)
        return frozenset(item.graph for item in field.joins) if field is not None else frozenset()


@dataclass(frozen=True, slots=True)
class Failed:
    """The subgraphs do not compose."""

    errors: tuple[CompositionError, ...]
    hints: tuple[CompositionHint, ...]


Composed: TypeAlias = Callable[[], CompositionResult]
"""Gives the result of a composition."""


def compose_side(
    source: GraphSource,
    cache: CompositionCache,
    store: Store,
    *,
    composed: Composed | None = None,
    like: GraphSide | None = None,
) -> GraphSide | Failed:
    """Compose a graph, or read it where it is composed already.

    `composed` gives what composing it gives, where that is being found out beside
    (`composing_beside`). Of what is much like another side, only the differences are parsed.

    Raises:
        CheckInputError: if a text that should be a graph is none.
    """
    if source.api_sdl is not None:
        try:
            return GraphSide(source, build_schema(source.api_sdl), Places(lambda: ()))
        except (GraphQLError, TypeError) as error:
            raise CheckInputError(f"{source.label}: its schema is not valid: {error}") from None
    if source.supergraph_sdl is not None:
        document, supergraph = _load(source.supergraph_sdl, source.label, like)
        places = Places(lambda: _supergraph_document(supergraph.sdl, source.file))
        return GraphSide(source, supergraph.api_schema, places, supergraph, document)
    result = composed() if composed is not None else _kept_or_composed(source, cache, store)
    if result.supergraph_sdl is None:
        return Failed(result.errors, result.hints)
    if result.supergraph is not None and result.document is not None:
        document, supergraph = result.document, result.supergraph
    else:
        document, supergraph = _load(result.supergraph_sdl, source.label, like)
    places = Places(lambda: _subgraph_documents(source, cache))
    return GraphSide(source, supergraph.api_schema, places, supergraph, document, result.hints)


def merged_side(
    source: GraphSource, cache: CompositionCache, like: GraphSide | None = None
) -> GraphSide | None:
    """A graph of which not every query has a plan; None if its subgraphs do not even merge."""
    result = compose(source.subgraphs, satisfiability=False, cache=cache)
    if result.supergraph_sdl is None:
        return None
    document, supergraph = _load(result.supergraph_sdl, source.label, like)
    places = Places(lambda: _subgraph_documents(source, cache))
    return GraphSide(source, supergraph.api_schema, places, supergraph, document, result.hints)


def _load(sdl: str, label: str, like: GraphSide | None) -> tuple[DocumentNode, Supergraph]:
    try:
        with collection_paused():
            if like is not None and like.document is not None:
                document = parse_alike(sdl, like.sdl, like.document)
            else:
                document = parse_supergraph(sdl)
            return document, read_supergraph(sdl, document)
    except InvalidSupergraphError as error:
        raise CheckInputError(f"{label}: {error.message}") from None


def _supergraph_document(sdl: str, file: str | None) -> Iterator[PlacedDocument]:
    yield PlacedDocument("", file, parse_supergraph(sdl, no_location=False))


def _subgraph_documents(source: GraphSource, cache: CompositionCache) -> Iterator[PlacedDocument]:
    for given in source.subgraphs:
        parsed = cache.parse(given)
        yield PlacedDocument(given.name, given.file, parsed.document, given.parts)


# --- Compositions beside others, and on disk -----------------------------------------------------


@contextmanager
def composing_beside(
    source: GraphSource | None, other: GraphSource, cache: CompositionCache, store: Store
) -> Iterator[Composed | None]:
    """Compose a graph in a process of its own while `other` is composed here.

    Nothing is begun, and None given, where it does not have to be composed or is small. What both
    have in common is parsed first, for both.
    """
    size = sum(len(given.sdl) for given in source.subgraphs) if source is not None else 0
    if source is None or size < MIN_BESIDE or processors() < 2:
        yield None
        return
    key = _composition_key(source)
    kept = _kept(store, key)
    if kept is not None:
        yield lambda: kept
        return
    for given in (*other.subgraphs, *source.subgraphs):
        cache.parse(given)

    def work() -> CompositionResult:
        # What was read of the SDL is larger than the SDL; it is sooner read than handed over.
        return replace(compose(source.subgraphs, cache=cache), supergraph=None, document=None)

    with beside(work) as result:

        def composed() -> CompositionResult:
            found = result()
            _keep(store, key, found)
            return found

        yield composed


def _kept_or_composed(
    source: GraphSource, cache: CompositionCache, store: Store
) -> CompositionResult:
    key = _composition_key(source)
    kept = _kept(store, key)
    if kept is not None:
        return kept
    result = compose(source.subgraphs, cache=cache)
    _keep(store, key, result)
    return result


def _composition_key(source: GraphSource) -> str:
    return digest(
        [code_fingerprint(), *(json.dumps(asdict(given)) for given in source.subgraphs)],
    )


def _kept(store: Store, key: str) -> CompositionResult | None:
    """What composing the same subgraphs gave before."""
    kept = store.get("composition", key)
    if kept is None:
        return None
    try:
        return _from_json(json.loads(kept))
    except (ValueError, KeyError, TypeError):
        return None  # not written by us; composing is the remedy


def _keep(store: Store, key: str, result: CompositionResult) -> None:
    """Keep a composition for the next check; not one that fails."""
    if result.supergraph_sdl is not None:
        store.put("composition", key, json.dumps(_as_json(result)).encode())


def _as_json(result: CompositionResult) -> dict[str, object]:
    return {"sdl": result.supergraph_sdl, "hints": [asdict(hint) for hint in result.hints]}


def _from_json(document: dict[str, list[dict[str, str]] | str]) -> CompositionResult:
    sdl, hints = document["sdl"], document["hints"]
    if not isinstance(sdl, str) or not isinstance(hints, list):
        raise TypeError
    return CompositionResult(sdl, (), tuple(_hint(hint) for hint in hints))


def _hint(document: dict[str, str]) -> CompositionHint:
    places = tuple(SourceLocation(**place) for place in document["locations"])  # type: ignore[arg-type] # as written above
    return CompositionHint(
        HintCode(document["code"]), document["message"], places, document["coordinate"]
    )
