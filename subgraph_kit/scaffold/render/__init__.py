"""From answers and a source model to the files of a project: pure, so that it can be repeated.

    SourceModel → declarations → their source text (`code.py`, `context.py`) → templates → files

`update` renders again and merges; equal answers and models give equal files, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.scaffold.declare import data_product, named_types
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.context import project_context
from subgraph_kit.scaffold.sample_rows import SampleRows
from subgraph_kit.schema.derive import derive_schema_types
from subgraph_kit.schema.entities import SubgraphSchema
from subgraph_kit.sources.samples import SampleAdapter

_ENTITY_TEMPLATE = "PACKAGE/entities/ENTITY.py.jinja"


def render_project(spec: ProjectSpec, model: SourceModel) -> dict[str, str]:
    """The files of a project: text by path, sorted, with `/` in paths.

    Raises:
        ConfigurationError: if there is nothing to serve, or the declarations contradict each other.
    """
    if not model.entities:
        raise ConfigurationError(
            f"nothing in {model.kind} can be served: no entity with a key was found"
            + (f" ({model.notes[0].place}: {model.notes[0].message})" if model.notes else "")
        )
    products = tuple(data_product(entity, model, spec) for entity in model.entities)
    context = project_context(spec, model, products)
    rendered: dict[str, str] = {}
    for name in _templates():
        path = name.removesuffix(".jinja").replace("PACKAGE", spec.package)
        if name == _ENTITY_TEMPLATE:
            for entity in context["entities"]:
                own = path.replace("ENTITY", entity.module)
                rendered[own] = _environment().get_template(name).render(context, entity=entity)
        elif name == "PACKAGE/source.py.jinja" and model.kind == "blank":
            continue
        else:
            rendered[path] = _environment().get_template(name).render(context)
    rendered["schema.graphql"] = render_sdl(spec, model) + "\n"
    rendered["tests/samples.json"] = _samples(model)
    return dict(sorted(rendered.items()))


def render_sdl(spec: ProjectSpec, model: SourceModel) -> str:
    """The SDL that the project will serve."""
    adapters = [
        RegisteredAdapter(SampleAdapter(data_product(entity, model, spec), ()), cache=MemoryCache())
        for entity in model.entities
    ]
    derived = derive_schema_types(adapters, named_types(model))
    schema = SubgraphSchema(
        query=derived.query,
        types=derived.types,
        entities=derived.entities,
        federation_version=derived.federation_version,
    )
    return schema.sdl()


def _samples(model: SourceModel) -> str:
    samples = SampleRows(model)
    rows = {entity.name: samples.rows(entity) for entity in model.entities}
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


_PROJECT = Path(__file__).parents[3] / "templates" / "project"
"""Shipped beside the packages, in a checkout and in the wheel."""


@cache
def _templates() -> Mapping[str, str]:
    """The templates' texts by path below `templates/project`."""
    found: dict[str, str] = {}

    def walk(directory: Path, prefix: str) -> None:
        for entry in sorted(directory.iterdir(), key=lambda each: each.name):
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith(".jinja"):
                found[f"{prefix}{entry.name}"] = entry.read_text(encoding="utf-8")

    walk(_PROJECT, "")
    return found


@cache
def _environment() -> Environment:
    def load(name: str) -> str | None:
        return _templates().get(name)

    return Environment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        # Helm and GitHub have braces of their own.
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python and YAML are written, not HTML
    )


__all__ = ["render_project", "render_sdl"]
