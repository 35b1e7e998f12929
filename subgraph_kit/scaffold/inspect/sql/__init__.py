"""What a SQL database holds: PostgreSQL, MySQL or SQLite.

    connect.py     an address to a connection, or a sentence that says what is wrong
    reflect.py     the database to a `Catalog`: tables, keys, indexes, as they are
    postgres.py    what PostgreSQL's catalog knows and SQLAlchemy's reflection does not
    mysql.py       the same for MySQL and MariaDB
    catalog.py     the shapes of these
    types.py       a column's type to a scalar of the graph and a kind of the adapter
    enums.py       enums: of a type, of `CHECK (x IN (...))`
    lookups.py     lookup tables, which are enums too
    samples.py     a few rows: for lookup tables, personal data, large integers
    asked.py       what the user says, held against what there is
    naming.py      names of types, fields, references, lists
    keys.py        keys of an entity, and which columns are ids
    fields.py      columns to fields
    links.py       foreign keys to references; tables that only link two others
    changes.py     the column that tells of changes, and the one that marks deleted rows
    entities.py    all of it to entities, in order
    inspect.py     `inspect_sql`, which does the above
    declare.py     an entity to what `SqlTableAdapter` is declared with

They stand in the order in which they are needed: what there is first, then what it means.
"""

from subgraph_kit.scaffold.inspect.sql.declare import sql_table
from subgraph_kit.scaffold.inspect.sql.inspect import inspect_sql

__all__ = ["inspect_sql", "sql_table"]
