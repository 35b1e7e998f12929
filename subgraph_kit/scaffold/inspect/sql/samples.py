"""A few rows, where the catalog alone cannot tell: read, judged and forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import quoted_name

from subgraph_kit.scaffold.inspect.sql.catalog import Table

MAX_ROWS = 200
"""Enough to tell e-mail addresses from other texts."""
MAX_TEXT = 120
"""Characters of a value that are looked at."""
SAMPLE_SECONDS = 2.0
"""A table that answers more slowly than this is not sampled."""


async def limit_time(connection: AsyncConnection) -> None:
    """Let the server end what takes too long: cancelling from here may cost the connection."""
    if connection.dialect.name == "postgresql":
        milliseconds = int(SAMPLE_SECONDS * 1000)
        await connection.execute(sa.text(f"SET statement_timeout = {milliseconds}"))


async def read_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """Some rows of some columns; none if the table cannot be read in time."""
    wanted: list[Any] = []
    for name in columns:
        column: Any = sa.column(quoted_name(name, quote=True))
        is_text = table.column(name).type.kind in ("text", "char")
        wanted.append(sa.func.substr(column, 1, MAX_TEXT) if is_text else column)
    statement: Any = sa.select(*wanted).select_from(_from(table)).limit(limit)
    try:
        async with asyncio.timeout(2 * SAMPLE_SECONDS):
            result = await connection.execute(statement)
            return [tuple(row) for row in result]
    except (SQLAlchemyError, TimeoutError, ValueError, OverflowError):
        return []


def texts(rows: Sequence[tuple[Any, ...]], place: int) -> list[str]:
    """The texts in one column of the rows."""
    return [row[place] for row in rows if isinstance(row[place], str)]


def _from(table: Table) -> Any:
    schema = None if table.schema is None else quoted_name(table.schema, quote=True)
    return sa.table(quoted_name(table.name, quote=True), schema=schema)
