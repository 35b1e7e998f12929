"""GraphQL over HTTP as clients, browsers, probes and scrapers see it; a real server each time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.config import load_settings
from gateway.context import RequestContext
from gateway.server.assemble import Gateway
from supergraph.model import Supergraph
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import (
    ReceivedRequest,
    ScriptedServer,
    ServedGateway,
    answering,
    eventually,
    http,
    serve,
    serve_gateway,
)

GOOD = http('{"data":{"good":"fine","change":"done"}}')
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


@pytest.fixture
async def subgraph() -> AsyncIterator[ScriptedServer]:
    async with serve(answering(GOOD)) as server:
        yield server


@asynccontextmanager
async def serving(
    directory: Path, subgraph: ScriptedServer, **settings: object
) -> AsyncIterator[ServedGateway]:
    sdl = two_subgraphs(subgraph.url, subgraph.url)
    async with serve_gateway(directory, sdl, **settings) as served:
        yield served


@pytest.fixture
async def gateway(tmp_path: Path, subgraph: ScriptedServer) -> AsyncIterator[ServedGateway]:
    async with serving(tmp_path, subgraph) as served:
        yield served


# --- Requests ----------------------------------------------------------------------------------


async def test_post_and_get_answer_alike(gateway: ServedGateway) -> None:
    by_post = await gateway.post("query Q($v: String) { good(value: $v) }", variables={"v": "x"})
    by_get = await gateway.client.get(
        "/graphql",
        params={"query": "query Q($v: String) { good(value: $v) }", "variables": '{"v":"x"}'},
    )
    assert by_post.json() == by_get.json() == {"data": {"good": "fine"}}
    assert by_post.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_operation_is_chosen_by_name(
    gateway: ServedGateway, subgraph: ScriptedServer
) -> None:
    document = 'query A { good } query B { good(value: "b") }'
    answer = await gateway.post(document, operationName="B")
    assert answer.json() == {"data": {"good": "fine"}}
    assert 'value: "b"' in subgraph.requests[0].json["query"]
    assert (await gateway.post(document)).json()["errors"]
    assert (await gateway.post(document, operationName="C")).json()["errors"]


async def test_a_get_never_mutates(gateway: ServedGateway, subgraph: ScriptedServer) -> None:
    answer = await gateway.client.get("/graphql", params={"query": "mutation { change }"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert subgraph.requests == []
    assert (await gateway.post("mutation { change }")).json() == {"data": {"change": "done"}}


async def test_a_batch_is_refused(gateway: ServedGateway) -> None:
    answer = await gateway.client.post("/graphql", json=[{"query": "{ good }"}])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BATCHING_NOT_SUPPORTED"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_told_which_are_allowed(
    gateway: ServedGateway, method: str
) -> None:
    answer = await gateway.client.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["errors"]


async def test_another_path_is_a_404_in_json(gateway: ServedGateway) -> None:
    answer = await gateway.client.get("/graphq")
    assert answer.status_code == 404
    assert "/graphql" in answer.json()["errors"][0]["message"]


async def test_introspection_is_answered_without_any_subgraph(
    gateway: ServedGateway, subgraph: ScriptedServer
) -> None:
    answer = await gateway.post('{ __schema { queryType { name } } __type(name: "User") { name } }')
    assert answer.json()["data"] == {
        "__schema": {"queryType": {"name": "Query"}},
        "__type": {"name": "User"},
    }
    assert subgraph.requests == []


# --- Status codes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "with_json", "with_graphql"),
    [("{ good }", 200, 200), ("{ nope }", 200, 400), ("{", 200, 400), (7, 400, 400)],
)
async def test_the_status_follows_the_media_type(
    gateway: ServedGateway, query: object, with_json: int, with_graphql: int
) -> None:
    legacy = await gateway.post(query, headers={"accept": JSON})
    modern = await gateway.post(query, headers={"accept": GRAPHQL})
    assert (legacy.status_code, modern.status_code) == (with_json, with_graphql)
    assert legacy.headers["content-type"].startswith(JSON)
    assert modern.headers["content-type"].startswith(GRAPHQL)
    assert legacy.json() == modern.json()


async def test_an_answer_nobody_wants_is_a_406(gateway: ServedGateway) -> None:
    answer = await gateway.post("{ good }", headers={"accept": "text/plain"})
    assert answer.status_code == 406
    assert answer.json()["errors"]


# --- Browsers ----------------------------------------------------------------------------------


async def test_a_browser_gets_graphiql_and_all_it_needs_from_here(gateway: ServedGateway) -> None:
    page = await gateway.client.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "http" not in policy
    for asset in ("graphiql.js", "graphiql.css"):
        assert f'"graphql/assets/{asset}"' in page.text
        answer = await gateway.client.get(f"/graphql/assets/{asset}")
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        again = await gateway.client.get(
            f"/graphql/assets/{asset}", headers={"if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304


async def test_graphiql_can_be_switched_off(tmp_path: Path, subgraph: ScriptedServer) -> None:
    async with serving(tmp_path, subgraph, graphiql={"enabled": False}) as gateway:
        answer = await gateway.client.get("/graphql", headers={"accept": "text/html"})
        assert answer.status_code == 406
        assert (await gateway.client.get("/graphql/assets/graphiql.js")).status_code == 404


async def test_no_page_of_another_origin_may_read_answers_unless_it_is_named(
    tmp_path: Path, subgraph: ScriptedServer
) -> None:
    asking = {"origin": "https://app.example", "access-control-request-method": "POST"}
    async with serving(tmp_path, subgraph) as gateway:
        answer = await gateway.client.options("/graphql", headers=asking)
        assert "access-control-allow-origin" not in answer.headers
    async with serving(
        tmp_path, subgraph, cors={"allow_origins": ["https://app.example"]}
    ) as gateway:
        answer = await gateway.client.options("/graphql", headers=asking)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        answer = await gateway.post("{ good }", headers={"origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"


# --- Headers -----------------------------------------------------------------------------------


async def test_only_named_headers_reach_subgraphs(tmp_path: Path, subgraph: ScriptedServer) -> None:
    async with serving(
        tmp_path,
        subgraph,
        headers={"forward": ["authorization", "x-tenant-*"]},
        subgraphs={"good": {"headers": {"x-gateway-key": "k"}}},
    ) as gateway:
        await gateway.post(
            "{ good }",
            headers={
                "authorization": "Bearer t", "cookie": "c=1", "x-tenant-id": "7", "x-other": "o",
            },
        )  # fmt: skip
    [request] = subgraph.requests
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["x-tenant-id"] == "7"
    assert request.headers["x-gateway-key"] == "k"
    assert "cookie" not in request.headers
    assert "x-other" not in request.headers


# --- Operations --------------------------------------------------------------------------------


async def test_health_and_metrics(gateway: ServedGateway) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        answer = await gateway.client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert (await gateway.client.post(path)).status_code == 405
    await gateway.post("{ good }")
    await gateway.post("{ good }")
    text = (await gateway.client.get("/metrics")).text
    assert 'gateway_operation_cache_lookups_total{result="hit"} 1.0' in text
    assert 'gateway_subgraph_requests_total{outcome="ok",subgraph="good"} 2.0' in text
    assert 'http_requests_total{endpoint="/graphql"' in text
    assert "http_request_duration_seconds_bucket" in text


async def test_it_is_alive_but_not_ready_while_loading_or_stopping(tmp_path: Path) -> None:
    settings = load_settings(overrides={"supergraph": tmp_path / "s.graphql"})
    app = Gateway(settings).app
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health")
        assert (ready.status_code, ready.json()) == (503, {"status": "loading"})
        answer = await client.post("/graphql", json={"query": "{ good }"})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_READY"
        app.is_stopping = True
        assert (await client.get("/health/ready")).json() == {"status": "stopping"}


async def test_more_requests_than_allowed_are_told_to_come_back(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await release.wait()
        return GOOD

    async with (
        serve(script) as subgraph,
        serving(tmp_path, subgraph, limits={"max_concurrent_requests": 2}) as gateway,
    ):
        waiting = [asyncio.create_task(gateway.post("{ good }")) for _ in range(2)]
        await eventually(lambda: gateway.running.gateway.app.graphql.in_flight == 2)
        refused = await gateway.post("{ good }")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
        release.set()
        for task in waiting:
            assert (await task).json() == {"data": {"good": "fine"}}


async def test_a_request_in_flight_is_answered_before_the_gateway_stops(tmp_path: Path) -> None:
    release = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await release.wait()
        return GOOD

    async with serve(script) as subgraph, serving(tmp_path, subgraph) as gateway:
        slow = asyncio.create_task(gateway.post("{ good }"))
        await eventually(lambda: bool(subgraph.requests))
        gateway.running.stop()
        await asyncio.sleep(0.15)
        release.set()
        assert (await slow).json() == {"data": {"good": "fine"}}


# --- Exchanging the supergraph -----------------------------------------------------------------


async def test_a_changed_supergraph_is_taken_over_and_a_broken_one_is_not(
    tmp_path: Path, subgraph: ScriptedServer
) -> None:
    async with serving(tmp_path, subgraph, supergraph_poll_seconds=0.02) as gateway:

        async def knows(field: str) -> bool:
            return "errors" not in (await gateway.post(f"{{ {field} }}")).json()

        async def loads(outcome: str) -> bool:
            text = (await gateway.client.get("/metrics")).text
            return f'gateway_supergraph_loads_total{{outcome="{outcome}"}}' in text

        original = gateway.supergraph.read_text()
        assert not await knows("fresh: good fresher")
        gateway.supergraph.write_text(original[: len(original) // 2])
        await eventually(lambda: loads("failed"))
        assert await knows("good")
        gateway.supergraph.write_text(
            original.replace(
                "  me: User", "  fresher: String @join__field(graph: GOOD)\n  me: User"
            )
        )
        await eventually(lambda: knows("fresher"))
        gateway.supergraph.unlink()
        gateway.running.gateway.source.reload_soon()
        await asyncio.sleep(0.05)
        assert await knows("fresher")


async def test_requests_in_flight_finish_on_the_supergraph_they_began_with(
    tmp_path: Path,
) -> None:
    release = asyncio.Event()

    async def script(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await release.wait()
        return GOOD

    async with serve(script) as subgraph, serving(tmp_path, subgraph) as gateway:
        slow = asyncio.create_task(gateway.post("{ good }"))
        await eventually(lambda: bool(subgraph.requests))
        runtime = gateway.running.gateway.pipeline.runtime
        gateway.supergraph.write_text(two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/"))
        gateway.running.gateway.source.reload_soon()
        await eventually(lambda: gateway.running.gateway.pipeline.runtime is not runtime)
        release.set()
        assert (await slow).json() == {"data": {"good": "fine"}}


async def test_an_exchanged_supergraph_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "s.graphql"
    sdl = two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/")
    file.write_text(sdl)
    gateway = Gateway(load_settings(overrides={"supergraph": file}))
    await gateway.source.load()
    watching = asyncio.create_task(gateway.source.watch())

    async def serve_then_exchange(number: int) -> None:
        context = RequestContext()
        await gateway.pipeline.run("{ good __schema { __typename } }", None, None, context)
        before = gateway.pipeline.runtime
        file.write_text(f"{sdl}\n# {number}\n")
        gateway.source.reload_soon()
        await eventually(lambda: gateway.pipeline.runtime is not before)

    try:
        for number in range(3):
            await serve_then_exchange(number)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await gateway.close()
    gc.unfreeze()
    gc.collect()
    ours = [o for o in gc.get_objects() if isinstance(o, Supergraph) and o.sdl.startswith(sdl)]
    assert len(ours) == 1
