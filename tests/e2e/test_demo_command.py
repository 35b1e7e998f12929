"""`dictamesh demo` as somebody runs it: start to finish, again, with things in the way."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

START_SECONDS = 90


def demo(*options: object) -> list[str]:
    return [sys.executable, "-m", "dictamesh", "demo", *map(str, options)]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="dm-"))
    yield path
    shutil.rmtree(path)


def processes_of(data_dir: Path) -> list[str]:
    """Processes of a mesh on the directory, by command line or by the mark in their environment."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or [])
        mark = (process.info["environ"] or {}).get("DICTAMESH_SUPERVISED", "")
        if str(data_dir) in command + mark and "pytest" not in command:
            found.append(command)
    return found


def sockets_of(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob("*") if path.is_socket()]


class RunningDemo:
    """A demo that stays up; its output is read as it comes."""

    def __init__(self, *options: object) -> None:
        self.process = subprocess.Popen(
            demo(*options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    def wait_for(self, text: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if line := next((line for line in list(self.lines) if text in line), None):
                return line
            if self.process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.02)
        raise AssertionError(f"{text!r} did not come in:\n" + "\n".join(self.lines))

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def test_once_shows_everything_and_leaves_nothing_behind(data_dir: Path) -> None:
    run = subprocess.run(
        demo("--once", "--port", 0, "--data-dir", data_dir),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    assert "FAIL" not in run.stdout
    assert run.stdout.count("\n  ok ") >= 12
    for shown in ("QueryPlan {", '"entity_type": "Customer"', '"service": "products"'):
        assert shown in run.stdout
    assert processes_of(data_dir) == []
    assert sockets_of(data_dir) == []
    secrets = [path for path in data_dir.rglob("*") if path.name in ("secrets.json", ".env")]
    assert secrets == []


def test_it_stays_up_until_ctrl_c_and_leaves_nothing_behind(data_dir: Path) -> None:
    running = RunningDemo("--port", 0, "--data-dir", data_dir)
    try:
        running.wait_for("Ctrl-C ends it")
        up = running.wait_for("The mesh is up after")
        address = running.wait_for("GraphiQL:").split()[-1]
        page = httpx.get(address, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "graphiql" in page.text.lower()
        answer = httpx.post(address, json={"query": '{ product(id: "A000001") { name } }'}).json()
        assert answer["data"]["product"]["name"], "the vendor is back after the tour"

        again = subprocess.run(
            demo("--once", "--port", 0, "--data-dir", data_dir),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        assert again.returncode == 1
        assert "in use by another run" in again.stderr
        assert "Traceback" not in again.stderr

        ports = [int(port) for port in json.loads((data_dir / "ports.json").read_text()).values()]
    finally:
        code = running.end(signal.SIGINT)
    assert code == 0, "\n".join(running.lines)
    assert processes_of(data_dir) == []
    assert sockets_of(data_dir) == []
    for port in [*ports, int(re.findall(r":(\d+)/", address)[0])]:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert float(re.findall(r"([\d.]+) s", up)[0]) < START_SECONDS


def test_a_killed_demo_is_mended_by_the_next_and_a_signal_while_starting_ends_it(
    data_dir: Path,
) -> None:
    killed = RunningDemo("--port", 0, "--data-dir", data_dir)
    killed.wait_for("servers: PostgreSQL")
    killed.end(signal.SIGKILL)
    assert processes_of(data_dir) != []

    again = RunningDemo("--port", 0, "--data-dir", data_dir)
    again.wait_for("servers: PostgreSQL")
    assert again.end(signal.SIGTERM) == 130
    assert processes_of(data_dir) == []
    assert sockets_of(data_dir) == []


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            demo("--once", "--port", port, "--data-dir", tmp_path),
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
    assert run.returncode == 1
    assert run.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
    assert "--port" in run.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--catalog-dsn", "postgresql://127.0.0.1:1/none"), "--catalog-dsn cannot be reached"),
        (("--redis-url", "redis://127.0.0.1:1"), "--redis-url cannot be reached"),
        (("--kafka", "127.0.0.1:1"), "--kafka cannot be reached"),
        (("--kafka", "nonsense"), "--kafka takes HOST:PORT"),
    ],
)
def test_a_server_that_is_not_there_is_a_sentence(
    tmp_path: Path, options: tuple[str, str], sentence: str
) -> None:
    run = subprocess.run(
        demo("--once", "--port", 0, "--data-dir", tmp_path, *options),
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    assert run.returncode == 1
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr
    assert processes_of(tmp_path) == []
