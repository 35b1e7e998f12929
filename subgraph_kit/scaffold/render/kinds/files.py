"""Rows of files: a `FileTable` per entity type, all of them below one `FileSource`."""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import quoted
from subgraph_kit.scaffold.render.kinds.base import Kind, Mount, Setting
from subgraph_kit.scaffold.source_declarations import file_table


def _settings(model: SourceModel) -> tuple[Setting, ...]:
    address = model.address or "."
    return (
        Setting(
            "directory",
            "str",
            "The directory of the files, or a URL such as s3://bucket/path.",
            quoted(address),
            address,
            None if "://" in address else Mount(address, "/data"),
        ),
    )


def _open_source(_: SourceModel, spec: ProjectSpec) -> str:
    return f'''\
def open_source(settings: Settings) -> FileSource:
    """Say where the files are; they are read when somebody asks."""
    return FileSource("{spec.name}", settings.directory)'''


def _declare(entity: EntityModel, model: SourceModel) -> Any:
    return file_table(entity, model)


FILES = Kind(
    base="FileAdapter",
    base_module="subgraph_kit.sources.files",
    samples="FileSamples",
    samples_module="subgraph_kit.testing.samples.files",
    declaration="TABLE",
    declare=_declare,
    settings=_settings,
    source_class="FileSource",
    source_module="subgraph_kit.sources.files",
    open_source=_open_source,
    source_imports=lambda _: {"subgraph_kit.sources.files": {"FileSource"}},
    dependencies=lambda _: ("dictamesh[files]>=0.1",),
    origin=lambda entity: f"the file `{getattr(entity.access, 'path', '')}`",
)
