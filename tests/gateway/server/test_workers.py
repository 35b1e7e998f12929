"""Several worker processes serve one port, end together, and are replaced when one dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.server.worker_metrics import merge
from tests.gateway.server.supergraphs import two_subgraphs

NOWHERE = two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/")


class Started:
    """A gateway with several workers, and the log lines it has written so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.lines.append(json.loads(line))

    def said(self, message: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line["message"] == message]

    def eventually(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < until, self.lines
            time.sleep(0.02)

    @property
    def port(self) -> int:
        return int(self.said("gateway ready")[0]["port"])

    @property
    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def ask(self) -> None:
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/graphql", json={"query": "{ __typename }"}, timeout=10
        )
        assert answer.json() == {"data": {"__typename": "Query"}}

    def end(self) -> int:
        code = self.process.wait(20)
        self._reader.join(10)  # all workers have closed their end
        return code


def command(supergraph: Path, *arguments: str) -> list[str]:
    return [
        *(sys.executable, "-m", "gateway", "run", "--port", "0", "--workers", "2"),
        *("--supergraph", str(supergraph), *arguments),
    ]


@contextmanager
def started(tmp_path: Path) -> Iterator[Started]:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(NOWHERE)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DICTAMESH_")}
    process = subprocess.Popen(
        command(supergraph), stderr=subprocess.PIPE, text=True, env=environment
    )
    gateway = Started(process)
    try:
        gateway.eventually(lambda: len(gateway.said("gateway ready")) == 2)
        yield gateway
    finally:
        process.kill()  # a no-op where it has ended; its workers then end by themselves
        gateway.end()


def asked(gateway: Started) -> set[str]:
    """The workers that the metrics speak of; every request must be among them."""
    text = httpx.get(f"http://127.0.0.1:{gateway.port}/metrics").text
    counts: dict[str, float] = {}
    workers = set()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            workers.add(sample.labels["worker"])
            if sample.name == "http_requests_total" and sample.labels["endpoint"] == "/graphql":
                counts[sample.labels["worker"]] = sample.value
    return workers if sum(counts.values()) == 10 else set()


def test_metrics_of_workers_are_put_together() -> None:
    one = (
        b'# HELP a_total A {x}\n# TYPE a_total counter\na_total{l="{"} 1.0\n'
        b"# HELP b B\n# TYPE b gauge\nb 2.0\n"
    )
    two = b"# HELP b B\n# TYPE b gauge\nb 3.0\n"
    assert merge({"2": two, "1": one}).decode().splitlines() == [
        "# HELP a_total A {x}",
        "# TYPE a_total counter",
        'a_total{worker="1",l="{"} 1.0',
        "# HELP b B",
        "# TYPE b gauge",
        'b{worker="1"} 2.0',
        'b{worker="2"} 3.0',
    ]


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="looks at processes in /proc"
)


@needs_proc
def test_workers_share_a_port_and_end_together(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        assert {line["worker"] for line in gateway.said("gateway ready")} == {1, 2}
        assert {line["port"] for line in gateway.said("gateway ready")} == {gateway.port}
        workers = gateway.workers
        assert len(workers) == 2
        for _ in range(10):
            gateway.ask()
        gateway.eventually(lambda: asked(gateway) == {"1", "2"})
        gateway.process.terminate()
        assert gateway.end() == 0
        assert len(gateway.said("gateway stopped")) == 2
        assert not any(map(exists, workers))
        assert not [line for line in gateway.lines if line["level"] == "error"]


@needs_proc
def test_a_worker_that_dies_is_replaced_while_the_other_serves(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        victim, survivor = gateway.workers
        os.kill(victim, signal.SIGKILL)
        gateway.eventually(lambda: bool(gateway.said("a worker ended; starting another")))
        gateway.ask()
        gateway.eventually(lambda: len(gateway.said("gateway ready")) == 3)
        assert survivor in gateway.workers
        assert victim not in gateway.workers
        gateway.process.send_signal(signal.SIGHUP)
        gateway.eventually(lambda: len(gateway.said("supergraph unchanged")) == 2)
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.end() == 0


@needs_proc
def test_workers_end_when_the_first_process_is_killed(tmp_path: Path) -> None:
    with started(tmp_path) as gateway:
        workers = gateway.workers
        gateway.process.kill()
        gateway.eventually(lambda: not any(map(exists, workers)))


def test_what_hinders_the_start_is_said_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.graphql"
    broken.write_text("type Query {")
    result = subprocess.run(
        command(broken), capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert result.stderr.count("broken.graphql") == 1
    assert "Traceback" not in result.stderr
