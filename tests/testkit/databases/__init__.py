"""Databases for the generator to look at: a large one and random ones, made by code.

model.py     tables and rows as data; the statements that make them
values.py    random values of every type, as SQL literals
randomly.py  `random_database(random, dialect)`
large.py     `large_database()`: over a hundred tables of PostgreSQL, with everything
load.py      run the statements
"""

from tests.testkit.databases.large import large_database
from tests.testkit.databases.load import load_postgres, load_sqlite
from tests.testkit.databases.model import Database, DbTable
from tests.testkit.databases.randomly import random_database

__all__ = [
    "Database", "DbTable", "large_database", "load_postgres", "load_sqlite", "random_database",
]  # fmt: skip
