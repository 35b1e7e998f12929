"""One difference between two schemas, graded: what every part of the checks speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from supergraph.errors import SourceLocation


class Criticality(StrEnum):
    """How much a change can hurt a client, most first."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A difference between the schema before and after.

    `kind` is a stable code (`FIELD_REMOVED`), `path` a schema coordinate (`Product.price`),
    `message` a sentence. `locations` point into the new schema, or into the old one where what
    changed is gone. `subgraph` names the subgraph of a difference that the API schema does not
    show. `directive` names the applied directive (without `@`) that the change is about;
    `deprecated` tells of a removed element that it was deprecated before.
    """

    kind: str
    criticality: Criticality
    path: str
    message: str
    locations: tuple[SourceLocation, ...] = ()
    subgraph: str | None = None
    directive: str | None = None
    deprecated: bool = False
