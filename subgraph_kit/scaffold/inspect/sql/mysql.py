"""What MySQL's and MariaDB's catalogs know and SQLAlchemy's reflection does not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection, text

_COUNTS = text(
    "SELECT table_name, table_rows FROM information_schema.tables"
    " WHERE table_schema = database() AND table_rows IS NOT NULL"
)
_MARIADB_CHECKS = text(
    "SELECT table_name, check_clause FROM information_schema.check_constraints"
    " WHERE constraint_schema = database() ORDER BY table_name, constraint_name"
)
_MYSQL_CHECKS = text(
    "SELECT t.table_name, c.check_clause FROM information_schema.check_constraints c"
    " JOIN information_schema.table_constraints t"
    " ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name"
    " WHERE c.constraint_schema = database() ORDER BY t.table_name, t.constraint_name"
)
_IS_JSON = re.compile(r"json_valid\(`((?:[^`]|``)+)`\)", re.IGNORECASE)


def read_counts(connection: Connection) -> Mapping[str, int]:
    """About how many rows each table has."""
    return {str(name): int(count) for name, count in connection.execute(_COUNTS)}


def read_checks(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """The texts of all check constraints, those of single columns too, by table."""
    is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
    found: dict[str, tuple[str, ...]] = {}
    for table, clause in connection.execute(_MARIADB_CHECKS if is_mariadb else _MYSQL_CHECKS):
        # MySQL prints the quotes of texts with a backslash before them.
        found[str(table)] = (*found.get(str(table), ()), str(clause).replace("\\'", "'"))
    return found


def json_columns(checks: tuple[str, ...]) -> set[str]:
    """The columns that MariaDB has as text and checks to be JSON, which is its JSON type."""
    return {unescaped(match[1]) for check in checks if (match := _IS_JSON.fullmatch(check.strip()))}


def unescaped(name: str) -> str:
    """A name as it is; reflection leaves back quotes doubled."""
    return name.replace("``", "`")
