"""The same three visits of the demo's customers, in a source of every kind there is.

Each source calls them by its own name (`our_csv_visits`), so that one graph can hold all of them.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiomysql
import asyncpg
import duckdb
from graphql import build_schema, graphql_sync
from sqlalchemy.engine import make_url

from tests.testkit.servers import ReceivedRequest, http, serve

VISITS: tuple[dict[str, Any], ...] = (
    {"id": "1", "customer_id": "1", "points": 70},
    {"id": "2", "customer_id": "2", "points": 20},
    {"id": "3", "customer_id": "1", "points": 5},
)
_ROWS = ", ".join("('{id}', '{customer_id}', {points})".format(**visit) for visit in VISITS)


@dataclass(frozen=True)
class Source:
    """Where a kind's visits are: as `--from` has it, and as the project's settings."""

    place: str
    settings: Mapping[str, str] = field(default_factory=dict)


def _statements(kind: str) -> tuple[str, ...]:
    return (
        f"CREATE TABLE our_{kind}_visits "
        "(id VARCHAR(9) PRIMARY KEY, customer_id VARCHAR(9) NOT NULL, points INTEGER NOT NULL)",
        f"INSERT INTO our_{kind}_visits VALUES {_ROWS}",
    )


def in_sqlite(directory: Path) -> Source:
    path = directory / "visits.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in _statements("sqlite"):
            connection.execute(statement)
        connection.commit()
    return Source(f"sqlite:{path}", {"source_url": f"sqlite:///{path}"})


async def in_postgres(server: str) -> Source:
    """In a database of its own on a server."""
    connection = await asyncpg.connect(server)
    await connection.execute("CREATE DATABASE visits")
    await connection.close()
    dsn = make_url(server).set(database="visits").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    for statement in _statements("postgres"):
        await connection.execute(statement)
    await connection.close()
    return Source(f"postgres:{dsn}", {"source_url": dsn})


async def in_mysql(server: str) -> Source:
    """In a database of its own on a server."""
    url = make_url(server)
    database = f"visits{uuid.uuid4().hex[:8]}"
    async with aiomysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or ""
    ) as connection:
        async with connection.cursor() as cursor:
            for statement in (
                f"CREATE DATABASE {database}",
                f"USE {database}",
                *_statements("mysql"),
            ):
                await cursor.execute(statement)
        await connection.commit()
    dsn = url.set(database=database).render_as_string(hide_password=False)
    return Source(f"mysql:{dsn}", {"source_url": dsn})


def in_csv(directory: Path) -> Source:
    lines = [",".join(VISITS[0]), *(",".join(map(str, visit.values())) for visit in VISITS)]
    return _file(directory, "csv", "\n".join(lines) + "\n")


def in_jsonl(directory: Path) -> Source:
    return _file(directory, "jsonl", "".join(json.dumps(visit) + "\n" for visit in VISITS))


def _file(directory: Path, kind: str, text: str) -> Source:
    path = directory / f"our_{kind}_visits.{kind}"
    path.write_text(text)
    return Source(f"{kind}:{path}", {"directory": str(directory)})


def in_parquet(directory: Path) -> Source:
    path = directory / "our_parquet_visits.parquet"
    rows = f"SELECT * FROM (VALUES {_ROWS}) AS visits({', '.join(VISITS[0])})"
    duckdb.execute(f"COPY ({rows}) TO '{path}'")
    return Source(f"parquet:{path}", {"directory": str(directory)})


@asynccontextmanager
async def behind_http(directory: Path) -> AsyncIterator[Source]:
    """Behind an API with a document."""

    async def answer(request: ReceivedRequest, _: object) -> bytes:
        url = urlsplit(request.target)
        parameters = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        *_, last = url.path.split("/")
        if last != "our_openapi_visits":
            found = [visit for visit in VISITS if visit["id"] == last]
            return http(json.dumps(found[0])) if found else http("{}", status=404)
        start = parameters.get("offset", 0)
        return http(json.dumps(VISITS[start : start + parameters.get("limit", 2)]))

    async with serve(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        path = directory / "visits.json"
        path.write_text(json.dumps({**_OPENAPI, "servers": [{"url": url}]}))
        yield Source(f"openapi:{path}", {"base_url": url})


def _ok(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


_VISIT = {"$ref": "#/components/schemas/OurOpenapiVisit"}
_OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Visits", "version": "1"},
    "components": {
        "schemas": {
            "OurOpenapiVisit": {
                "type": "object",
                "required": ["id", "customer_id", "points"],
                "properties": {
                    "id": {"type": "string"},
                    "customer_id": {"type": "string"},
                    "points": {"type": "integer"},
                },
            }
        }
    },
    "paths": {
        "/our_openapi_visits": {
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 2}},
                    {"name": "offset", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": _ok({"type": "array", "items": _VISIT}),
            }
        },
        "/our_openapi_visits/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": _ok(_VISIT),
            }
        },
    },
}

_SCHEMA = build_schema(
    """
    type Query {
      visit(id: ID!): OurGraphqlVisit
      visits(limit: Int, offset: Int): [OurGraphqlVisit!]!
    }
    type OurGraphqlVisit { id: ID! customer_id: ID! points: Int! }
    """
)


class _Root:
    def visit(self, _info: Any, id: str) -> Any:
        return next((visit for visit in VISITS if visit["id"] == id), None)

    def visits(self, _info: Any, limit: int = 2, offset: int = 0) -> Any:
        return VISITS[offset : offset + min(limit, 2)]


@asynccontextmanager
async def behind_graphql() -> AsyncIterator[Source]:
    """Behind another GraphQL API, which tells its schema."""

    async def answer(request: ReceivedRequest, _: object) -> bytes:
        asked = request.json
        result = graphql_sync(
            _SCHEMA, asked["query"], _Root(), variable_values=asked.get("variables")
        )
        return http(json.dumps(result.formatted))

    async with serve(answer) as server:
        yield Source(f"graphql:{server.url}", {"url": server.url})
