"""A database as companies have them, looked at within seconds and understood whole."""

import time
from collections import Counter

import pytest

from subgraph_kit.scaffold.inspect.sql import inspect_sql, sql_table
from subgraph_kit.scaffold.options import InspectOptions
from tests.testkit.databases import large_database, load_postgres
from tests.testkit.databases.large import AREAS, TABLES_PER_AREA

SECONDS = 10.0
"""What it may take on a busy machine; alone it takes less than one second."""


@pytest.mark.embedded
async def test_looks_at_120_tables_quickly_and_accounts_for_each(empty_postgres_dsn: str) -> None:
    await load_postgres(large_database(), empty_postgres_dsn)
    started = time.perf_counter()
    model = await inspect_sql(empty_postgres_dsn, InspectOptions())
    assert time.perf_counter() - started < SECONDS

    # Of each area: orders, lines and tags; its type an enum; its link, log and view noted.
    assert len(model.entities) == 3 * len(AREAS)
    levels = Counter(note.level for note in model.notes if "." not in note.place)
    assert levels["left_out"] >= len(AREAS)
    accounted = {entity.source_name for entity in model.entities}
    accounted |= {note.place for note in model.notes}
    for area in AREAS:
        prefix = f"{area}." if AREAS.index(area) % 3 == 2 else ""
        tables = ("orders", "order_lines", "tags", "type", "order_tags", "log", "open")
        assert len(tables) == TABLES_PER_AREA + 1
        assert {f"{prefix}{area}_{table}" for table in tables} <= accounted

    again = await inspect_sql(empty_postgres_dsn, InspectOptions())
    assert again == model

    names = [entity.name for entity in model.entities]
    names += [enum.name for enum in model.enums] + [type_.name for type_ in model.types]
    assert len(names) == len(set(names))
    for entity in model.entities:
        table = sql_table(entity, model)
        assert len(table.links) == len(entity.many_to_many)
        own = [field.name for field in entity.fields]
        own += [reference.name for reference in entity.references]
        own += [link.name for link in entity.many_to_many]
        own += [
            reference.reverse
            for other in model.entities
            for reference in other.references
            if reference.target == entity.name and reference.reverse
        ]
        assert len(own) == len(set(own))
