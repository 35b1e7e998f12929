"""Random databases: keys of one or several columns, references of all shapes, odd names."""

from __future__ import annotations

from random import Random

from tests.testkit.databases.model import (
    ROW,
    Database,
    DbColumn,
    DbForeignKey,
    DbTable,
    Dialect,
)
from tests.testkit.databases.values import (
    ENUM_TYPE,
    ENUM_VALUES,
    KEY_TYPES,
    TYPES,
    random_literal,
)

_NAMES = (
    "order", "user", "Item", "order line", "größe", "a:b", 'quo"te', "100%", "select", "dot.ted",
    "semi;colon", "what?", "back\\slash", "CamelCase", "x" * 60, "key", "values", "name", "parent",
    "日本", "status", "created_at", "type", "data", "id", "ref", "class", "node", "edge", "$1",
)  # fmt: skip
_MAX_ROWS = 12


def random_database(random: Random, dialect: Dialect, *, tables: int = 6) -> Database:
    """A database with `tables` tables and rows in them; the same for the same `random`."""
    made: list[DbTable] = []
    for number in range(tables):
        name = f"{random.choice(_NAMES)}{number}"
        entities = [table for table in made if any(each.name == ROW for each in table.columns)]
        pair = random.sample(entities, 2) if len(entities) > 1 and random.random() < 0.3 else []
        make = _link_table if pair else _table
        made.append(make(random, dialect, name, pair or entities))
    first: tuple[str, ...] = ()
    if dialect == "postgresql":
        labels = ", ".join(f"'{value}'" for value in ENUM_VALUES)
        first = (f"CREATE TYPE {ENUM_TYPE} AS ENUM ({labels})",)
    return Database(dialect, tuple(made), first)


class _Maker:
    """A table in the making: columns by name, and rows filled column by column."""

    def __init__(self, random: Random, dialect: Dialect, name: str) -> None:
        self.random = random
        self.dialect = dialect
        self.name = name
        self.columns: list[DbColumn] = []
        self.foreign_keys: list[DbForeignKey] = []
        self.rows: list[dict[str, str]] = [{} for _ in range(random.randint(0, _MAX_ROWS))]

    def free_name(self, base: str | None = None) -> str:
        """A name that no column has; SQLite takes no two that differ in case alone."""
        wanted = base or self.random.choice(_NAMES)
        taken = {column.name.lower() for column in self.columns}
        while wanted.lower() in taken:
            wanted = f"{wanted[:50]}{self.random.randint(0, 999)}"
        return wanted

    def add(self, name: str, type_: str, *, nullable: bool, extra: str = "") -> None:
        """A column of random values."""
        self.columns.append(DbColumn(name, type_, nullable, extra))
        for row in self.rows:
            empty = nullable and self.random.random() < 0.3
            row[name] = "NULL" if empty else random_literal(self.random, type_, self.dialect)

    def refer(self, target: DbTable, columns: tuple[str, ...], *, nullable: bool) -> list[str]:
        """Columns that refer to columns of another table, which exist in some row there."""
        types = {column.name: column.type for column in target.columns}
        names = []
        for column in columns:
            name = self.free_name(f"{target.name[:30]}_{column[:20]}")
            self.columns.append(DbColumn(name, types[column], nullable))
            names.append(name)
        for row in self.rows:
            empty = nullable and self.random.random() < 0.3
            there = None if empty or not target.rows else self.random.choice(target.rows)
            for name, column in zip(names, columns, strict=True):
                row[name] = there[column] if there else "NULL"
        if not nullable and not target.rows:
            self.rows = []
        self.foreign_keys.append(DbForeignKey(tuple(names), target.name, columns))
        return names

    def unique(self, names: tuple[str, ...]) -> None:
        """Drop rows so that no two have the same values in these columns."""
        kept: dict[tuple[str, ...], dict[str, str]] = {}
        for row in self.rows:
            kept.setdefault(tuple(row[name] for name in names), row)
        self.rows = list(kept.values())

    def table(
        self,
        primary_key: tuple[str, ...],
        uniques: tuple[tuple[str, ...], ...] = (),
        indexes: tuple[tuple[str, ...], ...] = (),
    ) -> DbTable:
        """The table, its rows numbered."""
        self.columns.append(DbColumn(ROW, "integer", nullable=False))
        for number, row in enumerate(self.rows):
            row[ROW] = str(number)
        return DbTable(
            self.name, tuple(self.columns), primary_key, uniques, tuple(self.foreign_keys),
            indexes, tuple(self.rows),
        )  # fmt: skip


