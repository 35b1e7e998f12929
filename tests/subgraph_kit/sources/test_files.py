"""Files as entities: by id, filtered, ordered, in pages, and fresh when they change."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgraph_kit.data_product import (
    ChangeType,
    DataProduct,
    Entity,
    EntityField,
    EntityQuery,
    EntitySchema,
    HealthState,
    Order,
    SourceAccess,
)
from subgraph_kit.errors import EntityNotFoundError, FatalError, SourceUnavailableError
from subgraph_kit.sources import files
from subgraph_kit.sources.files import FileAdapter, FileSource, FileTable
from subgraph_kit.sources.shapes import SourceEnum, SourceField, SourceObject

ORDERS = FileTable(
    "orders.csv",
    "csv",
    fields=(
        SourceField("id", type="ID"),
        SourceField("customerId", "customer id", "ID"),
        SourceField("total", type="Decimal"),
        SourceField("state", type="State"),
        SourceField("placedAt", "placed_at", "DateTime"),
    ),
    types={"State": SourceEnum({"in progress": "IN_PROGRESS", "done": "DONE"})},
    updated_at="placedAt",
)
HEADER = "id,customer id,total,state,placed_at\n"
ROWS = HEADER + (
    "2,c1,9.50,done,2024-01-02T00:00:00Z\n"
    "10,c1,100,in progress,2024-01-10T01:00:00+01:00\n"
    "3,c2,20.25,done,\n"
)


def product(table: FileTable, *key: str) -> DataProduct:
    fields = tuple(EntityField(each.name, "string") for each in table.fields)
    return DataProduct(
        "orders", "exports", EntitySchema("Order", "1.0.0", fields, key=key or ("id",)),
        SourceAccess("file:///exports", "/orders/{id}"),
    )  # fmt: skip


@asynccontextmanager
async def serving(
    directory: Path, table: FileTable = ORDERS, *key: str, **options: Any
) -> AsyncIterator[FileAdapter]:
    adapter = FileAdapter(
        FileSource("exports", str(directory)), product(table, *key), table, **options
    )
    try:
        yield adapter
    finally:
        await adapter.close()


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ROWS)
    return tmp_path


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at before every answer."""
    monkeypatch.setattr(files, "_RECHECK_SECONDS", -1.0)


def ids(entities: Sequence[Entity]) -> list[str]:
    return [entity.id for entity in entities]


async def ask(adapter: FileAdapter, **query: Any) -> list[str]:
    return ids(await adapter.query_entities(EntityQuery(**query)))


async def test_reads_a_row_with_the_names_and_types_of_the_graph(orders: Path) -> None:
    async with serving(orders) as adapter:
        entity = await adapter.get_entity("10")
        with pytest.raises(EntityNotFoundError):
            await adapter.get_entity("11")
    assert entity.data == {
        "id": "10", "customerId": "c1", "total": "100.00", "state": "IN_PROGRESS",
        "placedAt": "2024-01-10T00:00:00Z",
    }  # fmt: skip
    assert entity.version == 1_704_844_800_000


async def test_a_batch_leaves_out_what_is_not_there(orders: Path) -> None:
    async with serving(orders) as adapter:
        assert await ask(adapter, ids=("3", "x", "2", "3", "02", "99")) == ["2", "3"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["2", "3", "10"]),
        ({"limit": 1, "offset": 1}, ["3"]),
        ({"order": (Order("total", descending=True),)}, ["10", "3", "2"]),
        ({"order": (Order("placedAt"),)}, ["2", "10", "3"]),
        ({"filter": {"state": "DONE"}}, ["2", "3"]),
        ({"filter": {"state": {"in": ["IN_PROGRESS"]}}}, ["10"]),
        ({"filter": {"total": {"gt": "9.5", "lte": "100.0"}}}, ["3", "10"]),
        ({"filter": {"placedAt": {"gte": "2024-01-10T00:00:00Z"}}}, ["10"]),
        ({"filter": {"placedAt": None}}, ["3"]),
        ({"filter": {"customerId": {"starts_with": "c"}, "id": {"neq": "2"}}}, ["3", "10"]),
        ({"filter": {"id": "no number"}}, []),
    ],
)
async def test_filters_orders_and_pages(
    orders: Path, query: dict[str, Any], found: list[str]
) -> None:
    async with serving(orders) as adapter:
        assert await ask(adapter, **query) == found


async def test_says_what_it_cannot_filter_by(orders: Path) -> None:
    async with serving(orders) as adapter:
        with pytest.raises(FatalError, match=r"by Order\.colour"):
            await ask(adapter, filter={"colour": "red"})


async def test_the_far_side_of_a_reference_is_a_page_for_each(orders: Path) -> None:
    async with serving(orders) as adapter:
        pages = await adapter.query_by_reference(
            ("customerId",), [("c1",), ("c2",), ("c9",)],
            EntityQuery(limit=1, order=(Order("total", descending=True),)),
        )  # fmt: skip
    assert {value: ids(page) for value, page in pages.items()} == {
        ("c1",): ["10"], ("c2",): ["3"], ("c9",): [],
    }  # fmt: skip


# --- files that change ---------------------------------------------------------------------------


@pytest.mark.usefixtures("fresh")
async def test_answers_from_the_file_as_it_is_now(orders: Path) -> None:
    async with serving(orders) as adapter:
        assert await ask(adapter) == ["2", "3", "10"]
        (orders / "orders.csv").write_text(HEADER + "7,c1,1,done,\n")
        assert await ask(adapter) == ["7"]


