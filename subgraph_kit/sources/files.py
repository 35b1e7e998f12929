"""Files as entities: CSV, Parquet and JSON lines, here or wherever fsspec reaches.

    Customer = FileTable(
        "customers.csv", "csv",
        fields=(SourceField("id", type="ID"), SourceField("fullName", "Full Name"), ...),
    )
    adapter = FileAdapter(FileSource("crm", "/data/exports"), product, Customer)

Answers come from an index over the files (`file_index.py`): by id in milliseconds, with every
filter and order, however large they are. The files are looked at again when they may have changed,
at most once a second; what changed becomes events by comparing rows, so a file that is merely
written again tells of nothing.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    ChangeType,
    DataProduct,
    Entity,
    EntityChange,
    EntityQuery,
    HealthState,
    HealthStatus,
)
from subgraph_kit.entity_key import entity_id, key_values
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    KitError,
    SourceUnavailableError,
)
from subgraph_kit.sources.conditions import Condition, conditions, unsupported
from subgraph_kit.sources.file_index import Change, FileIndex, IndexedColumn
from subgraph_kit.sources.file_scan import (
    SUFFIXES,
    FileFormat,
    FileScan,
    FoundFile,
    database_error,
    find_files,
    is_remote,
    quoted_name,
)
from subgraph_kit.sources.shapes import ObjectReader, SourceField, SourceTypes

_RECHECK_SECONDS = 1.0
"""How old the knowledge may be that the files are as they were."""

_COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_EVENTS = {
    "created": ChangeType.CREATED,
    "updated": ChangeType.UPDATED,
    "deleted": ChangeType.DELETED,
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A directory or URL under which files lie, known as `name`."""

    name: str
    base: str

    def path_of(self, table: FileTable) -> str:
        """The path, glob or URL of a table's files."""
        if table.path in ("", "."):
            return self.base
        if is_remote(table.path) or table.path.startswith("/"):
            return table.path
        return f"{self.base.rstrip('/')}/{table.path}"


@dataclass(frozen=True, slots=True)
class FileTable:
    """Files of one shape. `path` is a file, glob or partitioned directory under the source's base.

    `partition_columns` come from directories (`year=2024/`). `updated_at` names the field that says
    when a row last changed.
    """

    path: str
    format: FileFormat
    fields: tuple[SourceField, ...]
    types: SourceTypes = field(default_factory=dict)
    partition_columns: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    updated_at: str | None = None


