"""Composition, top to bottom: subgraph SDL in, supergraph SDL or every reason why not out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from graphql import DocumentNode

from supergraph.cache import CompositionCache
from supergraph.collection import collection_paused
from supergraph.errors import CompositionError, ErrorCode, relocate
from supergraph.federation.join import join_version
from supergraph.hints import CompositionHint
from supergraph.load import read_supergraph
from supergraph.merge.merge import merge
from supergraph.model import InvalidSupergraphError, Supergraph
from supergraph.printer import print_supergraph, supergraph_document
from supergraph.rules import check_before_merge, check_merged
from supergraph.satisfiability import check_satisfiability
from supergraph.subgraph.load import build_subgraph
from supergraph.subgraph.model import Subgraph, SubgraphInput
from supergraph.subgraph.rules import check_subgraph
from supergraph.subgraph.upgrade import upgrade_federation_1


@dataclass(frozen=True, slots=True)
class CompositionResult:
    """What composing gave.

    `supergraph_sdl` is None exactly if there are `errors`; `hints` are kept either way.
    `supergraph` is what `load_supergraph` would make of the SDL, and `document` what parsing it
    gives; both are there if satisfiability was checked, which needs them.
    """

    supergraph_sdl: str | None
    errors: tuple[CompositionError, ...] = ()
    hints: tuple[CompositionHint, ...] = ()
    supergraph: Supergraph | None = field(default=None, compare=False, repr=False)
    document: DocumentNode | None = field(default=None, compare=False, repr=False)


def compose(
    subgraphs: Sequence[SubgraphInput],
    *,
    satisfiability: bool = True,
    cache: CompositionCache | None = None,
) -> CompositionResult:
    """Compose subgraphs into a supergraph.

    Every mistake of the subgraphs is a value in `errors` of the result; nothing is raised for them.
    `satisfiability=False` leaves out the check that every query has a plan: what results may
    promise queries that no gateway can answer. Give the same `cache` to each composition of a graph
    and subgraphs that did not change are not read again:

        cache = CompositionCache()
        while wait_for_change():
            result = compose(read_subgraphs(), cache=cache)
    """
    cache = cache if cache is not None else CompositionCache()
    with collection_paused():
        result = _compose(subgraphs, satisfiability, cache)
        cache.keep_only(subgraphs)
    return _in_files(result, subgraphs)


def _in_files(result: CompositionResult, subgraphs: Sequence[SubgraphInput]) -> CompositionResult:
    """The result with places in the files that subgraphs of several files are made of."""
    parts = {given.name: given.parts for given in subgraphs if given.parts}
    if not parts:
        return result
    return replace(
        result,
        errors=tuple(
            replace(item, locations=relocate(item.locations, parts)) for item in result.errors
        ),
        hints=tuple(
            replace(item, locations=relocate(item.locations, parts)) for item in result.hints
        ),
    )


def _compose(
    subgraphs: Sequence[SubgraphInput], satisfiability: bool, cache: CompositionCache
) -> CompositionResult:
    loaded, errors = _load(subgraphs, cache)
    if errors:
        # What the sound subgraphs get wrong by themselves is said in the same run; what takes all
        # of them (upgrading from Federation 1, merging) has to wait.
        for subgraph in loaded:
            if subgraph.version is not None:
                errors += check_subgraph(subgraph)
        return CompositionResult(None, tuple(errors))
    without_base = check_before_merge(loaded)
    if without_base and any(subgraph.version is None for subgraph in loaded):
        # The upgrade from Federation 1 takes every extension for a definition.
        return CompositionResult(None, tuple(without_base))
    for subgraph in loaded:
        if subgraph.version is None:
            errors += upgrade_federation_1(subgraph, loaded)
        errors += check_subgraph(subgraph)
    if errors:
        return CompositionResult(None, (*without_base, *errors))
    context = merge(loaded)
    errors = [*without_base, *context.errors, *check_merged(context)]
    hints = tuple(context.hints)
    if errors:
        return CompositionResult(None, tuple(errors), hints)
    urls = {subgraph.name: subgraph.url for subgraph in loaded}
    version = join_version(subgraph.version for subgraph in loaded)
    sdl = print_supergraph(context.merged, context.graphs, urls, version)
    supergraph = document = None
    if satisfiability:
        try:
            # The same as load_supergraph(sdl), without parsing what was just printed.
            document = supergraph_document(context.merged, context.graphs, urls, version)
            supergraph = read_supergraph(sdl, document)
        except InvalidSupergraphError as error:
            invalid = CompositionError(ErrorCode.INVALID_GRAPHQL, error.message)
            return CompositionResult(None, (invalid,), hints)
        checked = check_satisfiability(supergraph, context.locate)
        hints += checked.hints
        if checked.errors:
            return CompositionResult(None, checked.errors, hints)
    return CompositionResult(sdl, (), hints, supergraph, document)


def _load(
    subgraphs: Sequence[SubgraphInput], cache: CompositionCache
) -> tuple[list[Subgraph], list[CompositionError]]:
    loaded: list[Subgraph] = []
    errors: list[CompositionError] = []
    seen: set[str] = set()
    for given in sorted(subgraphs, key=lambda item: item.name):
        problem = _name_problem(given.name, seen)
        if problem:
            errors.append(CompositionError(ErrorCode.INVALID_SUBGRAPH_NAME, problem))
            continue
        seen.add(given.name)
        result = build_subgraph(cache.parse(given))
        errors += result.errors
        if result.subgraph is not None and not result.errors:
            loaded.append(result.subgraph)
    return loaded, errors


def _name_problem(name: str, seen: set[str]) -> str | None:
    if not name or not name.strip():
        return "A subgraph has no name: give every subgraph one."
    if name == "_":
        return 'Invalid name "_" for a subgraph: the name is reserved.'
    if name in seen:
        return f'A subgraph named "{name}" already exists: every subgraph needs its own name.'
    return None
