"""The shop: a PostgreSQL database with a schema of its own (`shop.sql`).

    python -m examples.sources.shop load --dsn DSN [--scale N]

creates the schema and loads the sample invoices by COPY, streaming, unless they are there at that
scale. `insert_invoice` is how the shop itself writes one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from examples import data

DATABASE = "shop"
READER = "leser"
_STATUS = {"OPEN": "O", "PAID": "B", "OVERDUE": "M", "CANCELLED": "S"}
_INVOICE_COLUMNS = (
    "rech_id", "rech_nr", "kd_nr", "status_kz", "summe_cent", "angelegt_am", "geaendert_am",
)  # fmt: skip
_ITEM_COLUMNS = ("rech_id", "pos_nr", "art_nr", "menge", "einzel_cent")


@dataclass(frozen=True, slots=True)
class Line:
    """A line to invoice: the vendor's article id, how many, and the price of one in cents."""

    article_id: str
    quantity: int
    unit_price_cents: int


async def create_database(server_dsn: str) -> None:
    """Create the shop's database on a server that does not have it yet."""
    connection = await asyncpg.connect(server_dsn)
    try:
        sql = "SELECT 1 FROM pg_database WHERE datname = $1"
        if not await connection.fetchval(sql, DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


async def is_loaded(dsn: str, *, scale: int = 1) -> bool:
    """Whether the database has the sample data at this scale."""
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("SELECT to_regclass('tbl_einstellung')") is None:
            return False
        return await _stamp(connection) == f"{data.SEED}:{scale}"
    finally:
        await connection.close()


async def load(dsn: str, *, scale: int = 1) -> bool:
    """Create the schema and load the sample data; False if it was there already.

    All of it becomes visible at once: an interrupted load leaves nothing behind.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            schema = await asyncio.to_thread(Path(__file__).with_name("shop.sql").read_text)
            await connection.execute(schema)
            stamp = f"{data.SEED}:{scale}"
            if await _stamp(connection) == stamp:
                return False
            await connection.execute("TRUNCATE tbl_rechnung, tbl_rechnung_pos RESTART IDENTITY")
            # The sample data keeps its own promises: no row is looked up again for each of them.
            await connection.execute("SET LOCAL session_replication_role = replica")
            await _copy(connection, "tbl_rechnung", _INVOICE_COLUMNS, _invoice_rows(scale))
            await _copy(connection, "tbl_rechnung_pos", _ITEM_COLUMNS, _item_rows(scale))
            await connection.execute(
                "SELECT setval(pg_get_serial_sequence('tbl_rechnung', 'rech_id'), max(rech_id))"
                " FROM tbl_rechnung"
            )
            await connection.execute(
                "INSERT INTO tbl_einstellung VALUES ('daten', $1)"
                " ON CONFLICT (name) DO UPDATE SET wert = excluded.wert",
                stamp,
            )
        await connection.execute("ANALYZE tbl_rechnung, tbl_rechnung_pos")
        return True
    finally:
        await connection.close()


async def insert_invoice(
    connection: asyncpg.Connection, customer_number: str, lines: Sequence[Line]
) -> int:
    """Write an invoice as the shop does, in one transaction; return its id."""
    total = sum(line.quantity * line.unit_price_cents for line in lines)
    async with connection.transaction():
        number = await connection.fetchval(
            "SELECT nextval(pg_get_serial_sequence('tbl_rechnung', 'rech_id'))"
        )
        await connection.execute(
            "INSERT INTO tbl_rechnung (rech_id, rech_nr, kd_nr, summe_cent)"
            " VALUES ($1, $2, $3, $4)",
            number, _invoice_number(number), customer_number, total,
        )  # fmt: skip
        await connection.executemany(
            "INSERT INTO tbl_rechnung_pos (rech_id, pos_nr, art_nr, menge, einzel_cent)"
            " VALUES ($1, $2, $3, $4, $5)",
            [
                (number, position, line.article_id, line.quantity, line.unit_price_cents)
                for position, line in enumerate(lines, start=1)
            ],
        )
    return int(number)


async def _stamp(connection: asyncpg.Connection) -> str | None:
    sql = "SELECT wert FROM tbl_einstellung WHERE name = 'daten'"
    found: str | None = await connection.fetchval(sql)
    return found


async def _copy(
    connection: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    rows: AsyncIterator[tuple[Any, ...]],
) -> None:
    await connection.copy_records_to_table(table, columns=columns, records=rows)


async def _invoice_rows(scale: int) -> AsyncIterator[tuple[Any, ...]]:
    for each in data.invoices(scale):
        yield (
            each.number, _invoice_number(each.number), str(each.customer_number),
            _STATUS[each.status], each.total_cents, each.created_at, each.created_at,
        )  # fmt: skip


async def _item_rows(scale: int) -> AsyncIterator[tuple[Any, ...]]:
    for each in data.invoices(scale):
        for row in _items_of(each):
            yield row


def _items_of(invoice: data.Invoice) -> Iterable[tuple[Any, ...]]:
    for position, item in enumerate(invoice.items, start=1):
        article_id = f"A{item.product_number:06}"
        yield invoice.number, position, article_id, item.quantity, item.unit_price_cents


def _invoice_number(number: int) -> str:
    return f"RE-{number:08}"


def main() -> None:
    """Load from the command line."""
    parser = argparse.ArgumentParser(description="The shop's database with sample invoices.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("load", help="create the schema and load the sample data")
    command.add_argument("--dsn", required=True, help="the shop's database")
    command.add_argument("--scale", type=int, default=1, help="multiplies the 5,000 invoices")
    options = parser.parse_args()
    try:
        asyncio.run(load(options.dsn, scale=options.scale))
    except (OSError, asyncpg.PostgresError) as error:
        sys.exit(f"The shop's database cannot be loaded: {error}")


if __name__ == "__main__":
    main()
