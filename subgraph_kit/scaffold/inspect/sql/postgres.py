"""What PostgreSQL's catalog knows of tables and columns and SQLAlchemy's reflection does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from subgraph_kit.scaffold.inspect.sql.catalog import ForeignKey

_TABLES = text(
    """
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = ANY ('{v,m}') AS is_view,
           c.relispartition AS is_partition, c.reltuples AS analysed,
           coalesce(s.n_live_tup, 0) AS counted,
           has_table_privilege(c.oid, 'SELECT') AS readable,
           (SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid LIMIT 1)
             AS parent
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
     WHERE c.relkind = ANY ('{r,p,v,m,f}')
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT EXISTS (
         SELECT 1 FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY n.nspname, c.relname
    """.replace("::regclass", "\\:\\:regclass")
)
_ODD_COLUMNS = text(
    """
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column,
           format_type(a.atttypid, a.atttypmod) AS type, t.typtype = 'c' AS is_composite,
           t.typcategory = 'A' AS is_array, a.attndims > 1 AS is_nested
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = ANY ('{r,p,v,m,f}')
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND (t.typtype = 'c' OR e.typtype = 'c' OR a.attndims > 1)
    """
)

_FOREIGN_KEYS = text(
    """
    SELECT n.nspname AS schema, c.relname AS name, k.conname AS key,
           tn.nspname AS target_schema, tc.relname AS target,
           ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
                   JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = k.conrelid AND a.attnum = u.number
                  ORDER BY u.place) AS columns,
           ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
                   JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = k.confrelid AND a.attnum = u.number
                  ORDER BY u.place) AS target_columns
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_class tc ON tc.oid = k.confrelid
      JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0
     ORDER BY n.nspname, c.relname, k.conname
    """
)
"""Not SQLAlchemy's way, which takes a printed constraint apart and fails at odd names."""


@dataclass(frozen=True, slots=True)
class PostgresTable:
    """A relation of the database that is no part of an extension."""

    schema: str
    name: str
    is_view: bool
    is_partition: bool
    readable: bool
    rows: int | None


@dataclass(frozen=True, slots=True)
class OddColumn:
    """A column of a composite type, of an array of one, or an array of arrays."""

    type: str
    is_array: bool


def read_tables(connection: Connection) -> list[PostgresTable]:
    """All relations outside the system's schemas, whether they may be read or not."""
    rows = connection.execute(_TABLES).mappings().all()
    counts = {row["oid"]: _estimate(row["analysed"], row["counted"]) for row in rows}
    in_parts: dict[int, int] = {}
    for row in rows:
        if row["is_partition"] and (own := counts[row["oid"]]) is not None:
            in_parts[row["parent"]] = in_parts.get(row["parent"], 0) + own
    for parent, sum_of_parts in in_parts.items():
        # A partitioned table has no rows of its own, and is seldom analysed.
        counts[parent] = max(counts.get(parent) or 0, sum_of_parts)
    return [
        PostgresTable(
            row["schema"], row["name"], row["is_view"], row["is_partition"], row["readable"],
            None if row["is_view"] else counts[row["oid"]],
        )
        for row in rows
    ]  # fmt: skip


def read_odd_columns(connection: Connection) -> Mapping[tuple[str, str, str], OddColumn]:
    """Columns that are best read as JSON, by schema, table and name."""
    return {
        (row["schema"], row["name"], row["column"]): OddColumn(row["type"], row["is_array"])
        for row in connection.execute(_ODD_COLUMNS).mappings()
    }


def read_foreign_keys(
    connection: Connection,
) -> Mapping[tuple[str | None, str], Sequence[ForeignKey]]:
    """All foreign keys, by schema and table."""
    found: dict[tuple[str | None, str], list[ForeignKey]] = {}
    for row in connection.execute(_FOREIGN_KEYS).mappings():
        found.setdefault((row["schema"], row["name"]), []).append(
            ForeignKey(
                row["key"],
                tuple(row["columns"]),
                (row["target_schema"], row["target"]),
                tuple(row["target_columns"]),
            )
        )
    return found


def _estimate(analysed: float, counted: int) -> int | None:
    """Rows by the last analysis (-1: never) or by the counters; None if neither knows."""
    best = max(int(analysed), int(counted))
    return best if best > 0 or analysed >= 0 else None
