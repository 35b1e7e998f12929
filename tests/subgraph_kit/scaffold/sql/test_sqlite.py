"""What is concluded from a SQLite database, whose types are hints, and how it is declared."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql import inspect_sql, sql_table
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.sources.tables import SqlColumn, SqlLink, SqlTable


async def look(path: Path, ddl: str) -> SourceModel:
    with closing(sqlite3.connect(path / "shop.db")) as connection:
        connection.executescript(ddl)
    return await inspect_sql(f"sqlite:///{path / 'shop.db'}", InspectOptions())


async def test_declared_types_get_scalars_and_large_numbers_are_seen(tmp_path: Path) -> None:
    model = await look(
        tmp_path,
        """
        CREATE TABLE t (
          id INTEGER PRIMARY KEY, i INT, big BIGINT, seen INTEGER, n DECIMAL(9, 2), r REAL,
          b BOOLEAN NOT NULL, s VARCHAR(9), d DATE, at DATETIME, j JSON, x BLOB, u UUID, odd FROB,
          bare, made INT GENERATED ALWAYS AS (i + 1) STORED);
        INSERT INTO t (id, seen, b) VALUES (1, 3000000000, 1);
        """,
    )
    [entity] = model.entities
    assert {field.name: field.type.name for field in entity.fields} == {
        "id": "ID", "i": "Int", "big": "BigInt", "seen": "BigInt", "n": "Decimal", "r": "Float",
        "b": "Boolean", "s": "String", "d": "Date", "at": "DateTime", "j": "JSON", "x": "Bytes",
        "u": "String", "odd": "String", "bare": "String", "made": "Int",
    }  # fmt: skip
    assert [field.name for field in entity.fields if not field.type.nullable] == ["id", "b"]
    assert entity.row_estimate == 1


async def test_tables_of_all_kinds_and_views(tmp_path: Path) -> None:
    model = await look(
        tmp_path,
        """
        CREATE TABLE no_key (a TEXT);
        CREATE TABLE strict_one (id TEXT PRIMARY KEY, n INT) STRICT;
        CREATE TABLE compact (a INT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE VIEW seen AS SELECT * FROM compact;
        CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT,
          status TEXT CHECK (status in ('on', "off")), mode TEXT CHECK ("mode" IN ('a', 'b')));
        """,
    )
    assert [(each.name, each.keys) for each in model.entities] == [
        ("Auto", (("id",),)), ("Compact", (("a", "b"),)), ("StrictOne", (("id",),)),
    ]  # fmt: skip
    assert {note.place for note in model.notes if note.level == "left_out"} == {"no_key", "seen"}
    # "off" in double quotes is a name to SQL, whatever SQLite makes of it: no guess.
    assert [enum.name for enum in model.enums] == ["AutoMode"]


async def test_an_entity_is_declared_as_a_person_would(tmp_path: Path) -> None:
    model = await look(
        tmp_path,
        """
        CREATE TABLE tag (id INTEGER PRIMARY KEY, kind TEXT CHECK (kind IN ('a', 'b')));
        CREATE TABLE note (id INTEGER PRIMARY KEY, updated_at DATETIME, is_deleted BOOLEAN);
        CREATE TABLE note_tag (
          note INTEGER REFERENCES note, tag INTEGER REFERENCES tag (id), PRIMARY KEY (note, tag));
        """,
    )
    note, tag = model.entities
    assert sql_table(note, model) == SqlTable(
        table="note",
        key=("id",),
        columns=(
            SqlColumn("id", "id", "integer"),
            SqlColumn("updatedAt", "updated_at", "timestamp"),
            SqlColumn("isDeleted", "is_deleted", "boolean"),
        ),
        changed_at="updatedAt",
        soft_delete="isDeleted",
        links=(SqlLink("Tag.notes", "note_tag", (SqlColumn("id", "tag", "integer"),), ("note",)),),
    )
    assert sql_table(tag, model).columns[1] == SqlColumn(
        "kind", "kind", "text", values=(("A", "a"), ("B", "b"))
    )


async def test_names_and_keys_that_users_give_are_checked(tmp_path: Path) -> None:
    await look(tmp_path, "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INT UNIQUE);")
    dsn = f"sqlite:///{tmp_path / 'shop.db'}"
    for options, words in (
        (InspectOptions(entities={"a": "1st"}), "'a' cannot be called '1st'"),
        (InspectOptions(renames={"a.id": "__id"}), "'a.id' cannot be called '__id'"),
        (InspectOptions(entities={"a": "X", "b": "X"}), "several tables are called 'X'"),
        (InspectOptions(entities={"a": "Query"}), "has a type called 'Query'"),
        (InspectOptions(keys={"b": ("nope",)}), "the key of 'b' names 'nope', but its columns"),
    ):
        with pytest.raises(ConfigurationError, match=re.escape(words)):
            await inspect_sql(dsn, options)
    model = await inspect_sql(dsn, InspectOptions(keys={"b": ("id",), "gone": ("id",)}))
    assert [(each.name, each.keys) for each in model.entities] == [
        ("A", (("id",),)), ("B", (("id",),)),
    ]  # fmt: skip
    assert ("gone", "unclear") in {(note.place, note.level) for note in model.notes}


async def test_a_database_is_not_changed_and_its_odd_path_is_found(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1 & größe"
    path.mkdir()
    model = await look(path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    assert [each.name for each in model.entities] == ["T"]
    assert [each.name for each in path.iterdir()] == ["shop.db"]
