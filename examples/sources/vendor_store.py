"""The vendor's articles in one SQLite file; times are milliseconds since 1970."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples import data

_SCHEMA = """
CREATE TABLE IF NOT EXISTS articles (
  article_id TEXT PRIMARY KEY,
  article_number TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL, category TEXT NOT NULL, manufacturer TEXT NOT NULL,
  amount_minor INTEGER NOT NULL, currency_code TEXT NOT NULL,
  stock_level INTEGER NOT NULL, lifecycle TEXT NOT NULL DEFAULT 'ACTIVE',
  modified_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS articles_modified ON articles (modified_at, article_id);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_FIELDS = {
    "articleNumber": ("article_number", str),
    "label": ("label", str),
    "category": ("category", str),
    "manufacturer": ("manufacturer", str),
    "stockLevel": ("stock_level", int),
}
MAX_INTEGER = 2**53
MAX_TEXT = 500


class ArticleError(ValueError):
    """Fields that are no article; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a list asks for. `after` is where the last page ended: (sort value, article id)."""

    page_size: int
    after: tuple[int | str, str] | None = None
    updated_since: int | None = None
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    category: str | None = None
    manufacturer: str | None = None
    label_contains: str | None = None


class ArticleStore:
    """The articles. Safe to use from several threads."""

    def __init__(self, path: Path, *, scale: int = 1) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._fill(scale)

    def search(self, search: Search) -> tuple[list[dict[str, Any]], tuple[int | str, str] | None]:
        """A page of articles, and where the next one begins (None after the last).

        By number, or by time of change with `updated_since`, which also shows what was
        discontinued.
        """
        conditions: list[tuple[str, Iterable[object]]] = []
        if search.updated_since is None:
            sort = "article_number"
            conditions.append(("lifecycle = 'ACTIVE'", ()))
        else:
            sort = "modified_at"
            conditions.append(("modified_at >= ?", (search.updated_since,)))
        if search.after is not None:
            conditions.append((f"({sort}, article_id) > (?, ?)", search.after))
        for column, wanted in (("article_id", search.ids), ("article_number", search.numbers)):
            if wanted:
                conditions.append((f"{column} IN ({', '.join('?' * len(wanted))})", wanted))
        for column, text in (("category", search.category), ("manufacturer", search.manufacturer)):
            if text is not None:
                conditions.append((f"{column} = ?", (text,)))
        if search.label_contains is not None:
            conditions.append(("instr(lower(label), lower(?)) > 0", (search.label_contains,)))
        where = " AND ".join(sql for sql, _ in conditions)
        values = [value for _, each in conditions for value in each]
        sql = f"SELECT * FROM articles WHERE {where} ORDER BY {sort}, article_id LIMIT ?"  # noqa: S608 - made of constants, values are bound
        with self._lock:
            rows = self._connection.execute(sql, (*values, search.page_size + 1)).fetchall()
        page = rows[: search.page_size]
        more = len(rows) > len(page)
        end = (page[-1][sort], page[-1]["article_id"]) if more and page else None
        return [_article(row) for row in page], end

    def get(self, article_id: str) -> dict[str, Any] | None:
        """One article that is not discontinued, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT * FROM articles WHERE article_id = ? AND lifecycle = 'ACTIVE'",
                (article_id,),
            ).fetchone()
        return _article(row) if row else None

    def create(self, body: Mapping[str, object]) -> dict[str, Any]:
        """Add an article.

        Raises:
            ArticleError: if a field is missing, unknown, of the wrong kind, or the number taken.
        """
        values = _columns_of(body)
        values.setdefault("category", "misc")
        values.setdefault("manufacturer", "unknown")
        values.setdefault("stock_level", 0)
        for name, column in (("articleNumber", "article_number"), ("label", "label"),
                             ("grossPrice", "amount_minor")):  # fmt: skip
            if column not in values:
                raise ArticleError(f"{name} is required")
        with self._lock, self._transaction():
            last = self._connection.execute(
                "SELECT max(CAST(substr(article_id, 2) AS INTEGER)) FROM articles"
            ).fetchone()[0]
            values["article_id"] = _article_id((last or 0) + 1)
            values["modified_at"] = _now_ms()
            names, places = ", ".join(values), ", ".join("?" * len(values))
            with _unique():
                self._connection.execute(
                    f"INSERT INTO articles ({names}) VALUES ({places})",  # noqa: S608 - known names
                    tuple(values.values()),
                )
        created = self.get(str(values["article_id"]))
        assert created is not None  # noqa: S101 - it was written a moment ago
        return created

    def update(self, article_id: str, body: Mapping[str, object]) -> dict[str, Any] | None:
        """Change fields of an article; None if there is none.

        Raises:
            ArticleError: as `create`.
        """
        values = {**_columns_of(body), "modified_at": _now_ms()}
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._lock, self._transaction(), _unique():
            self._connection.execute(
                f"UPDATE articles SET {assignments} WHERE article_id = ?",  # noqa: S608 - known names
                (*values.values(), article_id),
            )
        return self.get(article_id)

    def discontinue(self, article_id: str) -> bool:
        """Take an article out of the catalogue; False if there is none."""
        with self._lock:
            cursor = self._connection.execute(
                "UPDATE articles SET lifecycle = 'DISCONTINUED', modified_at = ? "
                "WHERE article_id = ? AND lifecycle = 'ACTIVE'",
                (_now_ms(), article_id),
            )
        return bool(cursor.rowcount)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _transaction(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def _fill(self, scale: int) -> None:
        """Load the sample data, unless this file has it at this scale."""
        stamp = f"{data.SEED}:{scale}"
        row = self._connection.execute("SELECT value FROM settings WHERE name = 'data'").fetchone()
        if row and row["value"] == stamp:
            return
        with self._transaction():
            self._connection.execute("DELETE FROM articles")
            self._connection.executemany(
                "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, 'EUR', ?, 'ACTIVE', ?)",
                (
                    (_article_id(each.number), each.sku, each.name, each.category, each.maker,
                     each.price_cents, each.stock, int(each.updated_at.timestamp() * 1000))
                    for each in data.products(scale)
                ),
            )  # fmt: skip
            self._connection.execute("INSERT OR REPLACE INTO settings VALUES ('data', ?)", (stamp,))


@contextmanager
def _unique() -> Iterator[None]:
    """Translate a number that is taken into a text for the client."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise ArticleError("articleNumber is taken by another article") from None


def _columns_of(body: Mapping[str, object]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in body.items():
        if name == "grossPrice":
            values |= _price(value)
            continue
        if name not in _FIELDS:
            raise ArticleError(f"{name[:60]} is not a field of an article")
        column, kind = _FIELDS[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ArticleError(f"{name} must be a {'text' if kind is str else 'whole number'}")
        if isinstance(value, str) and not 0 < len(value) <= MAX_TEXT:
            raise ArticleError(f"{name} must have 1 to {MAX_TEXT} characters")
        if isinstance(value, int) and not 0 <= value <= MAX_INTEGER:
            raise ArticleError(f"{name} is out of range")
        values[column] = value
    return values


def _price(value: object) -> dict[str, object]:
    amount = value.get("amountMinor") if isinstance(value, dict) else None
    currency = value.get("currencyCode", "EUR") if isinstance(value, dict) else None
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount <= MAX_INTEGER:
        raise ArticleError("grossPrice.amountMinor must be a whole number of cents")
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isalpha():
        raise ArticleError("grossPrice.currencyCode must be a code such as EUR")
    return {"amount_minor": amount, "currency_code": currency.upper()}


def _article(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "articleId": row["article_id"],
        "articleNumber": row["article_number"],
        "label": row["label"],
        "category": row["category"],
        "manufacturer": row["manufacturer"],
        "grossPrice": {"amountMinor": row["amount_minor"], "currencyCode": row["currency_code"]},
        "stockLevel": row["stock_level"],
        "lifecycle": row["lifecycle"],
        "modifiedAt": row["modified_at"],
    }


def _article_id(number: int) -> str:
    return f"A{number:06}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
