"""Where accepted schemas are recorded, as far as this package knows.

The catalog belongs to another package; whoever has it implements `SchemaCatalog`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class CatalogError(Exception):
    """The catalog cannot be reached or refuses; the message is a sentence fit for users."""


@dataclass(frozen=True, slots=True)
class AcceptedSchema:
    """A schema to record. `subject` is `subgraph:NAME`, or that of the whole supergraph.

    Backward compatible: clients of the schema before are answered as before. Forward compatible:
    clients of this schema would have been answered by the one before.
    """

    subject: str
    sdl: str
    backward_compatible: bool
    forward_compatible: bool


class PublishedSchema(Protocol):
    """A schema in the catalog."""

    @property
    def subject(self) -> str:
        """As of `AcceptedSchema`."""
        ...

    @property
    def version(self) -> str:
        """Its number among those of the subject."""
        ...

    @property
    def sdl(self) -> str:
        """Its text."""
        ...

    @property
    def is_new(self) -> bool:
        """Whether it was not there before."""
        ...


class SchemaCatalog(Protocol):
    """Where accepted schemas are recorded."""

    def latest(self, subject: str) -> PublishedSchema | None:
        """The latest schema of a subject. Raises `CatalogError`."""
        ...

    def publish(self, schemas: Sequence[AcceptedSchema]) -> Sequence[PublishedSchema]:
        """Record schemas; what is the latest already is left as it is. Raises `CatalogError`."""
        ...
