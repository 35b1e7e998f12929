"""No source yet: the rows stand in the project, to be replaced by an adapter of one's own."""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.render.kinds.base import Kind
from subgraph_kit.scaffold.sample_rows import SampleRows


def _rows(entity: EntityModel, model: SourceModel) -> Any:
    return tuple(SampleRows(model).rows(entity))


BLANK = Kind(
    base="SampleAdapter",
    base_module="subgraph_kit.sources.samples",
    samples="MemorySamples",
    samples_module="subgraph_kit.testing.samples.memory",
    declaration="ROWS",
    declare=_rows,
    settings=lambda _: (),
    origin=lambda _: "sample rows",
)
