"""Tables and views: a `SqlTable` per entity type, all of them behind one `SqlSource`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from subgraph_kit.scaffold.inspect.sql.declare import sql_table
from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import quoted
from subgraph_kit.scaffold.render.kinds.base import Kind, Mount, Setting


def _settings(model: SourceModel) -> tuple[Setting, ...]:
    return (
        Setting(
            "source_url",
            "SecretStr",
            "The database, with user and password: a user that may only read will do.",
            f"SecretStr({quoted(model.address)})" if model.dialect == "sqlite" else None,
            model.address,
            _mount(model),
        ),
    )


def _mount(model: SourceModel) -> Mount | None:
    path, _, query = (model.address or "").removeprefix("sqlite:///").partition("?")
    if model.dialect != "sqlite" or not path or path == ":memory:":
        return None
    file = PurePosixPath(path)
    return Mount(str(file.parent), f"sqlite:////data/{file.name}" + (f"?{query}" if query else ""))


def _open_source(_: SourceModel, spec: ProjectSpec) -> str:
    return f'''\
def open_source(settings: Settings) -> SqlSource:
    """Make the connection; it connects at the first statement."""
    return SqlSource("{spec.name}", settings.source_url.get_secret_value(), read_only=True)'''


def _dependencies(model: SourceModel) -> tuple[str, ...]:
    drivers = {"sqlite": "dictamesh[sqlite]>=0.1", "mysql": "dictamesh[mysql]>=0.1"}
    driver = drivers.get(model.dialect or "")
    return (driver,) if driver else ()


def _origin(entity: EntityModel) -> str:
    access: Any = entity.access
    name = f"{access.schema}.{access.table}" if access.schema else access.table
    return f"the {'view' if access.is_view else 'table'} `{name}`"


SQL = Kind(
    base="SqlTableAdapter",
    base_module="subgraph_kit.sources.tables.adapter",
    samples="SqlSamples",
    samples_module="subgraph_kit.testing.samples.sql",
    declaration="TABLE",
    declare=sql_table,
    settings=_settings,
    source_class="SqlSource",
    source_module="subgraph_kit.sources.sql",
    open_source=_open_source,
    source_imports=lambda _: {"subgraph_kit.sources.sql": {"SqlSource"}},
    dependencies=_dependencies,
    test_settings=lambda _: (("source_url", 'SecretStr("sqlite://")'),),
    origin=_origin,
)
