"""`inspect_sql`: from the address of a database to a `SourceModel`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fnmatch import fnmatchcase

from sqlalchemy.ext.asyncio import AsyncConnection

from subgraph_kit.scaffold.inspect.sql.catalog import Catalog
from subgraph_kit.scaffold.inspect.sql.connect import connected, parse_address, safe_address
from subgraph_kit.scaffold.inspect.sql.entities import conclude
from subgraph_kit.scaffold.inspect.sql.fields import Sample, sampled_columns
from subgraph_kit.scaffold.inspect.sql.keys import Place
from subgraph_kit.scaffold.inspect.sql.lookups import Lookup, find_lookups
from subgraph_kit.scaffold.inspect.sql.reflect import IsWanted, read_catalog
from subgraph_kit.scaffold.inspect.sql.samples import MAX_ROWS, limit_time, read_rows
from subgraph_kit.scaffold.inspect.sql.types import range_types
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.options import InspectOptions


async def inspect_sql(dsn: str, options: InspectOptions) -> SourceModel:
    """Look at the PostgreSQL, MySQL or SQLite database at `dsn`; nothing in it is changed.

    Raises:
        ConfigurationError: if it cannot be reached or read, has nothing to serve, or the options
            do not fit it; the text says what to do and carries no password.
    """
    url = parse_address(dsn)
    async with connected(url) as connection:
        catalog = await connection.run_sync(read_catalog, _wanted(options))
        referred = {key.target for table in catalog.tables for key in table.foreign_keys}
        lookups: dict[Place, Lookup] = {}
        samples: dict[Place, Sample] = {}
        if options.sample_rows > 0:
            await limit_time(connection)
            lookups = await find_lookups(
                connection, catalog.tables, referred, list(options.entities)
            )
            samples = await _sample(connection, catalog, min(options.sample_rows, MAX_ROWS))
    found = conclude(catalog, options, lookups, samples)
    scalars = {field.type.name for entity in found.entities for field in entity.fields}
    return SourceModel(
        kind="sql",
        address=safe_address(url),
        entities=found.entities,
        types=range_types(scalars),
        enums=found.enums,
        notes=found.notes,
        fingerprint=_fingerprint(catalog, lookups),
        dialect=catalog.dialect,
    )


def _wanted(options: InspectOptions) -> IsWanted:
    def is_wanted(name: str, qualified: str | None) -> bool:
        names = [name] if qualified is None else [name, qualified]

        def fits(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(each, pattern) for each in names for pattern in patterns)

        return (not options.include or fits(options.include)) and not fits(options.exclude)

    return is_wanted


async def _sample(connection: AsyncConnection, catalog: Catalog, limit: int) -> dict[Place, Sample]:
    samples = {}
    for table in catalog.tables:
        columns = sampled_columns(table, catalog.dialect)
        if columns and table.rows != 0:
            rows = await read_rows(connection, table, columns, limit)
            samples[table.place] = Sample(columns, rows)
    return samples


def _fingerprint(catalog: Catalog, lookups: dict[Place, Lookup]) -> str:
    """Changes with the catalog and the rows of lookup tables, not with the number of rows."""
    tables = [replace(table, rows=None) for table in catalog.tables]
    enums = [lookup.enum for lookup in lookups.values()]
    return hashlib.sha256(repr((catalog.dialect, tables, enums)).encode()).hexdigest()
