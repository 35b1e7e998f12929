from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

from subgraph_kit.catalog.migrations import migrate, migrations, rollback
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.errors import ConfigurationError, FatalError, RetriableError

pytestmark = pytest.mark.embedded
VERSIONS = [migration.version for migration in migrations()]
ROOT = Path(__file__).parents[3]


async def tables(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


async def test_migrating_again_changes_nothing(empty_postgres_dsn: str) -> None:
    assert await migrate(empty_postgres_dsn) == VERSIONS
    assert await migrate(empty_postgres_dsn) == []


async def test_every_step_can_be_undone_and_done_again(empty_postgres_dsn: str) -> None:
    await migrate(empty_postgres_dsn)
    everything = await tables(empty_postgres_dsn)
    assert await rollback(empty_postgres_dsn, to_version=0) == VERSIONS[::-1]
    assert await tables(empty_postgres_dsn) == {"schema_migrations"}
    assert await rollback(empty_postgres_dsn, to_version=0) == []
    assert await migrate(empty_postgres_dsn) == VERSIONS
    assert await tables(empty_postgres_dsn) == everything
    assert await rollback(empty_postgres_dsn, to_version=1) == VERSIONS[:0:-1]
    assert "outbox" not in await tables(empty_postgres_dsn)


async def test_processes_that_start_together_do_not_disturb_each_other(
    empty_postgres_dsn: str,
) -> None:
    program = (
        "import asyncio, sys; from subgraph_kit.catalog.migrations import migrate;"
        "print(asyncio.run(migrate(sys.argv[1])))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            empty_postgres_dsn,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        for _ in range(3)
    ]
    outputs = [(await process.communicate())[0].decode().strip() for process in processes]
    assert sorted(outputs) == sorted([str(VERSIONS), "[]", "[]"])
    assert all(process.returncode == 0 for process in processes)


async def test_refuses_a_database_of_another_version(empty_postgres_dsn: str) -> None:
    await migrate(empty_postgres_dsn)
    connection = await asyncpg.connect(empty_postgres_dsn)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'future', 'x')"
    )
    await connection.close()
    with pytest.raises(ConfigurationError, match="step 9999 by another version of DictaMesh"):
        await migrate(empty_postgres_dsn)


