"""Resources of a REST API as entities, against a real server that turns pages in every way."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityField,
    EntityQuery,
    EntitySchema,
    HealthState,
    Order,
    SourceAccess,
)
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    SourceResponseError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import NO_RETRY
from subgraph_kit.sources.resources import (
    RestFilter,
    RestPages,
    RestResource,
    RestResourceAdapter,
)
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.sources.shapes import SourceEnum, SourceField
from tests.testkit.servers import CloseConnection, ReceivedRequest, http, serve

USERS = RestResource(
    "/users/{id}",
    fields=(
        SourceField("id", type="ID"),
        SourceField("name"),
        SourceField("status", type="Status"),
        SourceField("companyId", "company.id", "ID"),
        SourceField("updatedAt", "updated_at", "DateTime"),
    ),
    types={"Status": SourceEnum({"on hold": "ON_HOLD", "active": "ACTIVE"})},
    list_path="/users",
    items_at="data",
    pages=RestPages("offset", "limit", "offset", max_limit=10),
    filters=(RestFilter("status", "state"), RestFilter("updatedAt", "since", "gte")),
    updated_at="updatedAt",
)


def user(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Name {number}",
        "status": "active" if number % 2 else "on hold",
        "company": {"id": number % 3, "name": "Co"},
        "updated_at": "2024-01-01T01:00:00+01:00",
    }


@dataclass
class Api:
    """The server as a test sees it: 25 users, pages of at most 10."""

    users: list[dict[str, Any]] = field(default_factory=lambda: [user(n) for n in range(1, 26)])
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    port: int = 0

    async def answer(self, request: ReceivedRequest, _: object) -> bytes:
        if self.broken:
            raise CloseConnection
        self.asked.append(request.target)
        url = urlsplit(request.target)
        query = parse_qs(url.query)
        if not url.path.endswith("/users"):
            name = url.path.rpartition("/")[2]
            found = [each for each in self.users if str(each["id"]) == name.lower()]
            return http(json.dumps(found[0] if found else None), status=200 if found else 404)
        users = self.users
        if "state" in query:
            users = [each for each in users if each["status"] == query["state"][0]]
        if "ids" in query:
            wanted = set(query["ids"] if len(query["ids"]) > 1 else query["ids"][0].split(","))
            users = [each for each in users if str(each["id"]) in wanted]
        return self._page(users, {name: values[0] for name, values in query.items()})

    def _page(self, users: list[dict[str, Any]], query: dict[str, str]) -> bytes:
        size = min(int(query.get("limit", 10)), 10)
        start = int(query.get("offset", 0))
        if "page" in query:
            start = (int(query["page"]) - 1) * size
        if "cursor" in query:
            start = int(query["cursor"])
        if "after" in query:
            start = next(i for i, each in enumerate(users) if str(each["id"]) == query["after"]) + 1
        page, end = users[start : start + size], start + size
        more = end < len(users)
        headers = {"link": f'</users?cursor={end}&limit={size}>; rel="next"'} if more else {}
        meta = {"next": str(end) if more else None, "url": f"/users?cursor={end}" if more else None}
        return http(json.dumps({"data": page, "meta": meta}), headers=headers)


def product(resource: RestResource, *key: str) -> DataProduct:
    return DataProduct(
        "users",
        "api",
        EntitySchema("User", "1.0.0", tuple(EntityField(f.name, "string") for f in resource.fields),
                     key=key or ("id",)),
        SourceAccess("http://127.0.0.1", "/users/{id}"),
    )  # fmt: skip


@asynccontextmanager
async def serving(
    resource: RestResource = USERS, *key: str, **options: Any
) -> AsyncIterator[tuple[RestResourceAdapter, Api]]:
    api = Api()
    quick = ResilienceSettings(timeout_seconds=2, retry=NO_RETRY)
    async with serve(api.answer) as server:
        source = RestSource("api", f"http://127.0.0.1:{server.port}", resilience=quick)
        adapter = RestResourceAdapter(source, product(resource, *key), resource)
        try:
            yield adapter, api
        finally:
            await adapter.close()


def ids(entities: Sequence[Entity]) -> list[int]:
    return [int(entity.id) for entity in entities]


# --- one, and many by id -------------------------------------------------------------------------


async def test_reads_one_item_with_the_names_and_types_of_the_graph() -> None:
    async with serving() as (adapter, _):
        entity = await adapter.get_entity("2")
    assert entity.data == {
        "id": "2", "name": "Name 2", "status": "ON_HOLD", "companyId": "2",
        "updatedAt": "2024-01-01T00:00:00Z",
    }  # fmt: skip
    assert entity.version == 1_704_067_200_000


async def test_an_item_that_is_not_there_is_not_found() -> None:
    async with serving() as (adapter, _):
        with pytest.raises(EntityNotFoundError):
            await adapter.get_entity("99")
        with pytest.raises(EntityNotFoundError):
            await adapter.get_entity("..")


async def test_an_id_never_leaves_its_place_in_the_path() -> None:
    async with serving() as (adapter, api):
        with pytest.raises(EntityNotFoundError):
            await adapter.get_entity("../users?state=x#y")
    assert api.asked == ["/users/..%2Fusers%3Fstate%3Dx%23y"]


async def test_what_was_asked_for_is_found_under_the_name_it_was_asked_by() -> None:
    fields = (SourceField("id", type="ID"), SourceField("name"))
    resource = replace(USERS, fields=fields, filters=(), updated_at=None)
    async with serving(resource) as (adapter, api):
        api.users.append({"id": "octocat", "name": "Octo"})
        found = await adapter.query_entities(EntityQuery(ids=("OctoCat",)))
    assert [(each.id, each.data["id"]) for each in found] == [("OctoCat", "OctoCat")]


async def test_a_batch_without_a_batch_parameter_asks_for_each_side_by_side() -> None:
    async with serving() as (adapter, api):
        found = await adapter.query_entities(EntityQuery(ids=("3", "99", "1", "3")))
    assert (sorted(ids(found)), len(api.asked)) == ([1, 3], 3)


@pytest.mark.parametrize(
    ("separator", "target"),
    [(",", "ids=3%2C1%2C99&limit=3&offset=0"), (None, "ids=3&ids=1&ids=99&limit=3&offset=0")],
)
async def test_a_batch_is_one_call_where_the_api_takes_many_ids(
    separator: str | None, target: str
) -> None:
    resource = replace(USERS, batch_parameter="ids", batch_separator=separator)
    async with serving(resource) as (adapter, api):
        found = await adapter.query_entities(EntityQuery(ids=("3", "1", "99")))
    assert sorted(ids(found)) == [1, 3]
    asked = parse_qs(urlsplit(api.asked[0]).query)
    assert asked == parse_qs(target)
    assert len(api.asked) == 1


async def test_a_large_batch_is_cut_by_the_apis_largest_page() -> None:
    resource = replace(USERS, batch_parameter="ids", batch_separator=",")
    async with serving(resource) as (adapter, api):
        found = await adapter.query_entities(EntityQuery(ids=tuple(map(str, range(1, 26)))))
    assert sorted(ids(found)) == list(range(1, 26))
    assert len(api.asked) == 3


# --- the list ------------------------------------------------------------------------------------

STYLES = {
    "offset": RestPages("offset", "limit", "offset", max_limit=10),
    "offset, largest page unknown": RestPages("offset", "limit", "offset"),
    "page": RestPages("page", "limit", "page", max_limit=10),
    "page without a size": RestPages("page", None, "page"),
    "cursor": RestPages("cursor", "limit", "cursor", 10, "meta.next"),
    "cursor in an address": RestPages("cursor", "limit", "cursor", 10, "meta.url"),
    "after the last item": RestPages("cursor", "limit", "after", 10),
    "link header": RestPages("link_header", "limit", None, 10),
}


@pytest.mark.parametrize("style", STYLES)
async def test_a_window_of_the_list_is_the_same_whatever_way_pages_are_turned(style: str) -> None:
    everything = list(range(1, 26))
    windows = [(0, 3), (4, 3), (8, 7), (0, 25), (20, 10), (24, 1), (40, 5), (0, None), (13, None)]
    async with serving(replace(USERS, pages=STYLES[style])) as (adapter, _):
        for offset, limit in windows:
            page = await adapter.query_entities(EntityQuery(limit=limit, offset=offset))
            end = None if limit is None else offset + limit
            assert ids(page) == everything[offset:end], (offset, limit)


@pytest.mark.parametrize("style", ["offset", "page"])
async def test_an_aligned_page_is_one_call(style: str) -> None:
    async with serving(replace(USERS, pages=STYLES[style])) as (adapter, api):
        await adapter.query_entities(EntityQuery(limit=5, offset=10))
    assert len(api.asked) == 1


async def test_filters_go_to_the_api_in_its_own_words() -> None:
    async with serving() as (adapter, api):
        page = await adapter.query_entities(EntityQuery(filter={"status": "ON_HOLD"}, limit=2))
    assert ids(page) == [2, 4]
    assert parse_qs(urlsplit(api.asked[0]).query)["state"] == ["on hold"]


async def test_a_filter_on_the_key_is_a_batch() -> None:
    async with serving() as (adapter, _):
        assert ids(await adapter.query_entities(EntityQuery(filter={"id": "4"}))) == [4]
        many = await adapter.query_entities(EntityQuery(filter={"id": {"in": ["4", "5"]}}, limit=1))
        assert ids(many) == [4]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (EntityQuery(filter={"name": "x"}), "cannot filter or sort by User.name"),
        (EntityQuery(filter={"status": {"gt": "x"}}), "by User.status with 'gt'"),
        (EntityQuery(order=(Order("name"),)), "cannot filter or sort by User.name"),
    ],
)
async def test_what_the_api_cannot_do_is_said(query: EntityQuery, says: str) -> None:
    async with serving() as (adapter, _):
        with pytest.raises(FatalError, match=says):
            await adapter.query_entities(query)


async def test_a_page_of_another_shape_is_an_error() -> None:
    async with serving(replace(USERS, items_at="meta")) as (adapter, _):
        with pytest.raises(SourceResponseError, match="a page of another shape"):
            await adapter.query_entities(EntityQuery(limit=1))


async def test_listed_items_that_lack_fields_are_asked_for_whole() -> None:
    async with serving(replace(USERS, list_is_partial=True)) as (adapter, api):
        page = await adapter.query_entities(EntityQuery(limit=2))
    assert ids(page) == [1, 2]
    assert sorted(api.asked)[:2] == ["/users/1", "/users/2"]


# --- resources within others ---------------------------------------------------------------------

MEMBERS = replace(
    USERS,
    item_path="/orgs/{org}/users/{id}",
    list_path="/orgs/{org}/users",
    fields=(SourceField("org", "{org}", "ID"), *USERS.fields),
    filters=(),
)


async def test_a_part_of_the_key_comes_from_the_address() -> None:
    async with serving(MEMBERS, "org", "id") as (adapter, _):
        entity = await adapter.get_entity("acme,7")
        page = await adapter.query_entities(EntityQuery(filter={"org": "acme"}, limit=2))
    assert (entity.id, entity.data["org"], entity.data["id"]) == ("acme,7", "acme", "7")
    assert [each.id for each in page] == ["acme,1", "acme,2"]


async def test_a_list_within_another_resource_says_what_it_needs() -> None:
    async with serving(MEMBERS, "org", "id") as (adapter, _):
        with pytest.raises(FatalError, match="only within one org: filter by equality on org"):
            await adapter.query_entities(EntityQuery(limit=2))


async def test_the_far_side_of_a_reference_is_a_page_for_each() -> None:
    async with serving(MEMBERS, "org", "id") as (adapter, _):
        pages = await adapter.query_by_reference(
            ("org",), [("a",), ("b",)], EntityQuery(limit=1, offset=1)
        )
    assert {value: [e.id for e in page] for value, page in pages.items()} == {
        ("a",): ["a,2"],
        ("b",): ["b,2"],
    }


# --- health, and declarations that cannot be -----------------------------------------------------


async def test_health_follows_the_api() -> None:
    async with serving() as (adapter, api):
        assert (await adapter.health_check()).state is HealthState.HEALTHY
        api.broken = True
        assert (await adapter.health_check()).state is HealthState.UNHEALTHY
        with pytest.raises(SourceUnavailableError):
            await adapter.get_entity("1")


async def test_a_declaration_that_cannot_be_says_why() -> None:
    async with serving() as (adapter, _):
        source = adapter._source
    with pytest.raises(ConfigurationError, match="must be the key fields id"):
        RestResourceAdapter(source, product(USERS), replace(USERS, item_path="/users/{nr}"))
    fields = (SourceField("id"), SourceField("colour", type="Colour"))
    coloured = replace(USERS, fields=fields, filters=())
    with pytest.raises(ConfigurationError, match="the type 'Colour' is no scalar"):
        RestResourceAdapter(source, product(USERS), coloured)
