"""`SqlTableAdapter`: the entities of one declared table, in as few statements as there can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityChange,
    EntityQuery,
    HealthState,
    HealthStatus,
    Relationship,
)
from subgraph_kit.entity_key import entity_id, key_values
from subgraph_kit.errors import ConfigurationError, EntityNotFoundError, KitError
from subgraph_kit.sources.sql import Row, SqlSource
from subgraph_kit.sources.tables.changes import ChangeReader
from subgraph_kit.sources.tables.columns import dialect_of
from subgraph_kit.sources.tables.declaration import SqlColumn, SqlLink, SqlTable
from subgraph_kit.sources.tables.statements import Statement, Statements
from subgraph_kit.sources.tables.values import Impossible, comparable, from_row, to_parameter

Value = tuple[str, ...]

_CHUNK = {"postgresql": 50_000, "sqlite": 30_000}
"""Keys per statement. SQLite takes 32,766 parameters, of which filters need some; PostgreSQL takes
the keys as one array, and this bounds the memory."""
_OTHER_CHUNK = 10_000
_NUMBERS_AS_TEXT = ("id", "string", "bigint", "decimal")


class SqlTableAdapter(DataProductAdapter):
    """Serves the rows of `table` as `product`'s entity type.

    The product's schema says what is served, and how: a field of the type `id`, `bigint` or
    `decimal` is text. Columns that are no fields of the schema can be filtered by, and no more.
    With `table.changed_at`, changes are looked for all `poll_seconds`.
    """

    def __init__(
        self,
        source: SqlSource,
        product: DataProduct,
        table: SqlTable,
        *,
        poll_seconds: float = 2.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.data_product = product
        self.supports_polling = table.changed_at is not None
        self._source = source
        self._table = table
        schema = {field.name: field for field in product.schema.fields}
        if missing := [name for name in schema if not _has(table, name)]:
            raise ConfigurationError(
                f"table {table.table!r} declares no column for the fields {', '.join(missing)} "
                f"of {product.entity_type}"
            )
        if tuple(product.schema.key) != table.key:
            raise ConfigurationError(
                f"the key of {product.entity_type} is {product.schema.key}, "
                f"the key of its table {table.table!r} is {table.key}"
            )
        self._served = frozenset(schema)
        self._as_text = {name for name, field in schema.items() if field.type in _NUMBERS_AS_TEXT}
        self._sought = {name for name, field in schema.items() if field.indexed} | set(
            table.key[:1]
        )
        self._references = [
            (field.name, field.references) for field in schema.values() if field.references
        ]
        hidden = {table.changed_at, table.soft_delete}
        self._dialect = dialect_of(source.dialect)
        self._statements = Statements(
            self._dialect,
            table,
            [each for each in table.columns if each.field in schema or each.field in hidden],
        )
        self._changes = ChangeReader(self, poll_seconds, sleep) if self.supports_polling else None

    # --- The contract ---------------------------------------------------------------------------

    async def get_entity(self, entity_id: str) -> Entity:
        """One row."""
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError(self.data_product.entity_type, entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids in one statement, or a page of the list, by the key if not told else."""
        if query.ids is not None:
            return await self._by_ids(query.ids)
        if query.limit == 0:
            return []
        return self._entities(await self.run(self._statements.page(query), "list"))

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[Value], query: EntityQuery
    ) -> Mapping[Value, Sequence[Entity]]:
        """The pages of all values, in one statement."""
        columns = [self._table.column(name) for name in fields]
        seek = any(name in self._sought for name in fields)

        def statement(keys: Sequence[tuple[Any, ...]]) -> Statement:
            return self._statements.by_reference(columns, keys, query, seek=seek)

        return await self._pages(columns, values, query, statement, "reference")

    async def query_by_link(
        self, link: str, values: Sequence[Value], query: EntityQuery
    ) -> Mapping[Value, Sequence[Entity]]:
        """The pages of all values, through a table of pairs, in one statement."""
        declared = self._link(link)
        if declared is None:
            return await super().query_by_link(link, values, query)

        def statement(keys: Sequence[tuple[Any, ...]]) -> Statement:
            return self._statements.by_link(declared, keys, query)

        return await self._pages(declared.near, values, query, statement, "link")

    async def health_check(self) -> HealthStatus:
        """Ask the database for nothing."""
        started = time.perf_counter()
        try:
            await self._source.ping()
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        taken_ms = (time.perf_counter() - started) * 1000
        return HealthStatus(HealthState.HEALTHY, latency_ms=round(taken_ms, 1))

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Rows changed since the cursor; none where no column tells so."""
        if self._changes is not None:
            async for change in self._changes.follow(cursor):
                yield change

    async def close(self) -> None:
        """Release the connections to the database; other adapters of it connect again."""
        await self._source.close()

    # --- For `changes.py` -----------------------------------------------------------------------

    @property
    def table(self) -> SqlTable:
        """What was declared."""
        return self._table

    @property
    def statements(self) -> Statements:
        """What writes the statements."""
        return self._statements

    async def run(self, statement: Statement, what: str) -> list[Row]:
        """The rows of a statement, known in metrics by entity type and `what`."""
        name = f"{self.data_product.entity_type}_{what}"
        return await self._source.fetch_all(statement.text, statement.parameters, name=name)

    def values_of(self, row: Row) -> dict[str, Any]:
        """All that was read of a row, by field."""
        return {
            column.field: from_row(column, row[f"c{number}"], as_text=column.field in self._as_text)
            for number, column in enumerate(self._statements.read)
        }

    def entity_of(self, row: Row) -> Entity | None:
        """The entity of a row; None if a part of its key is null, which SQLite lets happen."""
        values = self.values_of(row)
        key = [values[name] for name in self._table.key]
        if None in key:
            return None
        changed = _moment(values.get(self._table.changed_at or ""))
        return Entity(
            type=self.data_product.entity_type,
            id=entity_id(key),
            data={name: value for name, value in values.items() if name in self._served},
            version=int(changed.timestamp() * 1000) if changed else 1,
            updated_at=changed,
            relationships=tuple(
                Relationship(
                    kind=name,
                    entity_type=target,
                    entity_id=str(values[name]),
                    source_system=self.data_product.source_system,
                    cardinality="many_to_one",
                )
                for name, target in self._references
                if values.get(name) is not None
            ),
        )

    # --- Insides --------------------------------------------------------------------------------

    async def _by_ids(self, ids: Sequence[str]) -> list[Entity]:
        key = [self._table.column(name) for name in self._table.key]
        asked = dict.fromkeys(ids)
        keys = []
        for each in asked:
            values = key_values(each, len(key))
            bound = None if values is None else self._bound(key, values)
            if bound is not None:
                keys.append(bound)
        found: list[Entity] = []
        for chunk in self._chunks(list(dict.fromkeys(keys))):
            found += self._entities(await self.run(self._statements.by_ids(chunk), "by_id"))
        # Collations find more than was asked for: `a` for `A`.
        wanted = set(keys)
        return [each for each in found if self._bound(key, self._key_of(each)) in wanted]

    async def _pages(
        self,
        columns: Sequence[SqlColumn],
        values: Sequence[Value],
        query: EntityQuery,
        statement: Callable[[Sequence[tuple[Any, ...]]], Statement],
        what: str,
    ) -> dict[Value, list[Entity]]:
        """Run `statement` for all values that can be; bring each row to the values it answers."""
        pages: dict[Value, list[Entity]] = {value: [] for value in values}
        if query.limit == 0:
            return pages
        asked: dict[tuple[Any, ...], list[Value]] = {}
        for value in pages:
            bound = self._bound(columns, value)
            if bound is not None:
                asked.setdefault(bound, []).append(value)
        for chunk in self._chunks(list(asked)):
            rows = await self.run(statement(chunk), what)
            answered = self._answered(columns, chunk)
            for row in sorted(rows, key=lambda row: row["rn"]):
                entity, bound = self.entity_of(row), answered(row)
                if entity is not None and bound is not None:
                    for value in asked[bound]:
                        pages[value].append(entity)
        return pages

    def _answered(
        self, columns: Sequence[SqlColumn], chunk: Sequence[tuple[Any, ...]]
    ) -> Callable[[Row], tuple[Any, ...] | None]:
        """Tells which of the asked keys a row answers."""
        if self._statements.numbers_keys:
            return lambda row: chunk[row["n"] - 1]

        def same(key: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(
                comparable(column, value) for column, value in zip(columns, key, strict=True)
            )

        by_value = {same(key): key for key in chunk}
        return lambda row: by_value.get(same([row[f"r{n}"] for n in range(len(columns))]))

    def _bound(self, columns: Sequence[SqlColumn], values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The parameters of a key, or None if no row can have it."""
        wide = self._dialect.wide_integers
        bound = tuple(
            to_parameter(column, value, wide_integers=wide)
            for column, value in zip(columns, values, strict=True)
        )
        return None if any(isinstance(each, Impossible) for each in bound) else bound

    def _key_of(self, entity: Entity) -> list[Any]:
        return [entity.data[name] for name in self._table.key]

    def _chunks(self, keys: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
        size = _CHUNK.get(self._source.dialect, _OTHER_CHUNK)
        if self._source.dialect == "sqlite" and keys:
            size //= len(keys[0])
        for start in range(0, len(keys), size):
            yield keys[start : start + size]

    def _entities(self, rows: Sequence[Row]) -> list[Entity]:
        return [entity for row in rows if (entity := self.entity_of(row)) is not None]

    def _link(self, name: str) -> SqlLink | None:
        return next((link for link in self._table.links if link.name == name), None)


def _has(table: SqlTable, field: str) -> bool:
    return any(column.field == field for column in table.columns)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
