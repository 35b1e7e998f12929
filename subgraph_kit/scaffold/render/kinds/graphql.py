"""Types of another GraphQL API: a `GraphqlRoot` per entity type, all behind one `GraphqlSource`."""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import quoted
from subgraph_kit.scaffold.render.kinds.base import Kind, Setting
from subgraph_kit.scaffold.source_declarations import graphql_root


def _settings(model: SourceModel) -> tuple[Setting, ...]:
    has_address = model.address.startswith(("http://", "https://"))
    return (
        Setting(
            "url",
            "str",
            "Where the GraphQL API is.",
            quoted(model.address) if has_address else None,
            model.address if has_address else None,
        ),
        Setting(
            "token",
            "SecretStr | None",
            "The bearer token that the API takes; none asks without.",
            "None",
        ),
    )


def _open_source(_: SourceModel, spec: ProjectSpec) -> str:
    return f'''\
def open_source(settings: Settings) -> GraphqlSource:
    """Make the client; it connects at the first call."""
    auth: SourceAuth | None = None
    if settings.token is not None:
        auth = BearerAuth(settings.token.get_secret_value())
    return GraphqlSource("{spec.name}", settings.url, auth=auth)'''


def _declare(entity: EntityModel, model: SourceModel) -> Any:
    return graphql_root(entity, model)


GRAPHQL = Kind(
    base="GraphqlAdapter",
    base_module="subgraph_kit.sources.graphql",
    samples="GraphqlSamples",
    samples_module="subgraph_kit.testing.samples.graphql",
    declaration="ROOT",
    declare=_declare,
    settings=_settings,
    source_class="GraphqlSource",
    source_module="subgraph_kit.sources.graphql_client",
    open_source=_open_source,
    source_imports=lambda _: {
        "subgraph_kit.sources.auth": {"BearerAuth", "SourceAuth"},
        "subgraph_kit.sources.graphql_client": {"GraphqlSource"},
    },
    test_settings=lambda _: (("url", '"http://samples.invalid/graphql"'),),
    polls=False,
    origin=lambda entity: f"the type `{entity.source_name}`",
)
