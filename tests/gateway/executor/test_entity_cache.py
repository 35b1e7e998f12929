"""Entities are asked for once, per caller, until they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.context import RequestContext, SecurityContext
from gateway.executor import EntityCache, ExecutionResult
from gateway.executor import entity_cache as entity_cache_module
from gateway.plan.nodes import QueryPlan
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from subgraph_kit.cache.memory import MemoryCache
from supergraph.model import Supergraph
from tests.gateway.executor.shop import entities, fetch, plan, shop
from tests.testkit.subgraphs import Subgraphs, answer

AUTHORS = plan(
    fetch("reviews", "{ reviews { author { __typename id } } }"),
    entities("users", "User", "id", "__typename name", "reviews.@.author"),
)
QUERY = "{ reviews { author { name } } }"
ADA, BOB = {"author": {"name": "Ada"}}, {"author": {"name": "Bob"}}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Mesh:
    """The shop behind one entity cache."""

    def __init__(self, ttl_seconds: float = 60.0) -> None:
        self.graph: Supergraph
        self.client: Subgraphs
        self.graph, self.client = shop()
        self.clock = Clock()
        self.cache = EntityCache(MemoryCache(clock=self.clock), ttl_seconds=ttl_seconds)

    async def ask(
        self,
        query: str = QUERY,
        node: QueryPlan = AUTHORS,
        *,
        subject: str = "",
        tenant: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> ExecutionResult:
        security = SecurityContext(subject=subject, tenant=tenant)
        return await answer(
            self.graph,
            self.client,
            query,
            plan=node,
            context=RequestContext(security, headers or {}),
            entity_cache=self.cache,
        )

    def asked_for(self) -> list[list[str]]:
        return [[item["id"] for item in call] for call in self.client.representations("users")]

    def rename(self, user_id: str, name: str) -> None:
        for user in self.client.by_name["users"].resolvers["Query.users"]:
            if user["id"] == user_id:
                user["name"] = name


async def test_an_entity_is_fetched_once() -> None:
    mesh = Mesh()
    first = await mesh.ask()
    second = await mesh.ask()
    assert first.data == second.data == {"reviews": [ADA, BOB, ADA]}
    assert mesh.asked_for() == [["u1", "u2"]]
    stats = mesh.cache.stats()
    assert (stats.hits, stats.misses, stats.stored, stats.hit_rate) == (2, 2, 2, 0.5)


async def test_a_dropped_entity_is_fetched_again_and_only_that_one() -> None:
    mesh = Mesh()
    await mesh.ask()
    mesh.rename("u1", "Eve")
    assert await mesh.cache.drop_entity("User", "u1") == 1
    result = await mesh.ask()
    assert result.data == {
        "reviews": [{"author": {"name": "Eve"}}, BOB, {"author": {"name": "Eve"}}]
    }
    assert mesh.asked_for() == [["u1", "u2"], ["u1"]]
    assert mesh.cache.stats().dropped_entries == 1


async def test_dropping_what_is_not_there_drops_nothing() -> None:
    mesh = Mesh()
    await mesh.ask()
    assert await mesh.cache.drop_entity("User", "u") == 0
    assert await mesh.cache.drop_entity("Product", "u1") == 0
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"]]


async def test_entries_expire() -> None:
    mesh = Mesh(ttl_seconds=60)
    await mesh.ask()
    mesh.clock.seconds = 61
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"]] * 2


@pytest.mark.parametrize(
    "other",
    [{"subject": "bob"}, {"tenant": "acme"}, {"headers": {"x-region": "eu"}}],
)
async def test_nothing_cached_for_one_caller_is_seen_by_another(other: dict[str, Any]) -> None:
    mesh = Mesh()
    await mesh.ask()
    await mesh.ask(**other)
    assert mesh.asked_for() == [["u1", "u2"]] * 2


async def test_tracing_headers_do_not_part_callers() -> None:
    mesh = Mesh()
    await mesh.ask(headers={"traceparent": "00-a"})
    await mesh.ask(headers={"traceparent": "00-b"})
    assert mesh.asked_for() == [["u1", "u2"]]


async def test_another_selection_is_another_entry() -> None:
    mesh = Mesh()
    await mesh.ask()
    emails = plan(
        fetch("reviews", "{ reviews { author { __typename id } } }"),
        entities("users", "User", "id", "email", "reviews.@.author"),
    )
    result = await mesh.ask("{ reviews { author { email } } }", emails)
    assert not result.errors
    assert mesh.asked_for() == [["u1", "u2"]] * 2
    assert await mesh.cache.drop_entity("User", "u1") == 2


async def test_answers_with_errors_are_not_stored() -> None:
    mesh = Mesh()
    error = {"message": "half", "path": ["_entities", 1, "name"]}
    mesh.client.failures["users"] = SubgraphResponse(
        {"_entities": [{"name": "Ada"}, {"name": None}]}, [error]
    )
    await mesh.ask()
    del mesh.client.failures["users"]
    result = await mesh.ask()
    assert result.to_json() == {"data": {"reviews": [ADA, BOB, ADA]}}


async def test_entities_that_do_not_exist_are_not_stored() -> None:
    mesh = Mesh()
    mesh.client.failures["users"] = SubgraphResponse({"_entities": [{"name": "Ada"}, None]})
    await mesh.ask()
    del mesh.client.failures["users"]
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"], ["u2"]]


async def test_mutations_neither_read_nor_write() -> None:
    mesh = Mesh()
    mutation = 'mutation { review(upc: "p1", stars: 1) { author { name } } }'
    node = plan(
        fetch("reviews", 'mutation { review(upc: "p1", stars: 1) { author { __typename id } } }'),
        entities("users", "User", "id", "__typename name", "review.author"),
    )
    await mesh.ask(mutation, node)
    await mesh.ask(mutation, node)
    assert mesh.asked_for() == [["u1"], ["u1"]]
    assert mesh.cache.stats().stored == 0


async def test_what_was_asked_before_a_drop_is_not_stored_after_it() -> None:
    mesh = Mesh()

    async def change_meanwhile(request: SubgraphRequest) -> None:
        if request.subgraph == "users":
            await mesh.cache.drop_entity("User", "u1")

    mesh.client.before = change_meanwhile
    await mesh.ask()
    mesh.client.before = None
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"], ["u1"]]
    assert mesh.cache.stats().refused == 1


async def test_a_drop_while_entries_are_written_removes_them() -> None:
    mesh = Mesh()

    class SlowCache(MemoryCache):
        async def set_many(self, *args: Any, **kwargs: Any) -> None:
            await mesh.cache.drop_entity("User", "u2")
            await super().set_many(*args, **kwargs)

    mesh.cache = EntityCache(SlowCache())
    await mesh.ask()
    assert mesh.cache.stats().refused == 1
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"], ["u2"]]


async def test_drops_that_were_forgotten_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity_cache_module, "_REMEMBERED_DROPS", 2)
    mesh = Mesh()

    async def change_much(request: SubgraphRequest) -> None:
        if request.subgraph == "users":
            for user_id in ("u1", "x", "y", "z"):
                await mesh.cache.drop_entity("User", user_id)

    mesh.client.before = change_much
    await mesh.ask()
    mesh.client.before = None
    await mesh.ask()
    assert mesh.asked_for() == [["u1", "u2"], ["u1", "u2"]]


@pytest.mark.parametrize("what", ["everything", "tenant"])
async def test_everything_or_a_tenant_can_be_dropped(what: str) -> None:
    mesh = Mesh()
    await mesh.ask(tenant="acme")
    if what == "tenant":
        assert await mesh.cache.drop_tenant("other") == 0
        assert await mesh.cache.drop_tenant("acme") == 2
    else:
        assert await mesh.cache.drop_all() == 2
    await mesh.ask(tenant="acme")
    assert mesh.asked_for() == [["u1", "u2"]] * 2


async def test_an_entity_inside_a_cached_answer_drops_it_too() -> None:
    mesh = Mesh()
    node = plan(
        fetch("users", "{ me { __typename id } }"),
        entities("reviews", "User", "id", "reviews { product { __typename upc } stars }", "me"),
    )
    await mesh.ask("{ me { reviews { product { upc } stars } } }", node)
    assert await mesh.cache.drop_entity("Product", "p2") == 1


async def test_a_cached_answer_is_not_changed_by_what_is_merged_into_it() -> None:
    mesh = Mesh()
    deep = plan(
        fetch("users", "{ me { __typename id } }"),
        entities("reviews", "User", "id", "reviews { author { __typename id } }", "me"),
        entities("users", "User", "id", "name", "me.reviews.@.author"),
    )
    query = "{ me { reviews { author { name } } } }"
    first = await mesh.ask(query, deep)
    mesh.rename("u1", "Eve")
    await mesh.cache.drop_entity("User", "u1")
    second = await mesh.ask(query, deep)
    assert first.data == {"me": {"reviews": [ADA, ADA]}}
    assert second.data == {"me": {"reviews": [{"author": {"name": "Eve"}}] * 2}}


async def test_rubbish_in_the_cache_is_a_miss() -> None:
    class Rubbish(MemoryCache):
        async def get_many(self, keys: Any) -> dict[str, bytes]:
            return dict(zip(keys, (b"{", b"[1]"), strict=True))

    mesh = Mesh()
    mesh.cache = EntityCache(Rubbish())
    result = await mesh.ask()
    assert result.to_json() == {"data": {"reviews": [ADA, BOB, ADA]}}


async def test_what_is_cached_is_answered_while_the_subgraph_is_down() -> None:
    mesh = Mesh()
    await mesh.ask()
    await mesh.cache.drop_entity("User", "u2")
    mesh.client.fail("users")
    result = await mesh.ask()
    assert result.data == {"reviews": [ADA, {"author": {"name": None}}, ADA]}
    assert [error["path"] for error in result.errors] == [["reviews", 1, "author"]]
