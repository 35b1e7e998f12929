from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from subgraph_kit.errors import ConfigurationError, RetriableError
from subgraph_kit.events.connect import connect_bus
from subgraph_kit.events.kafka_settings import kafka_settings


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("url", ["", "redis://x", "localhost:9092", "kafka"])
async def test_an_unknown_address_is_answered_with_the_known_forms(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"use postgresql://\.\.\., kafka://host:port"):
        await connect_bus(url)


async def test_a_postgresql_that_is_not_there_is_named_without_its_password(
    closed_port: int,
) -> None:
    with pytest.raises(RetriableError, match=r"PostgreSQL 'mesh' at 127\.0\.0\.1") as caught:
        await connect_bus(f"postgresql://me:hunter2@127.0.0.1:{closed_port}/mesh")
    assert "hunter2" not in str(caught.value)


async def test_a_kafka_that_is_not_there_is_named(closed_port: int) -> None:
    with pytest.raises(RetriableError, match=f"Kafka at 127.0.0.1:{closed_port}"):
        await connect_bus(f"kafka://127.0.0.1:{closed_port}")


def test_kafka_settings_from_the_address() -> None:
    plain = kafka_settings("kafka://a:9092,b:9093", {})
    assert (plain.servers, plain.security_protocol) == ("a:9092,b:9093", "PLAINTEXT")
    scram = kafka_settings("kafka+ssl://me:p%40ss@a:9092", {})
    assert (scram.security_protocol, scram.sasl_mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (scram.username, scram.password) == ("me", "p@ss")
    assert "p@ss" not in repr(scram)
    options = scram.client_options()
    assert options["sasl_plain_password"] == "p@ss"
    assert options["ssl_context"].check_hostname


def test_kafka_settings_from_the_environment() -> None:
    environment = {"DICTAMESH_KAFKA_USERNAME": "me", "DICTAMESH_KAFKA_PASSWORD": "secret"}
    settings = kafka_settings("kafka://a:9092?sasl_mechanism=PLAIN", environment)
    assert (settings.security_protocol, settings.sasl_mechanism) == ("SASL_PLAINTEXT", "PLAIN")
    assert settings.password == "secret"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("kafka://", "'' is no host:port"),
        ("kafka://a", "'a' is no host:port"),
        ("kafka://a:9092,b", "'b' is no host:port"),
        ("kafka://a:9092?sasl=PLAIN", "unknown parameter 'sasl'"),
        ("kafka://a:9092?security_protocol=TLS", "security_protocol must be one of"),
        ("kafka://me:p@a:9092?sasl_mechanism=MD5", "sasl_mechanism must be one of"),
        ("kafka://me@a:9092", "SASL needs a user and a password"),
        ("kafka://a:9092?security_protocol=SASL_SSL&sasl_mechanism=PLAIN", "SASL needs a user"),
    ],
)
def test_kafka_settings_that_cannot_work(url: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        kafka_settings(url, {})


def test_certificates_that_cannot_be_read() -> None:
    settings = kafka_settings("kafka+ssl://a:9092?ssl_cafile=/no/such/file", {})
    with pytest.raises(ConfigurationError, match="certificates cannot be read"):
        settings.client_options()


@pytest.mark.parametrize(
    ("library", "url"),
    [("asyncpg", "postgresql://127.0.0.1:1/x"), ("aiokafka", "kafka://127.0.0.1:1")],
)
def test_a_missing_library_names_the_extra_to_install(library: str, url: str) -> None:
    """In a process of its own, where the library cannot be imported."""
    program = (
        "import asyncio, sys\n"
        f"sys.modules[{library!r}] = None\n"
        "from subgraph_kit.events.connect import connect_bus\n"
        f"asyncio.run(connect_bus({url!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert b"ConfigurationError" in done.stderr
    assert b"pip install 'dictamesh[events]'" in done.stderr
