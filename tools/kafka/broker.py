"""One Apache Kafka broker on this machine, for tests and for trying things out.

    python tools/kafka/broker.py start     fetch Kafka by Maven, start it, print its address
    python tools/kafka/broker.py stop      stop it
    python tools/kafka/broker.py address   print the address of the one that runs

`make kafka`, `make kafka-stop` and `make test-kafka` call this. Everything lies in `.kafka/`:
libraries, configuration, data (new with every start), log, process id and address. The broker
listens on the loopback address only and needs Java 17 or newer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path
from typing import NoReturn

import aiokafka.admin
import aiokafka.errors
import psutil
import typer

POM = Path(__file__).with_name("pom.xml")
HOME = Path(__file__).resolve().parents[2] / ".kafka"
LIBRARIES = HOME / "libs"
PID = HOME / "kafka.pid"
ADDRESS = HOME / "address"
LOG = HOME / "kafka.log"
START_SECONDS = 90.0
STOP_SECONDS = 30.0
HEAP = "-Xmx512m"

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def start() -> None:
    """Start the broker unless it runs already; print its address."""
    if (running := _running_address()) is not None:
        typer.echo(running)
        return
    for program, purpose in (("java", "run Kafka"), ("mvn", "fetch Kafka")):
        if shutil.which(program) is None:
            _fail(f"`{program}` is needed to {purpose}: install a JDK (17 or newer) and Maven.")
    HOME.mkdir(exist_ok=True)
    _fetch_libraries()
    address = _start_broker()
    ADDRESS.write_text(address)
    typer.echo(address)


@app.command()
def stop() -> None:
    """Stop the broker; nothing happens if none runs."""
    process = _process()
    if process is not None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
    for file in (PID, ADDRESS):
        file.unlink(missing_ok=True)


@app.command()
def address() -> None:
    """Print the address of the running broker; fail if none runs."""
    running = _running_address()
    if running is None:
        _fail("no Kafka runs here; `make kafka` starts one.")
    typer.echo(running)


def _fetch_libraries() -> None:
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    complete = LIBRARIES / "complete"
    if complete.exists() and complete.read_text() == wanted:
        return
    typer.echo("Fetching Apache Kafka by Maven ...", err=True)
    shutil.rmtree(LIBRARIES, ignore_errors=True)
    done = subprocess.run(
        [
            "mvn", "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies",
            f"-DoutputDirectory={LIBRARIES}", "-DincludeScope=runtime",
        ],
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode != 0:
        _fail(f"Maven could not fetch Kafka:\n{(done.stdout + done.stderr)[-2000:]}")
    complete.write_text(wanted)


def _start_broker() -> str:
    port, controller_port = _free_port(preferred=9092), _free_port()
    data = HOME / "data"
    shutil.rmtree(data, ignore_errors=True)
    properties = HOME / "server.properties"
    properties.write_text(_properties(port, controller_port, data))
    java = ["java", HEAP, "-cp", f"{LIBRARIES}/*"]
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()
    formatted = subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)],
        check=False,
        capture_output=True,
        text=True,
    )
    if formatted.returncode != 0:
        _fail(f"Kafka could not prepare its storage:\n{formatted.stderr[-2000:]}")
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
        )
    PID.write_text(str(process.pid))
    where = f"127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while not asyncio.run(_answers(where)):
        if process.poll() is not None or time.monotonic() > deadline:
            stop()
            _fail(f"Kafka did not start; the end of {LOG}:\n{LOG.read_text()[-2000:]}")
        time.sleep(0.3)
    return where


def _properties(port: int, controller_port: int, data: Path) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        # One broker: one copy of everything, and no waiting for members that start together.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # Topics are made with the configuration their names demand, never by accident.
        "auto.create.topics.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


async def _answers(where: str) -> bool:
    client = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=where, request_timeout_ms=2000)
    try:
        await client.start()
        await client.list_topics()
    except (aiokafka.errors.KafkaError, OSError):
        return False
    finally:
        await client.close()
    return True


def _running_address() -> str | None:
    if _process() is None or not ADDRESS.exists():
        return None
    where = ADDRESS.read_text()
    return where if asyncio.run(_answers(where)) else None


def _process() -> psutil.Process | None:
    """The broker we started; a process id that another program got meanwhile does not count."""
    try:
        process = psutil.Process(int(PID.read_text()))
        return process if "kafka.Kafka" in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _free_port(preferred: int = 0) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    import logging

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # not answering yet is no news
    app()
