"""Random databases, looked at and served: whatever is asked for has the rows that SQL gives.

`DICTAMESH_TEST_SEEDS=200 pytest ...` tries more of them.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest

from subgraph_kit.data_product import Entity, EntityQuery, Order
from subgraph_kit.scaffold.inspect.sql import inspect_sql
from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    Operator,
    Reference,
    SourceModel,
    SqlAccess,
)
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.sources.canonical import canonical
from subgraph_kit.sources.sql import SqlSource
from tests.testkit.databases import load_postgres, load_sqlite, random_database
from tests.testkit.databases.chain import adapter_of
from tests.testkit.databases.model import ROW, Database, quote

Sql = Callable[[str], Any]
SEEDS = range(int(os.environ.get("DICTAMESH_TEST_SEEDS", "8")))
_JUNK = ("nothing", "", "0", "-1", "99999999999999999999", "a,b", "\x00", "٣", "2020-02-30")
_SIGNS = {
    Operator.EQ: "=", Operator.NEQ: "<>", Operator.GT: ">", Operator.GTE: ">=",
    Operator.LT: "<", Operator.LTE: "<=",
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
async def test_sqlite_rows_are_those_of_plain_sql(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    database = random_database(random, "sqlite")
    address = load_sqlite(database, tmp_path / "random.db")
    with closing(sqlite3.connect(tmp_path / "random.db")) as connection:
        connection.row_factory = sqlite3.Row

        async def sql(statement: str) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(statement)]

        await _check(random, database, address, sql)


@pytest.mark.embedded
async def test_postgres_rows_are_those_of_plain_sql(empty_postgres_dsn: str) -> None:
    connection = await asyncpg.connect(empty_postgres_dsn)

    async def sql(statement: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await connection.fetch(statement)]

    try:
        for seed in SEEDS:
            random = Random(seed)
            database = random_database(random, "postgresql")
            await load_postgres(database.statements(), empty_postgres_dsn)
            await connection.reload_schema_state()
            await _check(random, database, empty_postgres_dsn, sql)
    finally:
        await connection.close()


async def _check(random: Random, database: Database, address: str, sql: Sql) -> None:
    model = await inspect_sql(address, InspectOptions())
    source = SqlSource("random", address)
    try:
        check = _Check(random, database, model, source, sql)
        for entity in model.entities:
            await check.whole_rows(entity)
            await check.ids(entity)
            await check.pages(entity)
            await check.filters(entity)
            for reference in entity.references:
                await check.reference(entity, reference)
            await check.links(entity)
    finally:
        await source.close()


class _Check:
    """Asks the adapter and the database the same, in their own words."""

    def __init__(
        self, random: Random, database: Database, model: SourceModel, source: SqlSource, sql: Sql
    ) -> None:
        self.random = random
        self.database = database
        self.model = model
        self.sql = sql
        self.adapters = {each.name: adapter_of(each, model, source) for each in model.entities}

    async def whole_rows(self, entity: EntityModel) -> None:
        """All values of all rows, as the graph has them."""
        raw = {
            row[ROW]: row for row in await self.sql(f"SELECT * FROM {quote(entity.source_name)}")
        }
        found = await self.adapters[entity.name].query_entities(EntityQuery())
        assert sorted(_rows(entity, found)) == sorted(raw)
        for each in found:
            row = raw[each.data[_row_field(entity)]]
            expected = {
                field.name: self.expected(field, row[field.source_name])
                for field in entity.fields
                if field.type.name != "Duration"
            }
            assert {name: each.data[name] for name in expected} == expected

    def expected(self, field: FieldModel, raw: Any) -> Any:
        """The canonical value, made from what the driver gives."""
        if raw is None:
            return None
        for enum in self.model.enums:
            if enum.name == field.type.name:
                return next(each.name for each in enum.values if each.source_value == raw)
        if field.type.is_list:
            return [canonical(each) for each in raw]
        match field.type.name:
            case "ID" | "BigInt" | "UUID" | "String":
                return _text(raw)
            case "Decimal":
                return _text(Decimal(repr(raw))) if isinstance(raw, float) else _text(raw)
            case "Boolean":
                return bool(raw)
            case "JSON":
                return json.loads(raw) if isinstance(raw, str) else raw
            case "DateTime" if isinstance(raw, str):
                return raw.replace(" ", "T") + "Z"
            case name if name.endswith("Range"):
                return {
                    "lower": raw.lower, "upper": raw.upper, "lowerInclusive": raw.lower_inc,
                    "upperInclusive": raw.upper_inc, "isEmpty": raw.isempty,
                }  # fmt: skip
            case _:
                return canonical(raw)

    async def ids(self, entity: EntityModel) -> None:
        """Some of the ids, twice, and ids of nothing."""
        adapter = self.adapters[entity.name]
        every = await adapter.query_entities(EntityQuery())
        some = self.random.sample(list(every), len(every) // 2)
        known = {each.id for each in every}
        asked = [each.id for each in some] * 2 + [each for each in _JUNK if each not in known]
        found = await adapter.query_entities(EntityQuery(ids=tuple(asked)))
        assert sorted(_rows(entity, found)) == sorted(_rows(entity, some))

    async def pages(self, entity: EntityModel) -> None:
        """A page in every order that is offered."""
        for field in entity.fields:
            if not field.orderable:
                continue
            descending = self.random.random() < 0.5
            limit, offset = self.random.randint(0, 5), self.random.randint(0, 3)
            found = await self.adapters[entity.name].query_entities(
                EntityQuery(order=(Order(field.name, descending),), limit=limit, offset=offset)
            )
            order = f"{quote(field.source_name)} {'DESC' if descending else 'ASC'}"
            assert _rows(entity, found) == await self.plain(
                entity, "true", order=order, limit=limit, offset=offset
            )

    async def filters(self, entity: EntityModel) -> None:
        """Every filter that is offered, with values from the rows and a list of them."""
        adapter = self.adapters[entity.name]
        every = await adapter.query_entities(EntityQuery())
        literals = {int(row[ROW]): row for row in self.database.table(entity.source_name).rows}
        for field in entity.fields:
            with_value = [each for each in every if each.data[field.name] is not None]
            if not field.filters or not with_value:
                continue
            one = self.random.choice(with_value)
            value = one.data[field.name]
            literal = literals[one.data[_row_field(entity)]][field.source_name]
            column = quote(field.source_name)
            for operator, sign in _SIGNS.items():
                if operator in field.filters:
                    found = await adapter.query_entities(
                        EntityQuery(filter={field.name: {operator.value: value}})
                    )
                    assert _rows(entity, found) == await self.plain(
                        entity, f"{column} {sign} {literal}"
                    ), (field, operator)
            if Operator.STARTS_WITH in field.filters:
                found = await adapter.query_entities(
                    EntityQuery(filter={field.name: {"starts_with": value[:2]}})
                )
                assert sorted(_rows(entity, found)) == sorted(
                    each.data[_row_field(entity)]
                    for each in with_value
                    if each.data[field.name].startswith(value[:2])
                )
            found = await adapter.query_entities(
                EntityQuery(filter={field.name: {"in": [value, None]}})
            )
            assert _rows(entity, found) == await self.plain(
                entity, f"({column} = {literal} OR {column} IS NULL)"
            )

    async def reference(self, entity: EntityModel, reference: Reference) -> None:
        """The far side: a page of those that refer to each of the targets."""
        target = next(each for each in self.model.entities if each.name == reference.target)
        targets = await self.adapters[target.name].query_entities(EntityQuery())
        literals = {int(row[ROW]): row for row in self.database.table(target.source_name).rows}
        columns = [entity.field(name).source_name for name in reference.fields]
        there = [target.field(name).source_name for name in reference.target_fields]
        limit = self.random.choice((None, 1, 3))
        offset = self.random.choice((0, 0, 1))
        values = {
            tuple(str(each.data[name]) for name in reference.target_fields): each
            for each in targets
        }
        junk = tuple("nothing" for _ in columns)
        pages = await self.adapters[entity.name].query_by_reference(
            reference.fields, [*values, junk], EntityQuery(limit=limit, offset=offset)
        )
        assert not pages[junk]
        for value, one in values.items():
            row = literals[one.data[_row_field(target)]]
            where = " AND ".join(
                f"{quote(column)} = {row[name]}"
                for column, name in zip(columns, there, strict=True)
            )
            plain = await self.plain(entity, where, limit=limit, offset=offset)
            assert _rows(entity, pages[value]) == plain
            if len(plain) and limit is None and offset == 0:
                await self.same_by_filter(entity, reference, value, plain)

    async def same_by_filter(
        self, entity: EntityModel, reference: Reference, value: tuple[str, ...], rows: list[int]
    ) -> None:
        """A filter with the values of a reference finds what the reference does."""
        found = await self.adapters[entity.name].query_entities(
            EntityQuery(filter=dict(zip(reference.fields, value, strict=True)))
        )
        assert _rows(entity, found) == rows

    async def links(self, entity: EntityModel) -> None:
        """Many-to-many: a page of those that are linked to each."""
        for link in entity.many_to_many:
            target = next(each for each in self.model.entities if each.name == link.target)
            assert link.access is not None
            near = await self.adapters[entity.name].query_entities(EntityQuery())
            limit = self.random.choice((None, 2))
            values = {tuple(str(each.data[name]) for name in entity.keys[0]): each for each in near}
            pages = await self.adapters[target.name].query_by_link(
                link.link, list(values), EntityQuery(limit=limit)
            )
            literals = {int(row[ROW]): row for row in self.database.table(entity.source_name).rows}
            for value, one in values.items():
                row = literals[one.data[_row_field(entity)]]
                near_key = _key_columns(entity)
                far_key = _key_columns(target)
                paired = " AND ".join(
                    [f"l.{quote(name)} = {row[key]}"
                     for name, key in zip(link.near_fields, near_key, strict=True)]
                    + [f"l.{quote(name)} = {quote(target.source_name)}.{quote(key)}"
                       for name, key in zip(link.far_fields, far_key, strict=True)]
                )  # fmt: skip
                where = f"EXISTS (SELECT 1 FROM {quote(link.access.table)} l WHERE {paired})"
                plain = await self.plain(target, where, limit=limit)
                assert _rows(target, pages[value]) == plain

    async def plain(
        self,
        entity: EntityModel,
        where: str,
        *,
        order: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[int]:
        """The numbers of the rows that plain SQL gives."""
        keys = ", ".join(map(quote, _key_columns(entity)))
        ordered = f"{order}, {keys}" if order else keys
        page = f"LIMIT {10**9 if limit is None else limit} OFFSET {offset}"
        table = quote(entity.source_name)
        rows = await self.sql(f"SELECT {ROW} FROM {table} WHERE {where} ORDER BY {ordered} {page}")
        return [row[ROW] for row in rows]


def _text(raw: Any) -> str:
    return str(raw).rstrip(" ") if isinstance(raw, str) else str(canonical_or_text(raw))


def canonical_or_text(raw: Any) -> Any:
    try:
        return canonical(raw)
    except TypeError:
        return str(raw)


def _row_field(entity: EntityModel) -> str:
    return next(each.name for each in entity.fields if each.source_name == ROW)


def _rows(entity: EntityModel, found: Sequence[Entity]) -> list[int]:
    name = _row_field(entity)
    return [each.data[name] for each in found]


def _key_columns(entity: EntityModel) -> tuple[str, ...]:
    assert isinstance(entity.access, SqlAccess)
    return entity.access.key_columns
