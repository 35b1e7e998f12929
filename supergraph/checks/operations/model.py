"""An operation that some client sends."""

from __future__ import annotations

from dataclasses import dataclass

from supergraph.checks.finding import AffectedOperation, Client
from supergraph.source_parts import SourcePart, place_in_parts


@dataclass(frozen=True, slots=True)
class KnownOperation:
    """One operation with every fragment it uses, as a document of its own.

    `id` is that of the persisted document, or a digest of the text. `parts` say which line of
    `text` stands in which file; `count` is how often it was seen, 0 where nobody counted.
    """

    id: str
    name: str | None
    text: str
    parts: tuple[SourcePart, ...] = ()
    clients: tuple[Client, ...] = ()

    @property
    def count(self) -> int:
        """How often it was seen in all, 0 where nobody counted."""
        return sum(client.count for client in self.clients)

    def place(self, line: int = 1) -> tuple[str, int] | None:
        """File and line of a line of the text."""
        return place_in_parts(self.parts, line)

    def affected(self) -> AffectedOperation:
        """How findings name it."""
        file, line = self.place() or (None, None)
        return AffectedOperation(self.id, self.name, self.clients, file, line)
