"""Which graph an option names: a file, a git revision, a running gateway; and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from supergraph.checks.errors import CheckInputError
from supergraph.checks.sources.gateway import read_gateway
from supergraph.checks.sources.git import read_git
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.yaml_file import read_text_file
from supergraph.config import ConfigError, load_configs
from supergraph.subgraph.given import SubgraphInput
from supergraph.subgraph_sources import MAX_SDL_BYTES, read_subgraphs

NO_BASE = "none"
"""What --base says to compare with nothing."""

_YAML = (".yaml", ".yml")
_FILE_ENDINGS = (*_YAML, ".graphql", ".graphqls", ".gql", ".sdl")


def read_base(base: str, configs: Sequence[Path], headers: Mapping[str, str]) -> GraphSource | None:
    """The graph to compare with; None if there shall be none.

    `configs` are the files to look for at a git revision.

    Raises:
        CheckInputError: if it cannot be had.
    """
    if not base.strip():
        raise CheckInputError(
            "--base is empty: name a file, a git revision or a gateway's address, or write none."
        )
    if base == NO_BASE:
        return None
    if base.startswith(("http://", "https://")):
        return read_gateway(base, headers)
    if base.startswith("file:"):
        return read_graph_file(Path(base.removeprefix("file:")))
    if base.startswith("git:"):
        return _git(base.removeprefix("git:"), configs)
    path = Path(base)
    try:
        exists = path.is_file()
    except (OSError, ValueError):
        exists = False
    if exists:
        return read_graph_file(path)
    if path.suffix in _FILE_ENDINGS and ":" not in base:
        raise CheckInputError(f"{base}: there is no such file to compare with.")
    return _git(base, configs)


def _git(text: str, configs: Sequence[Path]) -> GraphSource:
    revision, _, path = text.partition(":")
    if not revision or revision.startswith("-"):
        raise CheckInputError(f'"{text}" names no git revision; write REVISION or REVISION:PATH.')
    return read_git(revision, Path(path), configs)


def read_graph_file(path: Path) -> GraphSource:
    """A supergraph's SDL, or a configuration that lists its subgraphs.

    Raises:
        CheckInputError: if it cannot be had.
    """
    if path.suffix in _YAML:
        return read_configs([path])
    text = read_text_file(path, "a supergraph or a configuration", max_bytes=200_000_000)
    return GraphSource(str(path), supergraph_sdl=text, file=str(path))


def read_configs(paths: Sequence[Path]) -> GraphSource:
    """The subgraphs of configurations.

    Raises:
        CheckInputError: with one sentence per problem.
    """
    try:
        found = read_subgraphs(load_configs(paths))
    except ConfigError as error:
        raise CheckInputError(*error.problems) from None
    return GraphSource(", ".join(map(str, paths)), subgraphs=tuple(found))


def with_subgraph(
    base: GraphSource | None, name: str, schema: Path, routing_url: str | None
) -> GraphSource:
    """The base with one subgraph's schema replaced, or with one subgraph more.

    Raises:
        CheckInputError: if the schema cannot be read, or the base's subgraphs are not known.
    """
    sdl = read_text_file(schema, "the schema of a subgraph", max_bytes=MAX_SDL_BYTES)
    label = f'subgraph "{name}" as in {schema}'
    others = subgraphs_of(base) if base is not None else ()
    known = next((item for item in others if item.name == name), None)
    url = routing_url or (known.url if known is not None else None)
    proposed = SubgraphInput(name, url, sdl, str(schema))
    if known is None:
        return GraphSource(label, subgraphs=(*others, proposed))
    changed = tuple(proposed if item is known else item for item in others)
    return GraphSource(label, subgraphs=changed)


def subgraphs_of(source: GraphSource) -> tuple[SubgraphInput, ...]:
    """The subgraphs of a graph, taken out of its supergraph where that is what there is.

    Raises:
        CheckInputError: if only its API schema is known, or the text is no supergraph.
    """
    if source.subgraphs:
        return source.subgraphs
    if source.supergraph_sdl is None:
        raise CheckInputError(
            f"The subgraphs of {source.label} are not known, only its API schema, so one of them "
            "cannot be replaced; compare with a supergraph or a configuration."
        )
    # Answering unchanged input from the cache needs nothing that reads GraphQL.
    from supergraph.extract import extract_subgraphs
    from supergraph.model import InvalidSupergraphError

    try:
        found = extract_subgraphs(source.supergraph_sdl)
    except InvalidSupergraphError as error:
        raise CheckInputError(f"{source.label}: {error.message}") from None
    return tuple(replace(item, file=None) for item in found)