def _table(random: Random, dialect: Dialect, name: str, made: list[DbTable]) -> DbTable:
    maker = _Maker(random, dialect, name)
    key: list[str] = []
    if made and random.random() < 0.3:  # a part of something: its key has the whole's
        whole = random.choice(made)
        if whole.primary_key:
            key += maker.refer(whole, whole.primary_key, nullable=False)
    for _ in range(random.choice((1, 1, 1, 2)) if not key else 1):
        key.append(maker.free_name("id" if random.random() < 0.5 else None))
        maker.add(key[-1], random.choice(KEY_TYPES[dialect]), nullable=False)
    maker.unique(tuple(key))
    uniques = []
    if random.random() < 0.4:
        other = maker.free_name()
        maker.add(other, random.choice(KEY_TYPES[dialect]), nullable=False)
        maker.unique((other,))
        uniques.append((other,))
    for target in random.sample(made, min(len(made), random.randint(0, 2))):
        for _ in range(random.choice((1, 1, 2))):
            columns = random.choice([target.primary_key, *target.uniques])
            maker.refer(target, columns, nullable=random.random() < 0.5)
    types = list(TYPES[dialect])
    for _ in range(random.randint(0, 5)):
        maker.add(maker.free_name(), random.choice(types), nullable=random.random() < 0.6)
    if random.random() < 0.4:
        _add_checked(maker)
    if random.random() < 0.3:
        _add_parent(maker, tuple(key))
    plain = [each.name for each in maker.columns if each.type in KEY_TYPES[dialect]]
    indexes = tuple((column,) for column in plain if random.random() < 0.4)
    return maker.table(tuple(key), tuple(uniques), indexes)


def _add_checked(maker: _Maker) -> None:
    """A column that may only be one of a few texts."""
    name = maker.free_name("status")
    column = '"' + name.replace('"', '""') + '"'
    labels = ", ".join(f"'{value}'" for value in ENUM_VALUES)
    text = "text" if maker.dialect == "postgresql" else "TEXT"
    maker.columns.append(DbColumn(name, text, True, f"CHECK ({column} IN ({labels}))"))
    for row in maker.rows:
        row[name] = maker.random.choice((*(f"'{value}'" for value in ENUM_VALUES), "NULL"))


def _add_parent(maker: _Maker, key: tuple[str, ...]) -> None:
    """A reference to the table itself: to a row before, or none."""
    types = {column.name: column.type for column in maker.columns}
    names = []
    for part in key:
        name = maker.free_name("parent" if len(key) == 1 else f"parent_{part[:20]}")
        maker.columns.append(DbColumn(name, types[part]))
        names.append(name)
    for number, row in enumerate(maker.rows):
        there = maker.random.choice(maker.rows[:number]) if number % 3 else None
        for name, part in zip(names, key, strict=True):
            row[name] = there[part] if there else "NULL"
    maker.foreign_keys.append(DbForeignKey(tuple(names), maker.name, key))


def _link_table(random: Random, dialect: Dialect, name: str, pair: list[DbTable]) -> DbTable:
    maker = _Maker(random, dialect, name)
    names: list[str] = []
    for target in pair:
        names += maker.refer(target, target.primary_key, nullable=False)
    maker.unique(tuple(names))
    return DbTable(
        name, tuple(maker.columns), tuple(names), foreign_keys=tuple(maker.foreign_keys),
        rows=tuple(maker.rows),
    )  # fmt: skip
