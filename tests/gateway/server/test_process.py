"""The gateway as a process: how it starts, ends, and says why it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.config.listen import ListenSettings
from gateway.errors import ConfigurationError
from gateway.server.run import bind
from tests.gateway.server.supergraphs import two_subgraphs

COMMAND = [sys.executable, "-m", "gateway"]
NOWHERE = two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/")


@pytest.fixture
def supergraph(tmp_path: Path) -> Path:
    path = tmp_path / "supergraph.graphql"
    path.write_text(NOWHERE)
    return path


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A gateway process that reported to be ready, and its port."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DICTAMESH_")}
    process = subprocess.Popen(
        [*COMMAND, "run", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            record = json.loads(line)
            if record["message"] == "gateway ready":
                yield process, record["port"]
                return
        raise AssertionError(f"the gateway ended with {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(supergraph: Path, number: signal.Signals) -> None:
    with started("--supergraph", str(supergraph)) as (process, port):
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr]
        assert lines[-1]["message"] == "gateway stopped"
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_sighup_loads_the_supergraph_again(supergraph: Path) -> None:
    with started("--supergraph", str(supergraph)) as (process, _):
        assert process.stderr is not None
        process.send_signal(signal.SIGHUP)
        assert json.loads(process.stderr.readline())["message"] == "supergraph unchanged"


def test_logs_carry_no_variables(supergraph: Path) -> None:
    environ = {"DICTAMESH_GATEWAY__TELEMETRY__LOG_REQUESTS": "true"}
    os.environ.update(environ)
    try:
        config = supergraph.with_name("gateway.yaml")
        config.write_text("telemetry: {log_requests: true}")
        with started("--supergraph", str(supergraph), "--config", str(config)) as (process, port):
            httpx.post(
                f"http://127.0.0.1:{port}/graphql",
                json={
                    "query": "query Named($v: String) { good(value: $v) }",
                    "variables": {"v": "hunter2"},
                },
                headers={"authorization": "Bearer hunter2"},
            )
            process.terminate()
            assert process.stderr is not None
            text = process.stderr.read()
    finally:
        for name in environ:
            del os.environ[name]
    assert "Named" in text
    assert "duration_ms" in text
    assert "hunter2" not in text


def only_sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def test_a_port_in_use_is_one_sentence(supergraph: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("run", "--supergraph", str(supergraph), "--port", str(port))
    text = only_sentence(result)
    assert text.startswith(f"Error: Port {port} on 127.0.0.1 is already in use")
    assert "--port" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--supergraph", "no.graphql"), "dictamesh supergraph compose"),
        (("--supergraph", "{}", "--events", "rabbit://x"), "rabbit"),
    ],
)
def test_what_only_shows_while_starting_is_told_too(
    supergraph: Path, arguments: tuple[str, ...], words: str
) -> None:
    given = [argument.format(supergraph) for argument in arguments]
    result = run("run", "--port", "0", *given)
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "No supergraph is given"),
        (("--config", "no.yaml"), "cannot be read"),
        (("--log-level", "loud"), "telemetry.log_level"),
    ],
)
def test_settings_that_cannot_work_are_told(arguments: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(app, ["run", *arguments])
    assert result.exit_code == 1
    assert words in result.stderr


@pytest.mark.parametrize(
    ("host", "words"),
    [("no.such.host.invalid", "not known"), ("192.0.2.1", "no address of this machine")],
)
def test_a_host_that_cannot_be_listened_on_is_told(host: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        bind(ListenSettings(host=host, port=0))


# --- Commands that print -----------------------------------------------------------------------


def invoke(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_plan_prints_the_text_form(supergraph: Path) -> None:
    result = invoke("plan", "--supergraph", str(supergraph), "--query", "-", stdin="{ good bad }")
    assert result.exit_code == 0
    assert result.stdout.startswith("QueryPlan {")
    assert 'Fetch(service: "good")' in result.stdout


def test_plan_prints_the_json_form(supergraph: Path, tmp_path: Path) -> None:
    query = tmp_path / "q.graphql"
    query.write_text("{ good }")
    result = invoke(
        "plan", "--supergraph", str(supergraph), "--query", str(query), "--format", "json"
    )
    plan = json.loads(result.stdout)
    assert plan["kind"] == "QueryPlan"
    assert plan["node"]["serviceName"] == "good"


def test_inspect_shows_the_normalized_operation(supergraph: Path) -> None:
    query = (
        "query ($on: Boolean!) { ...F good good @include(if: $on) } "
        "fragment F on Query { bad @skip(if: false) good @skip(if: true) }"
    )
    result = invoke(
        "inspect", "normalize", "--supergraph", str(supergraph), "--query", "-", stdin=query
    )
    assert result.stdout.split() == ["query", "($on:", "Boolean!)", "{", "bad", "good", "}"]


@pytest.mark.parametrize(
    ("query", "words"), [("{ nope }", "nope"), ("{", "Syntax Error"), ("", "empty")]
)
def test_a_query_that_cannot_be_planned_is_told(supergraph: Path, query: str, words: str) -> None:
    result = invoke("plan", "--supergraph", str(supergraph), "--query", "-", stdin=query)
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr


def test_config_shows_settings_and_schema_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("events: {url: 'postgresql://u:hunter2@h/d'}\nlimits: {max_depth: 7}\n")
    shown = invoke("config", "--config", str(file))
    assert "max_depth: 7" in shown.stdout
    assert "hunter2" not in shown.stdout
    assert json.loads(invoke("config", "--schema").stdout)["additionalProperties"] is False