class FileAdapter(DataProductAdapter):
    """Serves one entity type from the rows of files.

    `poll_seconds` is how often `stream_changes` looks. The index lies in `index_directory`, a
    temporary one by default.
    """

    supports_polling = True

    def __init__(
        self,
        source: FileSource,
        product: DataProduct,
        table: FileTable,
        *,
        poll_seconds: float = 10.0,
        index_directory: Path | None = None,
    ) -> None:
        self.data_product = product
        self._source = source
        self._table = table
        self._entity = product.entity_type
        self._key = product.schema.key
        self._poll_seconds = poll_seconds
        self._reader = ObjectReader(self._entity, table.fields, table.types)
        self._fields = {each.name: each for each in table.fields}
        missing = [name for name in self._key if name not in self._fields]
        if missing:
            raise ConfigurationError(f"{self._entity}: {missing[0]!r} is none of its fields")
        self._path = source.path_of(table)
        self._scan = FileScan(
            self._path, table.format, bool(table.partition_columns), table.delimiter, table.encoding
        )
        self._own_directory = index_directory is None
        self._directory = index_directory or Path(tempfile.mkdtemp(prefix="dictamesh-files-"))
        self._index = FileIndex(
            self._directory,
            self._scan,
            tuple(IndexedColumn(each.path, self._scalar(each)) for each in table.fields),
            tuple(self._fields[name].path for name in self._key),
        )
        self._loading = asyncio.Lock()
        self._known: list[FoundFile] = []
        self._checked_at = -_RECHECK_SECONDS
        self._changed: list[Change] = []
        self._streaming = False

    async def get_entity(self, entity_id: str) -> Entity:
        """One row by its key."""
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError(self._entity, entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids, or a filtered, ordered page; one statement each."""
        await self._fresh()
        if query.ids is not None:
            condition, parameters = self._by_ids(query.ids)
            tail = ""
        else:
            condition, parameters = self._where(query.filter)
            tail = f"ORDER BY {self._order(query)}"
            if query.limit is not None:
                tail += f" LIMIT {int(query.limit)}"
            tail += f" OFFSET {int(query.offset)}"
        rows = await self._rows(condition, parameters, tail)
        return [self._to_entity(row) for row in rows]

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """A page for each of `values`, all in one statement."""
        distinct = list(dict.fromkeys(values))
        pages: dict[tuple[str, ...], list[Entity]] = {value: [] for value in distinct}
        if not distinct or query.limit == 0:
            return pages
        await self._fresh()
        condition, parameters = self._where(query.filter)
        columns = [self._column(name) for name in fields]
        typed = [t for value in distinct if (t := self._typed(fields, value)) is not None]
        wanted, of_values = _in_tuples(columns, typed)
        order = self._order(query)
        number = f"row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY {order})"
        page = f"QUALIFY {number} > {int(query.offset)}"
        if query.limit is not None:
            page += f" AND {number} <= {int(query.offset) + int(query.limit)}"
        rows = await self._rows(
            f"{condition} AND {wanted}", [*parameters, *of_values], f"{page} ORDER BY {order}"
        )
        for row in rows:
            entity = self._to_entity(row)
            value = tuple(str(entity.data[name]) for name in fields)
            pages.setdefault(value, []).append(entity)
        return pages

    async def health_check(self) -> HealthStatus:
        """Whether the files are there and can be read."""
        started = time.perf_counter()
        try:
            files = await asyncio.to_thread(self._find)
            await self._fresh()
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        if not files:
            return HealthStatus(
                HealthState.DEGRADED if self._index.is_loaded else HealthState.UNHEALTHY,
                f"{self._source.name} has no files at the path of {self._entity}",
            )
        return HealthStatus(
            HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
        )

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Compare rows whenever the files changed; the cursor is the state of the files.

        A cursor of another state than the files have at the start cannot be compared with: every
        row is then told as updated, for it may have been.
        """
        self._streaming = True
        try:
            await self._fresh()
            self._changed.clear()
            state = await self._state()
            if cursor is not None and cursor != state:
                rows = await self._rows("true", [], "")
                for number, row in enumerate(rows, start=1):
                    entity = self._to_entity(row)
                    change = EntityChange(
                        ChangeType.UPDATED,
                        self._entity,
                        entity.id,
                        change_id=f"{state}:updated:{entity.id}",
                    )
                    yield change, state if number == len(rows) else cursor
            while True:
                await asyncio.sleep(self._poll_seconds)
                try:
                    await self._fresh()
                except KitError as error:
                    _log.warning("files.poll_failed", entity=self._entity, error=str(error))
                    continue
                changed, self._changed = self._changed, []
                before, state = state, await self._state() if changed else state
                for number, each in enumerate(changed, start=1):
                    key = entity_id(each.key)
                    change = EntityChange(
                        _EVENTS[each.kind],
                        self._entity,
                        key,
                        change_id=f"{state}:{each.kind}:{key}",
                    )
                    # Only the last one is at the new state: who stops before it is told again.
                    yield change, state if number == len(changed) else before
        finally:
            self._streaming = False

    async def close(self) -> None:
        """Release the index."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._index.close()
        if self._own_directory:
            shutil.rmtree(self._directory, ignore_errors=True)

    # --- the snapshot --------------------------------------------------------------------------

    async def _rows(
        self, condition: str, parameters: Sequence[Any], tail: str
    ) -> list[dict[str, Any]]:
        await self._fresh()
        return await asyncio.to_thread(self._index.rows, condition, parameters, tail=tail)

    async def _fresh(self) -> None:
        """Look whether the files are as they were, and read them again if not."""
        if self._index.is_loaded and time.monotonic() - self._checked_at < _RECHECK_SECONDS:
            return
        async with self._loading:
            if self._index.is_loaded and time.monotonic() - self._checked_at < _RECHECK_SECONDS:
                return
            await asyncio.to_thread(self._reload)
            self._checked_at = time.monotonic()

    def _reload(self) -> None:
        files = self._find()
        if self._index.is_loaded and files == self._known:
            return
        if not files:
            if self._index.is_loaded:
                return  # Moved away to be written anew, most likely; health tells of it.
            raise SourceUnavailableError(
                f"{self._source.name} has no files at the path of {self._entity}"
            )
        try:
            self._changed += self._index.load(files, compare=self._streaming)
        except database_error() as error:
            if not self._index.is_loaded:
                raise SourceUnavailableError(
                    f"{self._source.name} has files of {self._entity} that cannot be read "
                    f"({type(error).__name__})"
                ) from None
            _log.warning("files.unreadable", entity=self._entity, error=type(error).__name__)
            return
        self._known = files

    def _find(self) -> list[FoundFile]:
        found = find_files(self._path)
        wanted = [f for f in found if f.path.lower().endswith(SUFFIXES[self._table.format])]
        return wanted or (found if len(found) == 1 else [])

    async def _state(self) -> str:
        """What changes when rows do; the cursor of changes."""
        return await asyncio.to_thread(self._index.fingerprint)

    # --- statements ----------------------------------------------------------------------------

    def _by_ids(self, ids: Sequence[str]) -> tuple[str, list[Any]]:
        count = len(self._key)
        keys = [v for each in dict.fromkeys(ids) if (v := key_values(each, count)) is not None]
        typed = [t for values in keys if (t := self._typed(self._key, values)) is not None]
        return _in_tuples([self._column(name) for name in self._key], typed)

    def _typed(self, names: Sequence[str], values: Sequence[str]) -> tuple[Any, ...] | None:
        """Values of fields as their columns have them; None if one cannot be among them."""
        found = [
            self._parameter(name, value, exact=True)
            for name, value in zip(names, values, strict=True)
        ]
        return None if None in found else tuple(found)

    def _parameter(self, name: str, value: Any, *, exact: bool = False) -> Any:
        """A value as the column compares it; None if the column cannot have it.

        `exact` takes only the text that the column's value has: `007` is not the id 7.
        """
        sql_type = self._index.types.get(self._fields[name].path, "VARCHAR")
        typed = _parameter(sql_type, value)
        if exact and isinstance(typed, int) and str(typed) != str(value):
            return None
        return typed

    def _where(self, filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
        parts: list[str] = ["true"]
        parameters: list[Any] = []
        for each in conditions(self._entity, filters):
            part, values = self._condition(each)
            parts.append(part)
            parameters += values
        return " AND ".join(parts), parameters

    def _condition(self, condition: Condition) -> tuple[str, list[Any]]:
        declared = self._fields.get(condition.field)
        if declared is None or declared.is_list:
            raise unsupported(self._entity, condition.field, condition.operator)
        column = self._column(condition.field)
        value = self._reader.to_source(condition.field, condition.value)
        match condition.operator:
            case "eq" | "neq" if value is None:
                return f"{column} IS {'NOT ' if condition.operator == 'neq' else ''}NULL", []
            case "eq" | "neq" | "gt" | "gte" | "lt" | "lte" as operator:
                typed = self._parameter(condition.field, value)
                if typed is None:
                    return ("false" if operator != "neq" else "true"), []
                return f"{column} {_COMPARISONS[operator]} ?", [typed]
            case "in":
                typed_values = [
                    t for v in value if (t := self._parameter(condition.field, v)) is not None
                ]
                if not typed_values:
                    return "false", []
                return f"{column} IN ({', '.join('?' * len(typed_values))})", typed_values
            case "contains":
                return f"contains(lower(CAST({column} AS VARCHAR)), lower(?))", [str(value)]
            case "starts_with":
                return f"starts_with(CAST({column} AS VARCHAR), ?)", [str(value)]
            case operator:
                raise unsupported(self._entity, condition.field, operator)

    def _order(self, query: EntityQuery) -> str:
        parts = []
        for order in query.order:
            if order.field not in self._fields or self._fields[order.field].is_list:
                raise unsupported(self._entity, order.field)
            direction = "DESC" if order.descending else "ASC"
            parts.append(f"{self._column(order.field)} {direction} NULLS LAST")
        # The key last: equal rows then have an order of their own, the same on every page.
        parts += [self._column(name) for name in self._key]
        return ", ".join(parts)

    def _column(self, name: str) -> str:
        return quoted_name(self._fields[name].path)

    def _scalar(self, declared: SourceField) -> str | None:
        if declared.is_list or declared.type in self._table.types:
            return None
        return declared.type

    # --- rows ----------------------------------------------------------------------------------

    def _to_entity(self, row: Mapping[str, Any]) -> Entity:
        data = self._reader.read(row)
        moment = _moment(data.get(self._table.updated_at or ""))
        return Entity(
            self._entity,
            entity_id([data[name] for name in self._key]),
            data,
            version=int(moment.timestamp() * 1000) if moment is not None else 1,
            updated_at=moment,
        )


def _in_tuples(columns: Sequence[str], values: Sequence[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """`(a, b) IN (...)` with parameters; what is false for no values."""
    if not values:
        return "false", []
    parameters = [member for value in values for member in value]
    if len(columns) == 1:
        return f"{columns[0]} IN ({', '.join('?' * len(values))})", parameters
    one = f"({', '.join('?' * len(columns))})"
    return f"({', '.join(columns)}) IN ({', '.join([one] * len(values))})", parameters


def _parameter(sql_type: str, value: Any) -> Any:
    """A value as a column of this SQL type compares it; None if it cannot be one."""
    try:
        match sql_type.partition("(")[0]:
            case ("TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT"
                  | "USMALLINT" | "UINTEGER" | "UBIGINT"):  # fmt: skip
                number = int(value)
                return number if abs(number) < 2**126 else None
            case "DOUBLE" | "FLOAT":
                return float(value)
            case "DECIMAL":
                return Decimal(str(value))
            case "BOOLEAN":
                return value if isinstance(value, bool) else str(value).lower() == "true"
            case "TIMESTAMP" | "TIMESTAMP_NS" | "TIMESTAMP_MS" | "TIMESTAMP_S":
                moment = datetime.fromisoformat(str(value))
                if moment.tzinfo is not None:
                    moment = moment.astimezone(UTC).replace(tzinfo=None)
                return moment
            case "DATE":
                return date.fromisoformat(str(value)[:10])
            case "UUID":
                return str(UUID(str(value)))
            case _:
                return str(value)
    except (ValueError, InvalidOperation, TypeError, OverflowError):
        return None


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
