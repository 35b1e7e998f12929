"""The statements as texts: what is quoted, what is a parameter, and MySQL's, which is not run."""

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects import mysql

from subgraph_kit.data_product import EntityQuery, Order
from subgraph_kit.sources.tables import SqlColumn, SqlLink, SqlTable
from subgraph_kit.sources.tables.columns import dialect_of
from subgraph_kit.sources.tables.statements import Statement, Statements

LINE = SqlTable(
    table="order`line:s",
    key=("orderNo", "no"),
    columns=(
        SqlColumn("orderNo", "order no", "integer"),
        SqlColumn("no", "no", "integer"),
        SqlColumn("text", "text"),
        SqlColumn("at", "at", "timestamp"),
    ),
    soft_delete="at",
    links=(SqlLink("Tag.lines", "tags", (SqlColumn("id", "tag", "integer"),), ("o", "n")),),
)


def in_mysql(statement: Statement) -> str:
    clause = text(statement.text)
    lists = [name for name, value in statement.parameters.items() if isinstance(value, list)]
    clause = clause.bindparams(*(bindparam(name, expanding=True) for name in lists))
    compiled = clause.bindparams(**statement.parameters).compile(
        dialect=mysql.dialect(),
        compile_kwargs={"render_postcompile": True},
    )
    return " ".join(str(compiled).split())


def statements(dialect: str) -> Statements:
    return Statements(dialect_of(dialect), LINE, LINE.columns[:3])


def test_mysql_by_ids() -> None:
    assert in_mysql(statements("mysql").by_ids([(1, 2), (3, 4)])) == (
        "SELECT t.`order no` AS c0, t.`no` AS c1, t.`text` AS c2 FROM `order``line:s` t"
        " WHERE (t.`order no`, t.`no`) IN ((%s, %s), (%s, %s)) AND t.`at` IS NULL"
    )


def test_mysql_page() -> None:
    query = EntityQuery(
        filter={"text": {"contains": "%", "neq": None}}, order=(Order("text", True),), offset=5
    )
    assert in_mysql(statements("mysql").page(query)) == (
        "SELECT t.`order no` AS c0, t.`no` AS c1, t.`text` AS c2 FROM `order``line:s` t"
        " WHERE t.`at` IS NULL AND locate(%s, t.`text`) > 0 AND t.`text` IS NOT NULL"
        " ORDER BY t.`text` DESC, t.`order no`, t.`no` LIMIT %s OFFSET %s"
    )


def test_mysql_by_reference_numbers_the_rows_of_each_parent() -> None:
    statement = statements("mysql").by_reference(
        [LINE.column("orderNo")], [(1,), (2,)], EntityQuery(limit=2, offset=1), seek=True
    )
    assert in_mysql(statement) == (
        "SELECT * FROM (SELECT t.`order no` AS c0, t.`no` AS c1, t.`text` AS c2,"
        " t.`order no` AS r0, row_number() OVER (PARTITION BY t.`order no`"
        " ORDER BY t.`order no`, t.`no`) AS rn FROM `order``line:s` t"
        " WHERE t.`order no` IN (%s, %s) AND t.`at` IS NULL) AS r WHERE r.rn > %s AND r.rn <= %s"
    )


def test_mysql_by_link() -> None:
    statement = statements("mysql").by_link(LINE.links[0], [(1,)], EntityQuery(limit=2))
    assert in_mysql(statement) == (
        "SELECT * FROM (SELECT t.`order no` AS c0, t.`no` AS c1, t.`text` AS c2, m.r0,"
        " row_number() OVER (PARTITION BY m.r0 ORDER BY t.`order no`, t.`no`) AS rn"
        " FROM (SELECT DISTINCT l.`tag` AS r0, l.`o` AS f0, l.`n` AS f1 FROM `tags` l"
        " WHERE l.`tag` IN (%s)) m JOIN `order``line:s` t ON t.`order no` = m.f0"
        " AND t.`no` = m.f1 WHERE t.`at` IS NULL) AS r WHERE r.rn <= %s"
    )


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
def test_values_are_never_in_the_text(dialect: str) -> None:
    made = statements(dialect)
    query = EntityQuery(filter={"text": {"in": ["'; drop"], "starts_with": "'; drop"}}, limit=987)
    for statement in (
        made.page(query),
        made.by_ids([(123456, 654321)]),
        made.by_reference([LINE.column("text")], [("'; drop",)], EntityQuery(), seek=False),
    ):
        for value in ("drop", "987", "123456", "654321"):
            assert value not in statement.text
