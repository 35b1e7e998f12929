import pytest

from tests.testkit.postgres import empty_postgres_dsn, postgres_dsn, postgres_server

__all__ = ["empty_postgres_dsn", "postgres_dsn", "postgres_server"]

# So that a failing promise shows the values, as in any other test.
pytest.register_assert_rewrite("subgraph_kit.testing.bus")
