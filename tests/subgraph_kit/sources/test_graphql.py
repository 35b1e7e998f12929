"""Another GraphQL API as entities, as the generator declares them of its introspection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityField,
    EntityQuery,
    EntitySchema,
    HealthState,
    SourceAccess,
)
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    SourceResponseError,
)
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import NO_RETRY
from subgraph_kit.scaffold.inspect.graphql import inspect_graphql
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.scaffold.source_declarations import graphql_root
from subgraph_kit.sources.graphql import GraphqlAdapter
from subgraph_kit.sources.graphql_client import GraphqlSource
from subgraph_kit.sources.graphql_selection import selection
from subgraph_kit.sources.shapes import SourceField, SourceObject
from tests.subgraph_kit.sources.graphql_api import GraphqlApi, graphql_api

QUICK = ResilienceSettings(timeout_seconds=2, retry=NO_RETRY)


@asynccontextmanager
async def serving(entity: str) -> AsyncIterator[tuple[GraphqlAdapter, GraphqlApi]]:
    async with graphql_api() as api:
        model = await inspect_graphql(api.url, InspectOptions())
        found = next(each for each in model.entities if each.name == entity)
        fields = tuple(EntityField(each.name, "string") for each in found.fields)
        product = DataProduct(
            "things", "api", EntitySchema(entity, "1.0.0", fields, key=found.keys[0]),
            SourceAccess("http://127.0.0.1", "/{id}"),
        )  # fmt: skip
        source = GraphqlSource("api", api.url, resilience=QUICK)
        adapter = GraphqlAdapter(source, product, graphql_root(found, model))
        api.asked.clear()
        try:
            yield adapter, api
        finally:
            await adapter.close()


def ids(entities: Sequence[Entity]) -> list[str]:
    return [entity.id for entity in entities]


async def test_reads_an_object_with_all_that_is_in_it() -> None:
    async with serving("User") as (adapter, _):
        entity = await adapter.get_entity("1")
    assert entity.data == {
        "id": "1", "name": "Name 1", "status": "ACTIVE", "companyId": "c1",
        "createdAt": "2024-01-01T00:00:00Z",
        "address": {"street": "Main", "country": {"code": "DE"}},
        "payments": [
            {"__typename": "Card", "last4": "4242"}, {"__typename": "Cash", "currency": "EUR"},
        ],
    }  # fmt: skip


async def test_a_batch_is_one_request_with_an_alias_for_each() -> None:
    async with serving("User") as (adapter, api):
        found = await adapter.query_entities(EntityQuery(ids=("1", "99", "2")))
    assert (ids(found), len(api.asked)) == (["1", "2"], 1)
    assert "e2: user(id: $v2_0) { ...Fields }" in api.asked[0]["query"]


async def test_a_batch_is_one_call_where_a_field_takes_many_ids() -> None:
    async with serving("Company") as (adapter, api):
        found = await adapter.query_entities(EntityQuery(ids=("c2", "x", "c1")))
    assert (ids(found), len(api.asked)) == (["c2", "c1"], 1)
    assert "items: companiesByIds(ids: $many)" in api.asked[0]["query"]


async def test_a_key_of_several_arguments() -> None:
    async with serving("Repo") as (adapter, _):
        found = await adapter.query_entities(EntityQuery(ids=("dicta,mesh", "dicta,none")))
        with pytest.raises(FatalError, match="no list of Repo"):
            await adapter.query_entities(EntityQuery())
    assert [each.data for each in found] == [{"owner": "dicta", "name": "mesh", "stars": 5}]


async def test_what_is_not_there_is_not_found_and_an_error_is_one_without_the_apis_text() -> None:
    async with serving("User") as (adapter, _):
        with pytest.raises(EntityNotFoundError):
            await adapter.get_entity("99")
        with pytest.raises(SourceResponseError, match=r"answered GraphQL errors \(BROKEN\)$"):
            await adapter.get_entity("secret")


@pytest.mark.parametrize("window", [(0, 2), (2, 4), (0, None), (5, 5), (9, 1)])
async def test_a_window_of_a_relay_connection(window: tuple[int, int | None]) -> None:
    offset, limit = window
    async with serving("User") as (adapter, _):
        page = await adapter.query_entities(EntityQuery(offset=offset, limit=limit))
    end = None if limit is None else offset + limit
    assert ids(page) == [str(n) for n in range(1, 8)][offset:end]


async def test_a_window_of_a_list_with_an_offset() -> None:
    async with serving("Company") as (adapter, api):
        assert ids(await adapter.query_entities(EntityQuery(offset=1, limit=2))) == ["c2", "c3"]
        assert len(api.asked) == 1
        assert len(await adapter.query_entities(EntityQuery())) == 5


async def test_filters_are_arguments() -> None:
    async with serving("User") as (adapter, api):
        page = await adapter.query_entities(EntityQuery(filter={"status": "AWAY"}, limit=2))
        with pytest.raises(FatalError, match=r"by User\.name"):
            await adapter.query_entities(EntityQuery(filter={"name": "x"}))
        assert ids(await adapter.query_entities(EntityQuery(filter={"id": "3"}))) == ["3"]
    assert ids(page) == ["2", "4"]
    assert api.asked[0]["variables"]["status"] == "AWAY"


async def test_health_follows_the_api() -> None:
    async with serving("User") as (adapter, api):
        assert (await adapter.health_check()).state is HealthState.HEALTHY
        api.broken = True
        assert (await adapter.health_check()).state is HealthState.UNHEALTHY


def test_a_type_that_contains_itself_cannot_be_asked_for() -> None:
    tree = {"Tree": SourceObject((SourceField("children", type="Tree", is_list=True),))}
    with pytest.raises(ConfigurationError, match="contains itself"):
        selection((SourceField("root", type="Tree"),), tree)
