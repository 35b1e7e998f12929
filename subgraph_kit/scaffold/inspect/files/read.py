"""Files as a `SourceModel`: the stages in order."""

# ruff: noqa: S608 - names come through quoted_name, values are parameters
from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.files import keys
from subgraph_kit.scaffold.inspect.files.columns import Column, look_at_columns
from subgraph_kit.scaffold.inspect.files.dialect import CsvDialect, sniff_csv
from subgraph_kit.scaffold.inspect.files.discover import FoundTable, find_tables
from subgraph_kit.scaffold.inspect.files.nested import NestedTypes
from subgraph_kit.scaffold.inspect.reverses import settle_reverses
from subgraph_kit.scaffold.model import (
    EntityModel,
    EnumModel,
    EnumValue,
    FieldModel,
    FileAccess,
    Guess,
    Note,
    Operator,
    Reference,
    SourceModel,
    TypeRef,
)
from subgraph_kit.scaffold.names import (
    Names,
    enum_value_name,
    field_name,
    list_name,
    singular,
    type_name,
    type_names,
    words,
)
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.scaffold.pii import guess_pii
from subgraph_kit.sources.file_scan import (
    FileFormat,
    FileScan,
    connect,
    database_error,
    scan_sql,
)

Progress = Callable[[str], None]

_FULL_SCAN_BYTES = 512 * 1024 * 1024
_SAMPLE_ROWS = 200_000
"""How many rows of a larger set of files are looked at."""

_EQUAL = (Operator.EQ, Operator.NEQ, Operator.IN)
_RANGE = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_TEXT = (Operator.CONTAINS, Operator.STARTS_WITH)
_OPERATORS: dict[str, tuple[Operator, ...]] = {
    "ID": _EQUAL, "UUID": _EQUAL, "Boolean": (Operator.EQ,), "String": (*_EQUAL, *_TEXT),
    "Int": (*_EQUAL, *_RANGE), "BigInt": (*_EQUAL, *_RANGE), "Float": _RANGE,
    "Decimal": (*_EQUAL, *_RANGE), "Date": (*_EQUAL, *_RANGE), "DateTime": (*_EQUAL, *_RANGE),
    "Time": _RANGE,
}  # fmt: skip


async def inspect_files(
    location: str,
    options: InspectOptions,
    *,
    format: FileFormat | None = None,
    progress: Progress | None = None,
) -> SourceModel:
    """Look at a file, glob or directory of CSV, Parquet or JSON lines; paths or fsspec URLs.

    `format` None tells it by the names of the files.

    Raises:
        ConfigurationError: if there is nothing, it cannot be read, or no table has a key.
    """
    return await asyncio.to_thread(
        _inspect, location, options, format, progress or (lambda _: None)
    )


@dataclass(slots=True)
class _Table:
    found: FoundTable
    dialect: CsvDialect | None
    relation: str
    types: dict[str, Any]
    columns: list[Column]
    sampled: bool
    keys: list[keys.FoundKey] = field(default_factory=list)


def _inspect(
    location: str, options: InspectOptions, format: FileFormat | None, tell: Progress
) -> SourceModel:
    tell(f"looking for files in {location}")
    base, kind, found = find_tables(location, format)
    wanted = [each for each in found if _is_wanted(each.name, options)]
    if not wanted:
        raise ConfigurationError(
            f"no table of {location} is left by include and exclude; there are: "
            + ", ".join(each.name for each in found[:10])
        )
    notes: list[Note] = []
    tables: list[_Table] = []
    connection = connect(remote=base)
    try:
        for number, each in enumerate(wanted):
            tell(f"reading {each.name}")
            tables.append(_look(connection, each, kind, f"t{number}", options, notes))
        for table in tables:
            table.keys = _keys(connection, table, options, notes)
        keyed = [table for table in tables if table.keys]
        if not keyed:
            raise ConfigurationError(
                f"no column of {location} tells its rows apart, so there are no entities: name the "
                "columns that do with --key"
            )
        return _model(connection, base, kind, keyed, options, notes)
    finally:
        connection.close()


