"""Changes found by polling a column that tells when a row changed last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from subgraph_kit.data_product import (
    ChangeType,
    DataProduct,
    EntityChange,
    EntityField,
    EntitySchema,
    SourceAccess,
)
from subgraph_kit.sources.sql import SqlSource
from subgraph_kit.sources.tables import SqlColumn, SqlTable, SqlTableAdapter
from subgraph_kit.sources.tables.changes import BATCH_ROWS

PRODUCT = DataProduct(
    domain="notes",
    source_system="shop",
    schema=EntitySchema(
        "Note", "1.0.0", (EntityField("id", "id", required=True), EntityField("text", "string"))
    ),
    access=SourceAccess("postgresql://shop", "/notes/{id}"),
)
TABLE = SqlTable(
    table="note",
    key=("id",),
    columns=(
        SqlColumn("id", "id", "integer"),
        SqlColumn("text", "text"),
        SqlColumn("updatedAt", "updated_at", "timestamptz"),
        SqlColumn("deleted", "deleted", "boolean"),
    ),
    changed_at="updatedAt",
    soft_delete="deleted",
)
pytestmark = pytest.mark.embedded


class Polling:
    """An adapter that is followed; each sleep waits until the test wants the next look."""

    def __init__(self, source: SqlSource) -> None:
        self.source = source
        self.slept = asyncio.Event()
        self.look_again = asyncio.Event()
        self.adapter = SqlTableAdapter(source, PRODUCT, TABLE, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.set()
        await self.look_again.wait()
        self.look_again.clear()

    async def follow(self, cursor: str | None, found: list[tuple[EntityChange, str]]) -> None:
        stream = self.adapter.stream_changes(cursor)
        async with aclosing(stream) as changes:  # type: ignore[type-var] # a generator
            async for change in changes:
                found.append(change)  # noqa: PERF401 - watched while it grows

    async def next_look(self) -> None:
        self.slept.clear()
        self.look_again.set()
        await self.slept.wait()


@pytest.fixture
async def source(postgres_dsn: str) -> AsyncIterator[SqlSource]:
    source = SqlSource("shop", postgres_dsn)
    await source.execute(
        "CREATE TABLE note (id int PRIMARY KEY, text text, updated_at timestamptz,"
        " deleted boolean NOT NULL DEFAULT false)"
    )
    yield source
    await source.close()


async def put(source: SqlSource, id_: int, at: str, text: str = "x", deleted: bool = False) -> None:
    await source.execute(
        "INSERT INTO note VALUES (:id, :text, CAST(CAST(:at AS text) AS timestamptz), :deleted)"
        " ON CONFLICT (id) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at,"
        " deleted = excluded.deleted",
        {"id": id_, "text": text, "at": at, "deleted": deleted},
    )


async def test_tells_what_changed_from_now_on_each_change_once(source: SqlSource) -> None:
    await put(source, 1, "2024-01-01 12:00:00Z")
    await put(source, 2, "2024-01-01 12:00:03Z")
    polling = Polling(source)
    found: list[tuple[EntityChange, str]] = []
    following = asyncio.create_task(polling.follow(None, found))
    await polling.slept.wait()
    assert found == []

    await put(source, 1, "2024-01-01 12:00:05Z", "new")
    await put(source, 3, "2024-01-01 12:00:02Z", "late")  # its transaction took longer
    await put(source, 2, "2024-01-01 12:00:06Z", deleted=True)
    await polling.next_look()
    await polling.next_look()
    following.cancel()
    assert [(change.type, change.entity_id) for change, _ in found] == [
        (ChangeType.UPDATED, "3"), (ChangeType.UPDATED, "1"), (ChangeType.DELETED, "2"),
    ]  # fmt: skip
    assert found[0][0].entity is not None
    assert found[0][0].entity.data == {"id": "3", "text": "late"}
    assert found[2][0].entity is None
    assert len({change.change_id for change, _ in found}) == 3


async def test_goes_on_from_a_cursor_over_more_than_a_batch(source: SqlSource) -> None:
    await source.execute(
        "INSERT INTO note SELECT i, 'x', '2024-01-01 12:00:00Z' FROM generate_series(1, :n) i",
        {"n": 2 * BATCH_ROWS + 7},
    )
    polling = Polling(source)
    found: list[tuple[EntityChange, str]] = []
    following = asyncio.create_task(polling.follow('"2024-01-01T11:00:00+00:00"', found))
    await polling.slept.wait()
    following.cancel()
    assert sorted(int(change.entity_id) for change, _ in found) == list(
        range(1, 2 * BATCH_ROWS + 8)
    )
    assert found[-1][1] == '"2024-01-01T12:00:00+00:00"'


async def test_an_empty_table_and_rows_without_a_time(source: SqlSource) -> None:
    await source.execute("INSERT INTO note VALUES (1, 'never changed', NULL)")
    polling = Polling(source)
    found: list[tuple[EntityChange, str]] = []
    following = asyncio.create_task(polling.follow("not a cursor", found))
    await polling.slept.wait()
    await put(source, 2, "1999-01-01 00:00:00Z")
    await polling.next_look()
    following.cancel()
    assert [change.entity_id for change, _ in found] == ["2"]
