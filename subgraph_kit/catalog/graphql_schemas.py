"""GraphQL schemas in the catalog: which schema of a subgraph was accepted, and when (row 47).

Each subject (`subgraph:products`, `supergraph`) has versions 1, 2, 3, …; publishing what is the
latest already makes none. Whether a version fits the one before was checked by whoever publishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subgraph_kit.catalog.base import Catalog, Compatibility


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
    catalog: Catalog, schemas: Sequence[GraphQLSchemaVersion]
) -> list[GraphQLSchemaVersion]:
    """Publish schemas; the versions they were given stand in the result.

    Raises:
        IncompatibleSchemaError: if somebody else published another schema meanwhile.
    """
    published = []
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
