"""The gateway as an ASGI application under granian instead of the server it brings along."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from subgraph_kit.embedded import free_ports
from tests.gateway.server.supergraphs import two_subgraphs

NOWHERE = two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/")


@contextmanager
def granian(*options: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_ports(1)[0]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DICTAMESH_")}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"]
    process = subprocess.Popen(
        [*command, "--port", str(port), *options, "gateway.asgi:application"],
        env=inherited | environment,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def until_ready(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("granian did not start")


def test_granian_serves_the_gateway_and_follows_its_supergraph(tmp_path: Path) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(NOWHERE)
    with granian(DICTAMESH_GATEWAY__SUPERGRAPH=str(supergraph)) as (url, process):
        until_ready(url, process)
        asked = {"query": "{ __schema { queryType { name } } }"}
        answer = httpx.post(f"{url}/graphql", json=asked)
        assert answer.json() == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
        assert httpx.post(f"{url}/graphql", json={}).status_code == 400
        assert httpx.get(f"{url}/nowhere").status_code == 404

        supergraph.write_text(NOWHERE.replace("  bad: String @join", "  worse: String @join"))
        until = time.monotonic() + 20
        asked = {"query": '{ __type(name: "Query") { fields { name } } }'}
        while "worse" not in httpx.post(f"{url}/graphql", json=asked).text:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_large_body_is_refused_there_too(tmp_path: Path) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(NOWHERE)
    config = tmp_path / "gateway.yaml"
    config.write_text(f"supergraph: {supergraph}\nlimits:\n  max_body_bytes: 1000\n")
    with granian(DICTAMESH_GATEWAY_CONFIG=str(config)) as (url, process):
        until_ready(url, process)
        answer = httpx.post(f"{url}/graphql", json={"query": "{ a }" + " " * 2000})
        assert answer.status_code == 413


def test_what_is_wrong_with_the_configuration_is_said() -> None:
    with granian() as (_, process):
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "No supergraph is given" in said:
                break
    assert "No supergraph is given" in said
