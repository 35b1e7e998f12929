"""From answers to the files of a project: look, decide, render. What `new` and `update` share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.external import external_keys, with_external_references
from subgraph_kit.scaffold.inspect_source import inspect_source
from subgraph_kit.scaffold.locate import SourcePlace
from subgraph_kit.scaffold.model import EntityModel, Reference, SourceModel
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render import render_project
from subgraph_kit.scaffold.state import state_files

CERTAIN = 0.8
"""From this confidence on, a guessed reference is taken if nobody is asked."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A project before it is written. `files` are the rendered ones, `state` those of memory."""

    spec: ProjectSpec
    model: SourceModel
    files: Mapping[str, str]
    state: Mapping[str, str]

    @property
    def all_files(self) -> dict[str, str]:
        """Everything that is written for a new project."""
        return {**self.files, **self.state}


async def look(
    spec: ProjectSpec, place: SourcePlace, root: Path, options: InspectOptions | None = None
) -> SourceModel:
    """What the source holds, with the entities of other subgraphs that it may refer to.

    Raises:
        ConfigurationError: if source or supergraph cannot be looked at.
    """
    model = await inspect_source(place, options or spec.options, root)
    model = replace(model, address=_address(model, place, root))
    if spec.supergraph is None:
        return model
    sdl = await asyncio.to_thread(_read, _seen_from(root, spec.supergraph))
    return with_external_references(model, external_keys(sdl))


def _read(supergraph: Path) -> str:
    try:
        return supergraph.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{supergraph} cannot be read: --supergraph names what `dictamesh supergraph compose` "
            "writes"
        ) from None


def _address(model: SourceModel, place: SourcePlace, root: Path) -> str:
    """Where the source is; a relative path stays one, as it is from the project."""
    if place.path is None or place.kind in ("openapi", "graphql") or Path(place.path).is_absolute():
        return model.address
    if place.kind == "sqlite":
        return place.public
    return Path(os.path.relpath(model.address, root.absolute())).as_posix()


def _seen_from(root: Path, path: str) -> Path:
    return Path(os.path.normpath(root.absolute() / path))  # the directory may not exist yet


def guesses(model: SourceModel) -> list[tuple[str, Reference]]:
    """The references that somebody should confirm, each with its place `Order.customer`."""
    return [
        (f"{entity.name}.{reference.name}", reference)
        for entity in model.entities
        for reference in entity.references
        if reference.guess is not None
    ]


def decide(model: SourceModel, spec: ProjectSpec) -> SourceModel:
    """The model with the references that were accepted, or that are certain enough."""

    def is_taken(entity: EntityModel, reference: Reference) -> bool:
        place = f"{entity.name}.{reference.name}"
        if reference.guess is None or place in spec.accepted:
            return True
        return place not in spec.declined and reference.guess.confidence >= CERTAIN

    entities = tuple(
        replace(
            entity,
            references=tuple(each for each in entity.references if is_taken(entity, each)),
        )
        for entity in model.entities
    )
    return replace(model, entities=entities)


def generate(spec: ProjectSpec, model: SourceModel) -> Generated:
    """Render what was found.

    Raises:
        ConfigurationError: if it cannot be served.
    """
    decided = decide(model, spec)
    files = render_project(spec, decided)
    return Generated(spec, decided, files, state_files(spec, decided, files))
