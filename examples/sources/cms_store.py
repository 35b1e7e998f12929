"""The CMS's collection and its outgoing webhooks, in one SQLite file.

A change and the webhook that tells of it are written in one transaction, so that no change goes
untold. Deliveries are sent in order by `cms_webhooks.py`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples import data
from examples.sources.cms_filter import ItemsQuery

COLUMNS = (
    "id", "status", "first_name", "last_name", "email", "phone", "company", "street",
    "postal_code", "city", "country", "date_created", "date_updated",
)  # fmt: skip
WRITABLE = COLUMNS[1:-2]
REQUIRED = ("first_name", "last_name", "email")
MAX_TEXT = 1_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  status TEXT NOT NULL DEFAULT 'published',
  first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL,
  phone TEXT, company TEXT, street TEXT, postal_code TEXT, city TEXT, country TEXT,
  date_created TEXT NOT NULL, date_updated TEXT
);
CREATE INDEX IF NOT EXISTS customers_email ON customers (email);
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class PayloadError(ValueError):
    """Fields that the collection does not take; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook to send: the body, and how often it was tried."""

    id: int
    body: str
    attempts: int


class CustomerStore:
    """The collection. Safe to use from several threads."""

    def __init__(self, path: Path, *, scale: int = 1) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._fill(scale)

    def list_items(self, query: ItemsQuery) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """The page the query asks for, and the counts it asks for."""
        columns = ", ".join(f'"{name}"' for name in query.fields)
        sql = f"SELECT {columns} FROM customers WHERE {query.where} ORDER BY {query.order}"  # noqa: S608 - names are checked against COLUMNS, values are bound
        sql += " LIMIT ? OFFSET ?"
        limit = -1 if query.limit is None else query.limit
        meta = {}
        with self._lock:
            rows = self._connection.execute(sql, (*query.parameters, limit, query.offset))
            items = [dict(row) for row in rows]
            if query.meta & {"*", "total_count"}:
                meta["total_count"] = self._count("1", ())
            if query.meta & {"*", "filter_count"}:
                meta["filter_count"] = self._count(query.where, query.parameters)
        return items, meta

    def get(self, key: int) -> dict[str, Any] | None:
        """One item, or None."""
        with self._lock:
            row = self._connection.execute("SELECT * FROM customers WHERE id = ?", (key,))
            found = row.fetchone()
        return dict(found) if found else None

    def create(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """Add an item.

        Raises:
            PayloadError: if a field is missing, unknown or of the wrong kind.
        """
        _check(fields)
        for name in REQUIRED:
            if not fields.get(name):
                raise PayloadError(f'Value for field "{name}" in collection "customers" is missing')
        values = {**fields, "date_created": _now()}
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join("?" * len(values))
        with self._lock, self._transaction():
            cursor = self._connection.execute(
                f"INSERT INTO customers ({names}) VALUES ({places})",  # noqa: S608 - names are checked
                tuple(values.values()),
            )
            key = int(cursor.lastrowid or 0)
            self._tell("items.create", key, fields)
        item = self.get(key)
        assert item is not None  # noqa: S101 - it was written a moment ago
        return item

    def update(self, key: int, fields: Mapping[str, object]) -> dict[str, Any] | None:
        """Change some fields of an item; None if there is none.

        Raises:
            PayloadError: if a field is unknown, of the wrong kind, or emptied though required.
        """
        _check(fields)
        for name in REQUIRED:
            if name in fields and not fields[name]:
                raise PayloadError(f'Value for field "{name}" in collection "customers" is missing')
        values = {**fields, "date_updated": _now()}
        assignments = ", ".join(f'"{name}" = ?' for name in values)
        with self._lock, self._transaction():
            cursor = self._connection.execute(
                f"UPDATE customers SET {assignments} WHERE id = ?",  # noqa: S608 - names are checked
                (*values.values(), key),
            )
            if not cursor.rowcount:
                return None
            self._tell("items.update", key, fields)
        return self.get(key)

    def delete(self, key: int) -> bool:
        """Remove an item; False if there is none."""
        with self._lock, self._transaction():
            cursor = self._connection.execute("DELETE FROM customers WHERE id = ?", (key,))
            if cursor.rowcount:
                self._tell("items.delete", key, {})
            return bool(cursor.rowcount)

    def next_delivery(self) -> Delivery | None:
        """The oldest webhook that was not delivered."""
        with self._lock:
            row = self._connection.execute(
                "SELECT id, body, attempts FROM deliveries ORDER BY id LIMIT 1"
            ).fetchone()
        return Delivery(row["id"], row["body"], row["attempts"]) if row else None

    def note_attempt(self, delivery: Delivery) -> None:
        """Count an attempt that failed."""
        with self._lock:
            self._connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1 WHERE id = ?", (delivery.id,)
            )

    def forget_delivery(self, delivery: Delivery) -> None:
        """The webhook was delivered, or given up."""
        with self._lock:
            self._connection.execute("DELETE FROM deliveries WHERE id = ?", (delivery.id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _transaction(self) -> sqlite3.Connection:
        """A block that is committed, or rolled back if it raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def _count(self, where: str, parameters: tuple[object, ...]) -> int:
        sql = f"SELECT count(*) FROM customers WHERE {where}"  # noqa: S608 - as in list_items
        return int(self._connection.execute(sql, parameters).fetchone()[0])

    def _tell(self, event: str, key: int, fields: Mapping[str, object]) -> None:
        body = {
            "event": event,
            "collection": "customers",
            "keys": [str(key)],
            "payload": dict(fields),
            "delivery": str(uuid.uuid4()),
            "timestamp": _now(),
        }
        self._connection.execute("INSERT INTO deliveries (body) VALUES (?)", (json.dumps(body),))

    def _fill(self, scale: int) -> None:
        """Load the sample data, unless this file has it at this scale."""
        stamp = f"{data.SEED}:{scale}"
        row = self._connection.execute("SELECT value FROM settings WHERE name = 'data'").fetchone()
        if row and row["value"] == stamp:
            return
        names = ", ".join(COLUMNS[:-1])
        places = ", ".join("?" * (len(COLUMNS) - 1))
        with self._transaction():
            self._connection.execute("DELETE FROM customers")
            self._connection.execute("DELETE FROM deliveries")
            self._connection.executemany(
                f"INSERT INTO customers ({names}) VALUES ({places})",  # noqa: S608 - constants
                (_row(each) for each in data.customers(scale)),
            )
            self._connection.execute("INSERT OR REPLACE INTO settings VALUES ('data', ?)", (stamp,))


def _row(each: data.Customer) -> tuple[object, ...]:
    return (
        each.number, "published", each.first_name, each.last_name, each.email, each.phone,
        each.company, each.street, each.postal_code, each.city, each.country,
        each.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )  # fmt: skip


def _check(fields: Mapping[str, object]) -> None:
    if not fields:
        raise PayloadError("The payload has no fields.")
    for name, value in fields.items():
        if name not in WRITABLE:
            raise PayloadError(f'Field "{name}" cannot be written in collection "customers".')
        if value is not None and not isinstance(value, str):
            raise PayloadError(f'Field "{name}" must be a text.')
        if value is not None and len(value) > MAX_TEXT:
            raise PayloadError(f'Field "{name}" is longer than {MAX_TEXT} characters.')
    email = fields.get("email")
    if isinstance(email, str) and ("@" not in email.strip("@") or any(c.isspace() for c in email)):
        raise PayloadError('Field "email" is not an e-mail address.')


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
