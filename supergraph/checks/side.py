"""One side of a check, composed: what is compared, and where its elements stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from graphql import GraphQLError, GraphQLSchema, build_schema

from supergraph.cache import CompositionCache
from supergraph.checks.errors import CheckInputError
from supergraph.checks.places import PlacedDocument, Places
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store, code_fingerprint, digest
from supergraph.compose import CompositionResult, compose
from supergraph.errors import CompositionError, SourceLocation
from supergraph.hints import CompositionHint, HintCode
from supergraph.load import load_supergraph, parse_supergraph
from supergraph.model import InvalidSupergraphError, Supergraph, TypeName


@dataclass(frozen=True, slots=True)
class GraphSide:
    """A graph to check. `supergraph` is None where only its API schema is known."""

    source: GraphSource
    api_schema: GraphQLSchema
    places: Places
    supergraph: Supergraph | None = None
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


def compose_side(source: GraphSource, cache: CompositionCache, store: Store) -> GraphSide | Failed:
    """Compose a graph, or read it where it is composed already.

    Raises:
        CheckInputError: if a text that should be a graph is none.
    """
    if source.api_sdl is not None:
        try:
            return GraphSide(source, build_schema(source.api_sdl), Places(lambda: ()))
        except (GraphQLError, TypeError) as error:
            raise CheckInputError(f"{source.label}: its schema is not valid: {error}") from None
    if source.supergraph_sdl is not None:
        supergraph = _load(source.supergraph_sdl, source.label)
        places = Places(lambda: _supergraph_document(supergraph.sdl, source.file))
        return GraphSide(source, supergraph.api_schema, places, supergraph)
    result = _compose(source, cache, store)
    if result.supergraph_sdl is None:
        return Failed(result.errors, result.hints)
    supergraph = result.supergraph or _load(result.supergraph_sdl, source.label)
    places = Places(lambda: _subgraph_documents(source, cache))
    return GraphSide(source, supergraph.api_schema, places, supergraph, result.hints)


def _load(sdl: str, label: str) -> Supergraph:
    try:
        return load_supergraph(sdl)
    except InvalidSupergraphError as error:
        raise CheckInputError(f"{label}: {error.message}") from None


def _supergraph_document(sdl: str, file: str | None) -> Iterator[PlacedDocument]:
    yield PlacedDocument("", file, parse_supergraph(sdl, no_location=False))


def _subgraph_documents(source: GraphSource, cache: CompositionCache) -> Iterator[PlacedDocument]:
    for given in source.subgraphs:
        parsed = cache.parse(given)
        yield PlacedDocument(given.name, given.file, parsed.document, given.parts)


# --- Compositions on disk ------------------------------------------------------------------------


def _compose(source: GraphSource, cache: CompositionCache, store: Store) -> CompositionResult:
    """Compose, unless the same subgraphs were composed before; what fails is not kept."""
    key = digest(
        [code_fingerprint(), *(json.dumps(asdict(given)) for given in source.subgraphs)],
    )
    kept = store.get("composition", key)
    if kept is not None:
        try:
            return _from_json(json.loads(kept))
        except (ValueError, KeyError, TypeError):
            pass  # not written by us; composing is the remedy
    result = compose(source.subgraphs, cache=cache)
    if result.supergraph_sdl is not None:
        store.put("composition", key, json.dumps(_as_json(result)).encode())
    return result


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
