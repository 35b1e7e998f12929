"""Tables of a SQL database as entity types: declare the table, get the adapter.

    ORDERS = SqlTable(
        table="orders",
        schema="public",
        key=("id",),
        columns=(
            SqlColumn("id", "id", "bigint"),
            SqlColumn("customerId", "customer_id", "bigint"),
            SqlColumn("total", "total", "numeric"),
            SqlColumn("updatedAt", "updated_at", "timestamptz"),
        ),
        changed_at="updatedAt",
    )
    adapter = SqlTableAdapter(SqlSource("shop", dsn), ORDER_PRODUCT, ORDERS)

    declaration.py   what a person writes (or a generator): columns, keys, links
    values.py        from the graph's values to parameters, from rows to canonical values
    columns.py       how a column is selected and compared, per database
    statements.py    the statements: by ids, a page, pages of many parents, changes
    adapter.py       `SqlTableAdapter`
    changes.py       polling for changes

Times without a zone are taken for UTC.
"""

from subgraph_kit.sources.tables.adapter import SqlTableAdapter
from subgraph_kit.sources.tables.declaration import SqlColumn, SqlLink, SqlTable, SqlType

__all__ = ["SqlColumn", "SqlLink", "SqlTable", "SqlTableAdapter", "SqlType"]
