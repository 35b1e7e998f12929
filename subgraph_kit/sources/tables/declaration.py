"""What is declared of a table: plain values that a person can read and a template print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from subgraph_kit.errors import ConfigurationError

SqlType = Literal[
    "boolean", "smallint", "integer", "bigint", "numeric", "real", "double", "money",
    "text", "char", "enum", "uuid", "date", "timestamp", "timestamptz", "time", "interval",
    "json", "bytes", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange",
    "composite", "other",
]  # fmt: skip
"""How the database holds a value: what a parameter must be, what a row brings.

`timestamp` has no zone and is taken for UTC. `composite` is read as JSON. `other` is anything that
is read and compared as the text which the database makes of it.
"""


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """`field` of the graph is `column` of the table.

    `array` is for PostgreSQL's arrays (and multiranges) of `type`. `native` is the database's own
    name of the type where `type` does not say it and comparing needs it, as SQL writes it:
    `"public"."order_status"`. `values` pairs the names of an enum with what the table has for them,
    where these differ or are the only ones allowed.
    """

    field: str
    column: str
    type: SqlType = "text"
    array: bool = False
    native: str | None = None
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SqlLink:
    """A table of pairs, seen from the entity on its `far` side.

    `near` are its columns that hold the key of the other entity (whose list this is), in the order
    of that key; `far` those that hold the key of the declared table, in the order of its key.
    `name` is what the other entity's list calls it.
    """

    name: str
    table: str
    near: tuple[SqlColumn, ...]
    far: tuple[str, ...]
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table or view that holds entities of one type, one per row.

    `key` are the fields that make an entity's id, in the order of the entity's key. `changed_at` is
    the field that tells when a row was changed last; with it, changes are found by polling.
    `soft_delete` is the field that marks deleted rows, a flag or a time: these rows are not served,
    and polling reports their deletion. Both need not be fields of the graph.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[SqlColumn, ...]
    schema: str | None = None
    changed_at: str | None = None
    soft_delete: str | None = None
    links: tuple[SqlLink, ...] = ()

    def __post_init__(self) -> None:
        """Check what a typing mistake would otherwise break at the first query."""
        named = {column.field for column in self.columns}
        if len(named) != len(self.columns):
            raise ConfigurationError(f"table {self.table!r} declares a field twice")
        if not self.key:
            raise ConfigurationError(f"table {self.table!r} declares no key")
        for field in (*self.key, self.changed_at, self.soft_delete):
            if field is not None and field not in named:
                raise ConfigurationError(f"table {self.table!r} has no column for {field!r}")
        for column in self.columns:
            if column.type not in get_args(SqlType):
                raise ConfigurationError(
                    f"column {column.column!r} of table {self.table!r} has the unknown type "
                    f"{column.type!r}; known are {', '.join(get_args(SqlType))}"
                )
        for link in self.links:
            if len(link.far) != len(self.key):
                raise ConfigurationError(
                    f"link {link.name!r} must have one far column per key field of {self.table!r}"
                )

    def column(self, field: str) -> SqlColumn:
        """The column of a field; KeyError if there is none."""
        for column in self.columns:
            if column.field == field:
                return column
        raise KeyError(field)
