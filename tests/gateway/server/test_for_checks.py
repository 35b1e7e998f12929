"""What a gateway gives to checks of a changed graph: its supergraph, and usage; off by default."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from supergraph.checks.sources.gateway import read_gateway
from tests.gateway.server.supergraphs import two_subgraphs
from tests.testkit.servers import answering, http, serve, serve_gateway

GOOD = http('{"data":{"good":"fine"}}')


async def test_usage_is_written_of_what_was_answered(tmp_path: Path) -> None:
    usage = {"directory": tmp_path / "usage", "interval_seconds": 3600}
    headers = {"apollographql-client-name": "shop", "apollographql-client-version": "7"}
    async with serve(answering(GOOD)) as subgraph:
        sdl = two_subgraphs(subgraph.url, subgraph.url)
        async with serve_gateway(tmp_path, sdl, usage=usage) as gateway:
            for query in ("{ good }", '{ good(value: "jane") }', "{ good }", "{ nonsense }"):
                await gateway.client.post("/graphql", json={"query": query}, headers=headers)
    # It was written when the gateway ended.
    lines = (tmp_path / "usage" / "usage.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    counts = {item["hash"]: item["count"] for item in found if item["kind"] == "count"}
    texts = {item["text"]: counts[item["hash"]] for item in found if item["kind"] == "operation"}
    assert texts == {"{\n  good\n}": 2, '{\n  good(value: "")\n}': 1}
    assert {item["client"] for item in found if item["kind"] == "count"} == {"shop"}


async def test_the_supergraph_is_given_out_where_it_is_wanted(tmp_path: Path) -> None:
    async with serve(answering(GOOD)) as subgraph:
        sdl = two_subgraphs(subgraph.url, subgraph.url)
        async with serve_gateway(tmp_path, sdl) as gateway:
            assert (await gateway.client.get("/supergraph")).status_code == 404
            address = str(gateway.client.base_url)
            source = await asyncio.to_thread(read_gateway, address, {})
            # Without it there is introspection.
            assert source.supergraph_sdl is None
            assert "good(" in (source.api_sdl or "")
        async with serve_gateway(
            tmp_path, sdl, listen={"supergraph_path": "/supergraph"}
        ) as gateway:
            answer = await gateway.client.get("/supergraph")
            assert (answer.text, answer.headers["cache-control"]) == (sdl, "no-store")
            assert (await gateway.client.post("/supergraph")).status_code == 405
            for path in ("", "/graphql", "/supergraph"):
                address = str(gateway.client.base_url).rstrip("/") + path
                source = await asyncio.to_thread(read_gateway, address, {})
                assert source.supergraph_sdl == sdl