def _look(
    connection: Any,
    found: FoundTable,
    kind: FileFormat,
    alias: str,
    options: InspectOptions,
    notes: list[Note],
) -> _Table:
    dialect = None
    scan = FileScan(found.path, kind, partitioned=bool(found.partitions))
    if kind == "csv":
        dialect = sniff_csv(found.files[0].path, found.name)
        if dialect.note is not None:
            notes.append(Note(found.name, dialect.note, "info"))
        scan = replace(scan, delimiter=dialect.delimiter, encoding=dialect.encoding)
    reading = scan_sql(scan, found.files)
    size = sum(each.size for each in found.files)
    sampled = size > _FULL_SCAN_BYTES
    limit = f" LIMIT {_SAMPLE_ROWS}" if sampled else ""
    try:
        # Read once into a table: what follows asks it many times.
        connection.execute(f"CREATE TEMP TABLE {alias} AS SELECT * FROM {reading}{limit}")
        described = connection.table(alias)
        columns = list(zip(described.columns, map(str, described.types), strict=True))
        types = dict(zip(described.columns, described.types, strict=True))
        seen = look_at_columns(
            connection, alias, columns, as_text=kind == "csv",
            sample_rows=options.sample_rows, partitions=found.partitions,
        )  # fmt: skip
    except database_error() as error:
        raise ConfigurationError(unreadable(found.name, kind, error)) from None
    rows = seen[0].rows if seen else 0
    if rows == 0:
        raise ConfigurationError(
            f"{found.name} has no rows; types and keys are found in rows: give a file with some"
        )
    if sampled:
        notes.append(
            Note(
                found.name, f"types and keys were found in the first {rows:,} rows only", "unclear"
            )
        )
    notes += [
        Note(f"{found.name}.{column.name}", column.doubt, "unclear")
        for column in seen
        if column.doubt is not None
    ]
    return _Table(found, dialect, alias, types, seen, sampled)


def unreadable(name: str, kind: str, error: Exception) -> str:
    """What to say of a file that DuckDB refused; its text quotes the file, so it is not told."""
    text = str(error)
    line = re.search(r"\bLine:? (\d+)", text)
    at = f" at line {line.group(1)}" if line is not None else ""
    expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if expected is not None:
        wanted, found = expected.groups()
        return f"{name} has {found} values{at}, and {wanted} columns: mend the line, or quote it"
    what = {"csv": "CSV", "parquet": "Parquet", "jsonl": "JSON lines"}[kind]
    if kind == "parquet":
        return f"{name} is no whole Parquet file: was it copied to the end?"
    if "utf" in text.lower() or "unicode" in text.lower() or "encod" in text.lower():
        return f"{name} has bytes{at} that are no UTF-8: save it in UTF-8"
    return f"{name} cannot be read as {what}{at}: mend the file, or exclude it"


def _keys(
    connection: Any, table: _Table, options: InspectOptions, notes: list[Note]
) -> list[keys.FoundKey]:
    name = table.found.name
    chosen = options.keys.get(name)
    if chosen is not None:
        known = {column.name for column in table.columns}
        missing = [each for each in chosen if each not in known]
        if missing:
            raise ConfigurationError(
                f"{name} has no column {missing[0]!r} for its key; it has: "
                + ", ".join(sorted(known)[:20])
            )
        if not keys.is_key(connection, table.relation, chosen, table.columns[0].rows):
            notes.append(
                Note(name, f"the key {', '.join(chosen)} is not unique or is empty in some rows; "
                     "the last row with a key is the one that is served", "unclear")
            )  # fmt: skip
        return [keys.FoundKey(tuple(chosen))]
    found = keys.find_keys(connection, table.relation, name, table.columns, table.found.partitions)
    if not found:
        notes.append(
            Note(name, "no columns tell its rows apart; left out: name them with --key", "left_out")
        )
    elif not found[0].sure:
        rows = table.columns[0].rows
        listed = ", ".join(found[0].columns)
        notes.append(
            Note(name, f"{listed} is taken for the key: it differs in all {rows:,} rows", "unclear")
        )
    return found


def _model(
    connection: Any,
    base: str,
    kind: FileFormat,
    tables: list[_Table],
    options: InspectOptions,
    notes: list[Note],
) -> SourceModel:
    scope = type_names(options.entities)
    names = [scope.take(t.found.name, type_name(t.found.name)) for t in tables]
    nested = NestedTypes(scope)
    enums: dict[tuple[str, tuple[str, ...]], EnumModel] = {}
    plurals = Names()
    drafts = []
    for table, name in zip(tables, names, strict=True):
        fields = _fields(table, name, nested, enums, scope, options)
        drafts.append((table, name, fields))
    entities = []
    for table, name, fields in drafts:
        by_source = {each.source_name: each.name for each in fields}
        entities.append(
            EntityModel(
                name,
                plurals.take("", list_name(name)),
                table.found.name,
                tuple(tuple(by_source[c] for c in key.columns) for key in table.keys),
                tuple(fields),
                FileAccess(
                    table.found.path,
                    kind,
                    table.found.partitions,
                    table.dialect.delimiter if table.dialect else ",",
                    table.dialect.encoding if table.dialect else "utf-8",
                ),
                tuple(_references(connection, table, name, fields, drafts)),
                row_estimate=None if table.sampled else table.columns[0].rows,
            )
        )
    model = SourceModel(
        kind,
        base,
        tuple(settle_reverses(entities)),
        tuple(sorted(nested.values, key=lambda each: each.name)),
        tuple(sorted(enums.values(), key=lambda each: each.name)),
        notes=(*notes, *nested.notes),
    )
    # Where the files lie is no part of what they are, and neither is how many rows they have.
    uncounted = tuple(replace(entity, row_estimate=None) for entity in model.entities)
    told = repr(replace(model, address="", notes=(), entities=uncounted))
    return replace(model, fingerprint=hashlib.sha256(told.encode()).hexdigest())


