"""A database as companies have them, looked at in few statements and understood whole."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from subgraph_kit.scaffold.inspect.sql import inspect_sql, sql_table
from subgraph_kit.scaffold.options import InspectOptions
from tests.testkit.databases import large_database, load_postgres
from tests.testkit.databases.large import AREAS, TABLES_PER_AREA


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements that run on any engine."""
    seen: list[str] = []

    def see(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", see)


@pytest.mark.embedded
async def test_looks_at_120_tables_in_few_statements_and_accounts_for_each(
    empty_postgres_dsn: str,
) -> None:
    await load_postgres(large_database(), empty_postgres_dsn)
    with counted_statements() as statements:
        model = await inspect_sql(empty_postgres_dsn, InspectOptions())
    # Per table none but its sample and, for a lookup table, its rows; the rest is per schema.
    samples = [each for each in statements if "LIMIT" in each and "pg_" not in each]
    assert len(samples) <= 8 * len(AREAS)
    assert len(statements) - len(samples) <= 15 * (1 + len(AREAS) // 3)

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