async def test_a_failing_step_leaves_nothing_behind(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subgraph_kit.catalog import migrations as module

    real = migrations()
    broken = module.Migration(9998, "broken", "CREATE TABLE half (id INT); SELECT 1/0;", "")
    monkeypatch.setattr(module, "migrations", lambda: [*real, broken])
    with pytest.raises(FatalError, match="cannot hold a value"):
        await migrate(empty_postgres_dsn)
    assert "half" not in await tables(empty_postgres_dsn)
    monkeypatch.undo()
    assert await migrate(empty_postgres_dsn) == []


@pytest.mark.parametrize("dsn", ["", "mysql://x", "host=/tmp"])
async def test_an_address_that_is_none(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="looks like postgresql://"):
        await migrate(dsn)


async def test_a_database_that_does_not_exist(empty_postgres_dsn: str) -> None:
    missing = empty_postgres_dsn.replace("?host=", "missing?host=")
    with pytest.raises(ConfigurationError, match="check user, password and database name"):
        await migrate(missing)


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(RetriableError, match="is not reachable"):
        await migrate("postgresql://me:hunter2@127.0.0.1:1/x")


async def columns(dsn: str, table: str) -> dict[str, tuple[str, str | None, bool]]:
    """Type, default and nullability by column."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull,"
            " pg_get_expr(adbin, adrelid) AS value FROM pg_attribute"
            " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
        return {r["attname"]: (r["type"], r["value"], r["attnotnull"]) for r in rows}
    finally:
        await connection.close()


UUID_KEY = ("uuid", "gen_random_uuid()", True)
REFERENCE = ("uuid", None, False)
NOW = ("timestamp with time zone", "now()", False)
MOMENT = ("timestamp with time zone", None, False)
MOMENT_NEEDED = ("timestamp with time zone", None, True)


def text(length: int, default: str | None = None, *, needed: bool = False) -> tuple[object, ...]:
    value = f"'{default}'::character varying" if default else None
    return (f"character varying({length})", value, needed)


async def test_the_tables_are_those_of_the_design(empty_postgres_dsn: str) -> None:
    await migrate(empty_postgres_dsn)
    assert await columns(empty_postgres_dsn, "entity_catalog") == {
        "id": UUID_KEY,
        "entity_type": text(100, needed=True),
        "domain": text(100, needed=True),
        "source_system": text(100, needed=True),
        "source_entity_id": text(255, needed=True),
        "api_base_url": ("text", None, True),
        "api_path_template": ("text", None, True),
        "api_method": text(10, "GET"),
        "api_auth_type": text(50),
        "schema_id": REFERENCE,
        "schema_version": text(50),
        "created_at": NOW,
        "updated_at": NOW,
        "last_seen_at": NOW,
        "status": text(50, "active"),
        "availability_sla": ("numeric(5,4)", None, False),
        "latency_p99_ms": ("integer", None, False),
        "freshness_sla_seconds": ("integer", None, False),
        "contains_pii": ("boolean", "false", False),
        "data_classification": text(50),
        "retention_days": ("integer", None, False),
    }
    assert await columns(empty_postgres_dsn, "entity_relationships") == {
        "id": UUID_KEY,
        "subject_catalog_id": REFERENCE,
        "subject_entity_type": text(100),
        "subject_entity_id": text(255),
        "relationship_type": text(100),
        "relationship_cardinality": text(20),
        "object_catalog_id": REFERENCE,
        "object_entity_type": text(100),
        "object_entity_id": text(255),
        "valid_from": ("timestamp with time zone", "now()", True),
        "valid_to": MOMENT,
        "subject_display_name": text(255),
        "object_display_name": text(255),
        "relationship_metadata": ("jsonb", None, False),
        "created_by_event_id": text(255),
        "created_at": NOW,
    }
    assert await columns(empty_postgres_dsn, "schemas") == {
        "id": UUID_KEY,
        "entity_type": text(100, needed=True),
        "version": text(50, needed=True),
        "schema_format": text(50, needed=True),
        "schema_definition": ("jsonb", None, True),
        "backward_compatible": ("boolean", "true", False),
        "forward_compatible": ("boolean", "false", False),
        "published_at": NOW,
        "deprecated_at": MOMENT,
        "retired_at": MOMENT,
    }
    assert await columns(empty_postgres_dsn, "event_log") == {
        "id": UUID_KEY,
        "event_id": text(255, needed=True),
        "event_type": text(100, needed=True),
        "catalog_id": REFERENCE,
        "entity_type": text(100),
        "entity_id": text(255),
        "changed_fields": ("text[]", None, False),
        "event_payload": ("jsonb", None, False),
        "trace_id": text(64),
        "span_id": text(16),
        "event_timestamp": MOMENT_NEEDED,
        "ingested_at": NOW,
        "event_date": ("date", "((event_timestamp AT TIME ZONE 'UTC'::text))::date", False),
    }
    assert await columns(empty_postgres_dsn, "data_lineage") == {
        "id": UUID_KEY,
        "upstream_catalog_id": REFERENCE,
        "upstream_system": text(100),
        "downstream_catalog_id": REFERENCE,
        "downstream_system": text(100),
        "transformation_type": text(50),
        "transformation_logic": ("text", None, False),
        "data_flow_active": ("boolean", "true", False),
        "last_flow_at": MOMENT,
        "average_latency_ms": ("integer", None, False),
        "created_at": NOW,
    }
    assert await columns(empty_postgres_dsn, "cache_status") == {
        "entity_catalog_id": ("uuid", None, True),
        "entity_id": text(255, needed=True),
        "cache_layer": text(50, needed=True),
        "cached_at": MOMENT_NEEDED,
        "expires_at": MOMENT,
        "cache_key": text(500),
        "hit_count": ("integer", "0", False),
    }


async def test_the_indexes_of_the_design_are_there(empty_postgres_dsn: str) -> None:
    await migrate(empty_postgres_dsn)
    connection = await asyncpg.connect(empty_postgres_dsn)
    rows = await connection.fetch("SELECT indexname, indexdef FROM pg_indexes")
    await connection.close()
    found = {row["indexname"]: row["indexdef"] for row in rows}
    for name in (
        "idx_entity_type", "idx_domain", "idx_source_system", "idx_subject", "idx_object",
        "idx_relationship_type", "idx_temporal", "idx_event_catalog", "idx_event_type",
        "idx_trace", "idx_event_timeline", "idx_lineage_upstream", "idx_lineage_downstream",
    ):  # fmt: skip
        assert name in found
    assert "WHERE (valid_to IS NULL)" in found["idx_temporal"]
    assert "UNIQUE" in found["idx_current_relationship"]


async def test_the_event_log_is_immutable_and_monthly(empty_postgres_dsn: str) -> None:
    from subgraph_kit.testing.catalog import NOON, an_event

    catalog = PostgresCatalog(empty_postgres_dsn)
    event = an_event(timestamp=NOON.replace(year=2025, month=11, day=30, hour=23, minute=59))
    await catalog.apply_event(event)
    await catalog.close()
    connection = await asyncpg.connect(empty_postgres_dsn)
    # A session in another time zone sees the same date.
    await connection.execute("SET TIME ZONE 'Pacific/Kiritimati'")
    row = await connection.fetchrow("SELECT event_date::text, trace_id FROM event_log_y2025m11")
    assert tuple(row) == ("2025-11-30", event.trace_context.trace_id)
    for statement in ("UPDATE event_log SET entity_id = 'x'", "DELETE FROM event_log"):
        with pytest.raises(asyncpg.RaiseError, match="event_log is immutable"):
            await connection.execute(statement)
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            "INSERT INTO entity_relationships (valid_to) VALUES (now() - interval '1 day')"
        )
    await connection.close()
