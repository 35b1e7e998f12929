"""Look at a source of any kind: each reader is imported only when it is needed."""

from __future__ import annotations

import os
from pathlib import Path

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.blank import blank_model
from subgraph_kit.scaffold.locate import SourcePlace
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.options import InspectOptions


async def inspect_source(place: SourcePlace, options: InspectOptions, root: Path) -> SourceModel:
    """What the source holds; relative paths are seen from `root`.

    Raises:
        ConfigurationError: if it cannot be looked at, with a sentence that says what to do.
    """
    if place.kind == "blank":
        return blank_model(options.include or ("Thing",))
    location = _seen_from(place, root)
    try:
        if place.is_sql:
            from subgraph_kit.scaffold.inspect.sql import inspect_sql

            return await inspect_sql(location, options)
        if place.kind == "openapi":
            from subgraph_kit.scaffold.inspect.openapi import inspect_openapi

            return await inspect_openapi(location, options)
        if place.kind == "graphql":
            from subgraph_kit.scaffold.inspect.graphql import inspect_graphql

            return await inspect_graphql(location, options)
        from subgraph_kit.scaffold.inspect.files import inspect_files

        return await inspect_files(location, options, format=place.kind)  # type: ignore[arg-type] # one of the three
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"looking at {place.kind} needs the package {error.name}: pip install {error.name}"
        ) from None


def _seen_from(place: SourcePlace, root: Path) -> str:
    path = place.path
    if path is None or path == ":memory:" or Path(path).is_absolute():
        return place.location
    absolute = os.path.normpath(root.absolute() / path)  # the directory may not exist yet
    return f"sqlite:///{absolute}" if place.kind == "sqlite" else absolute