def _fields(
    table: _Table,
    name: str,
    nested: NestedTypes,
    enums: dict[tuple[str, tuple[str, ...]], EnumModel],
    scope: Names,
    options: InspectOptions,
) -> list[FieldModel]:
    source = table.found.name
    fixed = {
        column.name: new
        for column in table.columns
        if (new := options.renames.get(f"{source}.{column.name}")) is not None
    }
    names = Names(fixed=fixed)
    key_columns = table.keys[0].columns
    found = []
    for column in table.columns:
        in_key = column.name in key_columns
        type_ = _type(table, column, name, nested, enums, scope, in_key, len(key_columns) == 1)
        is_plain = column.scalar is not None and not type_.is_list
        operators = _OPERATORS.get(type_.name, _EQUAL if column.values else ())
        found.append(
            FieldModel(
                names.take(column.name, field_name(column.name)),
                column.name,
                type_,
                pii=guess_pii(
                    column.name, type_.name, owner=source, samples=column.samples[:1_000]
                ),
                filters=operators if is_plain else (),
                orderable=is_plain and type_.name != "JSON",
            )
        )
    return found


def _type(
    table: _Table,
    column: Column,
    name: str,
    nested: NestedTypes,
    enums: dict[tuple[str, tuple[str, ...]], EnumModel],
    scope: Names,
    in_key: bool,
    alone: bool,
) -> TypeRef:
    if column.scalar is None:
        type_ = nested.read(
            table.types[column.name], f"{table.found.name}.{column.name}", (name, column.name)
        )
        return replace(type_, nullable=column.nullable)
    if in_key:
        is_id = alone or words(column.name)[-1] in ("id", "uuid", "guid", "key")
        return TypeRef("ID" if is_id and column.scalar != "Date" else column.scalar, nullable=False)
    if column.values:
        key = (column.name, column.values)
        if key not in enums:
            members = Names()
            enums[key] = EnumModel(
                scope.take("", type_name(f"{name}_{column.name}")),
                tuple(EnumValue(members.take("", enum_value_name(v)), v) for v in column.values),
            )
        return TypeRef(enums[key].name, nullable=column.nullable)
    return TypeRef(column.scalar, nullable=column.nullable)


def _references(
    connection: Any,
    table: _Table,
    name: str,
    fields: list[FieldModel],
    drafts: list[tuple[_Table, str, list[FieldModel]]],
) -> list[Reference]:
    """`customer_id` whose values are all keys of `customers`."""
    names = Names(reserved=(each.name for each in fields))
    found = []
    own_key = table.keys[0].columns
    for each in fields:
        parts = words(each.source_name)
        if len(parts) < 2 or parts[-1] not in ("id", "key", "code", "uuid", "no", "number"):
            continue
        if own_key == (each.source_name,):
            continue
        for other, target, target_fields in drafts:
            key = other.keys[0].columns
            own = words(other.found.name)
            if len(key) != 1 or parts[-2] != singular(own[-1]):
                continue
            if words(key[0])[-1] != parts[-1]:
                continue
            if not keys.refers(
                connection, table.relation, each.source_name, other.relation, key[0]
            ):
                continue
            target_field = next(f.name for f in target_fields if f.source_name == key[0])
            found.append(
                Reference(
                    names.take("", field_name("_".join(parts[:-1])), f"{each.name}{target}"),
                    target,
                    (each.name,),
                    (target_field,),
                    nullable=each.type.nullable,
                    reverse=list_name(name),
                    guess=Guess(
                        f"every {each.source_name!r} of {table.found.name!r} is a {key[0]!r} of "
                        f"{other.found.name!r}",
                        0.95,
                    ),
                )
            )
            break
    return found


def _is_wanted(name: str, options: InspectOptions) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in options.exclude):
        return False
    return not options.include or any(fnmatchcase(name, pattern) for pattern in options.include)
