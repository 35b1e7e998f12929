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


async def read_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """Some rows of some columns; none if the table cannot be read in time."""
    wanted: list[Any] = [sa.column(quoted_name(name, quote=True)) for name in columns]
    statement: Any = sa.select(*wanted).select_from(_from(table)).limit(limit)
    try:
        async with connection.begin_nested() if connection.in_transaction() else connection.begin():
            async with asyncio.timeout(SAMPLE_SECONDS):
                result = await connection.execute(statement)
                return [tuple(row) for row in result]
    except (SQLAlchemyError, TimeoutError, ValueError, OverflowError):
        return []


def texts(rows: Sequence[tuple[Any, ...]], place: int) -> list[str]:
    """The texts in one column of the rows, cut to what is looked at."""
    return [row[place][:MAX_TEXT] for row in rows if isinstance(row[place], str)]


def _from(table: Table) -> Any:
    schema = None if table.schema is None else quoted_name(table.schema, quote=True)
    return sa.table(quoted_name(table.name, quote=True), schema=schema)
