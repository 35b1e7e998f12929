# ruff: noqa: S608 - identifiers are quoted, values are parameters
"""The statements of one table: by ids, a page, a page for each of many parents, changes.

Whatever is asked for many keys at once is one statement per chunk of keys. PostgreSQL takes the
keys as arrays, one per column, and says by number which of them a row answers; elsewhere they are
an expanded list, and rows say which key they have.

In all statements `t` is the table; the columns of a row are `c0`, `c1`, ... in the order of
`Statements.read`; `n` is the number of the asked key, or `r0`, `r1`, ... its values; `rn` is the
place of the row in its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from subgraph_kit.data_product import EntityQuery, Order
from subgraph_kit.errors import FatalError
from subgraph_kit.sources.tables.columns import Dialect, Parameters, Postgres, condition
from subgraph_kit.sources.tables.declaration import SqlColumn, SqlLink, SqlTable

Keys = Sequence[tuple[Any, ...]]
"""Bound values of several columns, row by row."""

_MOMENTS = ("timestamp", "timestamptz", "date")
_UNORDERED = ("json", "composite")


@dataclass(frozen=True, slots=True)
class Statement:
    """A text with named parameters, and these."""

    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Statements:
    """Writes statements that read the fields `read` of `table`."""

    def __init__(self, dialect: Dialect, table: SqlTable, read: Sequence[SqlColumn]) -> None:
        self.read = tuple(read)
        self._dialect = dialect
        self._table = table
        self._key = tuple(map(table.column, table.key))
        self._columns = ", ".join(
            f"{dialect.selected(column, 't')} AS c{number}"
            for number, column in enumerate(self.read)
        )
        self._from = f"{self._name(table.schema, table.table)} t"

    @property
    def numbers_keys(self) -> bool:
        """Whether rows say with `n` which key they answer, rather than with `r0`, `r1`, ..."""
        return isinstance(self._dialect, Postgres)

    def by_ids(self, keys: Keys) -> Statement:
        """The rows of the given keys."""
        bound = Parameters()
        source, matches = self._keyed(self._key, keys, bound)
        return self._statement(
            f"SELECT {self._columns} FROM {source}", [matches, *self._alive(bound)], bound
        )

    def page(self, query: EntityQuery) -> Statement:
        """A page of the list."""
        bound = Parameters()
        where = [*self._alive(bound), *self._filters(query, bound)]
        tail = f"ORDER BY {self._order(query.order)} {self._page(query, bound)}"
        return self._statement(f"SELECT {self._columns} FROM {self._from}", where, bound, tail)

    def by_reference(
        self, columns: Sequence[SqlColumn], keys: Keys, query: EntityQuery, *, seek: bool
    ) -> Statement:
        """For each of `keys`, a page of the rows that have it in `columns`.

        `seek` says that an index finds the rows of one key: then each page is cut where it is
        read. Without it all rows are read once and numbered.
        """
        bound = Parameters()
        order = self._order(query.order)
        if seek and isinstance(self._dialect, Postgres):
            asked = _unnested(self._dialect, columns, keys, bound)
            where = [
                _equal_asked(self._dialect, columns, "t"),
                *self._alive(bound),
                *self._filters(query, bound),
            ]
            inner = self._statement(
                f"SELECT {self._columns}, row_number() OVER (ORDER BY {order}) AS rn"
                f" FROM {self._from}",
                where,
                bound,
                f"ORDER BY {order} {self._page(query, bound)}",
            )
            text = f"SELECT k.n AS n, r.* FROM {asked} CROSS JOIN LATERAL ({inner.text}) AS r"
            return Statement(text, bound.values)
        source, matches = self._keyed(columns, keys, bound)
        names = ["k.n"] if self.numbers_keys else [self._compared(each) for each in columns]
        selected = ["k.n AS n"] if self.numbers_keys else [
            f"{self._dialect.selected(column, 't')} AS r{number}"
            for number, column in enumerate(columns)
        ]  # fmt: skip
        where = [matches, *self._alive(bound), *self._filters(query, bound)]
        return self._numbered(source, selected, names, where, order, query, bound)

    def by_link(self, link: SqlLink, keys: Keys, query: EntityQuery) -> Statement:
        """For each of `keys`, a page of the rows that the link pairs with it."""
        bound = Parameters()
        dialect = self._dialect
        far = [f"l.{dialect.quote(name)} AS f{number}" for number, name in enumerate(link.far)]
        pairs = f"{self._name(link.schema, link.table)} l"
        if isinstance(dialect, Postgres):
            asked = _unnested(dialect, link.near, keys, bound)
            paired = _equal_asked(dialect, link.near, "l")
            near, names, selected = ["k.n AS n"], ["m.n"], ["m.n AS n"]
            inner = f"{asked} JOIN {pairs} ON {paired}"
        else:
            paired = _is_one_of(dialect, link.near, "l", keys, bound)
            near = [
                f"{dialect.selected(column, 'l')} AS r{number}"
                for number, column in enumerate(link.near)
            ]
            names = [f"m.r{number}" for number in range(len(near))]
            selected, inner = names, f"{pairs} WHERE {paired}"
        match = " AND ".join(
            f"t.{dialect.quote(column.column)} = m.f{number}"
            for number, column in enumerate(self._key)
        )
        distinct = f"(SELECT DISTINCT {', '.join([*near, *far])} FROM {inner}) m"
        where = [*self._alive(bound), *self._filters(query, bound)]
        return self._numbered(
            f"{distinct} JOIN {self._from} ON {match}", selected, names, where,
            self._order(query.order), query, bound,
        )  # fmt: skip

    def changes(self, after: tuple[Any, ...] | None, limit: int) -> Statement:
        """Rows that changed last after a place: the time of a change, then the key.

        `after` has the bound time alone, which then belongs to it, or time and key, which do not.
        """
        bound, changed = Parameters(), self._table.column(str(self._table.changed_at))
        columns = (changed, *self._key)
        where = [f"{self._compared(changed)} IS NOT NULL"]
        if after is not None and len(after) == 1:
            where.append(condition_of(self._dialect, changed, ">=", after[0], bound))
        elif after is not None:
            where.append(self._after(columns, after, bound))
        order = ", ".join(self._compared(column) for column in columns)
        tail = f"ORDER BY {order} {self._dialect.page(limit, 0, bound)}"
        return self._statement(f"SELECT {self._columns} FROM {self._from}", where, bound, tail)

    def latest_change(self) -> Statement:
        """The time of the last change, as column `c0`."""
        changed = self._table.column(str(self._table.changed_at))
        latest = f"max({self._dialect.selected(changed, 't')})"
        return Statement(f"SELECT {latest} AS c0 FROM {self._from}")

    # --- Parts ----------------------------------------------------------------------------------

    def _after(
        self, columns: Sequence[SqlColumn], after: tuple[Any, ...], bound: Parameters
    ) -> str:
        """Behind a place in the order of `columns`, spelled out: an index serves the first."""
        steps = []
        for number, column in enumerate(columns):
            equal = [
                condition_of(self._dialect, each, "=", after[place], bound)
                for place, each in enumerate(columns[:number])
            ]
            more = condition_of(self._dialect, column, ">", after[number], bound)
            steps.append(" AND ".join([*equal, more]))
        first = condition_of(self._dialect, columns[0], ">=", after[0], bound)
        return f"{first} AND ({' OR '.join(f'({step})' for step in steps)})"

    def _numbered(
        self,
        source: str,
        selected: Sequence[str],
        partition: Sequence[str],
        where: Sequence[str],
        order: str,
        query: EntityQuery,
        bound: Parameters,
    ) -> Statement:
        """All rows of all keys in one go, each with its place in the page of its key."""
        inner = self._statement(
            f"SELECT {self._columns}, {', '.join(selected)}, row_number() OVER"
            f" (PARTITION BY {', '.join(partition)} ORDER BY {order}) AS rn FROM {source}",
            where,
            bound,
        )
        cut = [f"r.rn > {self._number(query.offset, bound)}"] if query.offset else []
        if query.limit is not None:
            cut.append(f"r.rn <= {self._number(query.offset + query.limit, bound)}")
        return self._statement(f"SELECT * FROM ({inner.text}) AS r", cut, bound)

    def _keyed(
        self, columns: Sequence[SqlColumn], keys: Keys, bound: Parameters
    ) -> tuple[str, str]:
        """What to select from, and the condition that a row has one of the keys."""
        if isinstance(self._dialect, Postgres):
            asked = _unnested(self._dialect, columns, keys, bound)
            matches = _equal_asked(self._dialect, columns, "t")
            return f"{asked} JOIN {self._from} ON {matches}", ""
        return self._from, _is_one_of(self._dialect, columns, "t", keys, bound)

    def _alive(self, bound: Parameters) -> list[str]:
        """The condition that a row is not deleted, if rows are only marked so."""
        if self._table.soft_delete is None:
            return []
        column = self._table.column(self._table.soft_delete)
        name = self._compared(column)
        if column.type in _MOMENTS:
            return [f"{name} IS NULL"]
        if column.type == "boolean":
            return [f"({name} IS NULL OR NOT {name})"]
        return [f"({name} IS NULL OR {condition_of(self._dialect, column, '=', 0, bound)})"]

    def _filters(self, query: EntityQuery, bound: Parameters) -> list[str]:
        found = []
        for name, wanted in query.filter.items():
            column = self._column(name)
            operators = wanted if isinstance(wanted, Mapping) else {"eq": wanted}
            if not operators:
                raise FatalError(f"the filter on {name!r} has no operator")
            found += [
                condition(self._dialect, column, "t", operator, value, bound)
                for operator, value in operators.items()
            ]
        return found

    def _order(self, orders: Sequence[Order]) -> str:
        """The asked order, then the key, so that pages never overlap."""
        parts, named = [], set()
        for order in orders:
            column = self._column(order.field)
            if column.type in _UNORDERED:
                raise FatalError(f"the source cannot order by {order.field!r}")
            named.add(order.field)
            name = f"t.{self._dialect.quote(column.column)}"
            parts.append(f"{name} {'DESC' if order.descending else 'ASC'}")
        parts += [
            f"t.{self._dialect.quote(column.column)}"
            for column in self._key
            if column.field not in named
        ]
        return ", ".join(parts)

    def _column(self, name: str) -> SqlColumn:
        try:
            return self._table.column(name)
        except KeyError:
            raise FatalError(f"the table {self._table.table!r} has no field {name!r}") from None

    def _page(self, query: EntityQuery, bound: Parameters) -> str:
        return self._dialect.page(query.limit, query.offset, bound)

    def _number(self, value: int, bound: Parameters) -> str:
        return self._dialect.parameter(SqlColumn("", "", "bigint"), value, bound)

    def _compared(self, column: SqlColumn) -> str:
        return self._dialect.compared(column, "t")

    def _name(self, schema: str | None, table: str) -> str:
        quoted = self._dialect.quote(table)
        return quoted if schema is None else f"{self._dialect.quote(schema)}.{quoted}"

    def _statement(
        self, head: str, where: Sequence[str], bound: Parameters, tail: str = ""
    ) -> Statement:
        conditions = " AND ".join(each for each in where if each)
        middle = f" WHERE {conditions}" if conditions else ""
        return Statement(f"{head}{middle} {tail}".strip(), bound.values)


def condition_of(
    dialect: Dialect, column: SqlColumn, comparison: str, value: Any, bound: Parameters
) -> str:
    """A comparison with a value that is a parameter already."""
    place = dialect.parameter(column, value, bound)
    return f"{dialect.compared(column, 't')} {comparison} {place}"


def _unnested(
    dialect: Postgres, columns: Sequence[SqlColumn], keys: Keys, bound: Parameters
) -> str:
    arrays = ", ".join(
        dialect.cast(column, bound.add([key[number] for key in keys]), array=True)
        for number, column in enumerate(columns)
    )
    names = ", ".join(f"v{number}" for number in range(len(columns)))
    return f"unnest({arrays}) WITH ORDINALITY AS k({names}, n)"


def _equal_asked(dialect: Postgres, columns: Sequence[SqlColumn], table: str) -> str:
    return " AND ".join(
        f"{dialect.compared(column, table)} = k.v{number}" for number, column in enumerate(columns)
    )


def _is_one_of(
    dialect: Dialect, columns: Sequence[SqlColumn], table: str, keys: Keys, bound: Parameters
) -> str:
    if len(columns) == 1:
        return dialect.is_in(columns[0], table, [key[0] for key in keys], bound)
    names = ", ".join(dialect.compared(column, table) for column in columns)
    values = [
        tuple(dialect.listed(column, value) for column, value in zip(columns, key, strict=True))
        for key in keys
    ]
    return f"({names}) IN {bound.add(values)}"
