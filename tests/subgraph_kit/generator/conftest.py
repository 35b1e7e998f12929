from tests.testkit.postgres import empty_postgres_dsn, postgres_server

__all__ = ["empty_postgres_dsn", "postgres_server"]
