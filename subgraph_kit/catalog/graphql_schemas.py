"""GraphQL schemas in the catalog: which schema of a subgraph was accepted, and when (row 47).

Each subject (`subgraph:products`, `supergraph`) has versions 1, 2, 3, …; publishing what is the
latest already makes none. Whether a version fits the one before was checked by whoever publishes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from subgraph_kit.catalog.base import Catalog, Compatibility
from subgraph_kit.errors import KitError

Found = TypeVar("Found")


class SchemaToPublish(Protocol):
    """What is told of a schema that was accepted."""

    @property
    def subject(self) -> str:
        """What it is the schema of."""
        ...

    @property
    def sdl(self) -> str:
        """Its text."""
        ...

    @property
    def backward_compatible(self) -> bool:
        """Whether clients of the one before are answered as before."""
        ...

    @property
    def forward_compatible(self) -> bool:
        """Whether clients of this one would have been answered by the one before."""
        ...


@dataclass(frozen=True, slots=True)
class GraphQLSchemaVersion:
    """A published schema; `is_new` tells whether this publication made it."""

    subject: str
    version: str
    sdl: str
    backward_compatible: bool
    forward_compatible: bool
    is_new: bool = False


async def latest_graphql_schema(catalog: Catalog, subject: str) -> GraphQLSchemaVersion | None:
    """The latest schema of a subject, None if there is none yet."""
    found = await catalog.latest_schema(subject)
    if found is None:
        return None
    return GraphQLSchemaVersion(
        subject,
        found.version,
        str(found.definition.get("sdl", "")),
        found.backward_compatible,
        found.forward_compatible,
    )


async def publish_graphql_schemas(
    catalog: Catalog, schemas: Sequence[SchemaToPublish]
) -> list[GraphQLSchemaVersion]:
    """Publish schemas; the versions they were given stand in the result.

    Raises:
        IncompatibleSchemaError: if somebody else published another schema meanwhile.
    """
    published: list[GraphQLSchemaVersion] = []
    for schema in schemas:
        latest = await latest_graphql_schema(catalog, schema.subject)
        if latest is not None and latest.sdl == schema.sdl:
            published.append(latest)
            continue
        number = int(latest.version) + 1 if latest is not None else 1
        made = await catalog.register_schema(
            schema.subject,
            str(number),
            "graphql",
            {"sdl": schema.sdl},
            compatibility=Compatibility(schema.backward_compatible, schema.forward_compatible),
        )
        published.append(
            GraphQLSchemaVersion(
                schema.subject,
                made.version,
                schema.sdl,
                made.backward_compatible,
                made.forward_compatible,
                is_new=True,
            )
        )
    return published


class SchemaArchive:
    """The schemas of the catalog at a DSN, for callers without an event loop.

    Every failure is a `failure`, an exception of the caller's, with a sentence.
    """

    def __init__(self, dsn: str, failure: type[Exception]) -> None:
        self._dsn = dsn
        self._failure = failure

    def latest(self, subject: str) -> GraphQLSchemaVersion | None:
        """The latest schema of a subject, None if there is none yet."""
        return self._run(lambda catalog: latest_graphql_schema(catalog, subject))

    def publish(self, schemas: Sequence[SchemaToPublish]) -> list[GraphQLSchemaVersion]:
        """Publish schemas, see `publish_graphql_schemas`."""
        return self._run(lambda catalog: publish_graphql_schemas(catalog, schemas))

    def _run(self, work: Callable[[Catalog], Awaitable[Found]]) -> Found:
        async def run() -> Found:
            from subgraph_kit.catalog.postgres import PostgresCatalog

            catalog = PostgresCatalog(self._dsn)
            try:
                return await work(catalog)
            finally:
                await catalog.close()

        try:
            return asyncio.run(run())
        except KitError as error:
            raise self._failure(f"The catalog: {error}.") from error
        except OSError as error:
            raise self._failure("The catalog's server does not answer.") from error