@pytest.mark.usefixtures("fresh")
async def test_half_a_file_changes_nothing_for_whoever_asks(orders: Path) -> None:
    async with serving(orders) as adapter:
        await ask(adapter)
        (orders / "orders.csv").write_text(HEADER + '1,c1,1,"done')
        assert await ask(adapter) == ["2", "3", "10"]
        (orders / "orders.csv").unlink()
        assert await ask(adapter) == ["2", "3", "10"]
        assert (await adapter.health_check()).state is HealthState.DEGRADED


@pytest.mark.usefixtures("fresh")
async def test_tells_of_rows_that_changed_not_of_files_written_again(orders: Path) -> None:
    async with serving(orders, poll_seconds=0.01) as adapter:
        stream = adapter.stream_changes(None)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.2)
        (orders / "orders.csv").write_text(ROWS)
        os.utime(orders / "orders.csv", (1, 1))
        await asyncio.sleep(0.1)
        assert not first.done()
        changed = ROWS.replace("2,c1,9.50", "2,c1,9.75").replace("3,c2", "4,c2")
        (orders / "orders.csv").write_text(changed)
        async with asyncio.timeout(10):
            told = [await first, await anext(stream), await anext(stream)]
        await stream.aclose()
    assert sorted((change.entity_id, change.type) for change, _ in told) == [
        ("2", ChangeType.UPDATED), ("3", ChangeType.DELETED), ("4", ChangeType.CREATED),
    ]  # fmt: skip
    cursors = [cursor for _, cursor in told]
    assert cursors[0] == cursors[1] != cursors[2]


async def test_a_cursor_of_another_state_tells_every_row(orders: Path) -> None:
    async with serving(orders) as adapter:
        stream = adapter.stream_changes("an old state")
        told = [await anext(stream) for _ in range(3)]
        await stream.aclose()
    assert sorted(change.entity_id for change, _ in told) == ["10", "2", "3"]
    assert told[0][1] == "an old state" != told[2][1]


async def test_no_file_is_a_source_that_is_away(tmp_path: Path) -> None:
    async with serving(tmp_path) as adapter:
        with pytest.raises(SourceUnavailableError, match="has no files at the path of Order"):
            await adapter.get_entity("1")
        assert (await adapter.health_check()).state is HealthState.UNHEALTHY


# --- other formats and places --------------------------------------------------------------------


async def test_rows_without_a_key_are_left_out_and_the_last_of_a_key_is_served(
    tmp_path: Path,
) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "1,a,1,done,\n,b,2,done,\n1,c,3,done,\n")
    async with serving(tmp_path) as adapter:
        found = await adapter.query_entities(EntityQuery())
    assert [(each.id, each.data["customerId"]) for each in found] == [("1", "c")]


async def test_reads_nested_json_lines(tmp_path: Path) -> None:
    lines = [{"id": 1, "tags": ["a"], "home": {"zip": "01067"}}, {"id": 2, "home": None}]
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, lines)))
    table = FileTable(
        "people.jsonl",
        "jsonl",
        fields=(
            SourceField("id", type="ID"),
            SourceField("tags", is_list=True),
            SourceField("home", type="Home"),
        ),
        types={"Home": SourceObject((SourceField("postalCode", "zip"),))},
    )
    async with serving(tmp_path, table) as adapter:
        found = await adapter.query_entities(EntityQuery(ids=("1", "2")))
    assert [each.data for each in found] == [
        {"id": "1", "tags": ["a"], "home": {"postalCode": "01067"}},
        {"id": "2", "tags": None, "home": None},
    ]


async def test_reads_a_partitioned_directory_with_a_composite_key(tmp_path: Path) -> None:
    for year in (2023, 2024):
        part = tmp_path / "sales" / f"year={year}"
        part.mkdir(parents=True)
        duckdb.sql(f"SELECT range AS nr, {year} + range AS total FROM range(2)").write_parquet(
            str(part / "part-0.parquet")
        )
    table = FileTable(
        "sales",
        "parquet",
        fields=(
            SourceField("year", type="ID"),
            SourceField("nr", type="ID"),
            SourceField("total", type="Int"),
        ),
        partition_columns=("year",),
    )
    async with serving(tmp_path, table, "year", "nr") as adapter:
        assert await ask(adapter, filter={"year": "2024"}) == ["2024,0", "2024,1"]
        assert (await adapter.get_entity("2023,1")).data["total"] == 2024


async def test_reads_where_fsspec_reaches() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/orders.csv", ROWS.encode())
    adapter = FileAdapter(FileSource("exports", "memory://bucket"), product(ORDERS), ORDERS)
    try:
        assert await ask(adapter, ids=("3",)) == ["3"]
    finally:
        await adapter.close()
        memory.rm("/bucket", recursive=True)


# Whatever a CSV may hold: quotes, line ends, delimiters, other scripts.
DOUBLE = chr(34)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TEXTS.filter(bool), TEXTS, min_size=1, max_size=6))
def test_any_text_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]
) -> None:
    directory = tmp_path_factory.mktemp("any")
    cell = '"{}"'.format
    quoted = {
        k: (k.replace(DOUBLE, 2 * DOUBLE), v.replace(DOUBLE, 2 * DOUBLE)) for k, v in rows.items()
    }
    lines = [f"{cell(key)},{cell(text)}" for key, text in quoted.values()]
    (directory / "texts.csv").write_text("\n".join(["id,text", *lines]), newline="")
    table = FileTable("texts.csv", "csv", (SourceField("id", type="ID"), SourceField("text")))

    async def read() -> dict[str, Any]:
        async with serving(directory, table) as adapter:
            found = await adapter.query_entities(EntityQuery())
            return {each.id: each.data["text"] for each in found}

    assert asyncio.run(read()) == {key: text or None for key, text in rows.items()}
