"""Where the walks put what they find."""

from __future__ import annotations

from dataclasses import dataclass, field

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.definitions import Element
from supergraph.errors import SourceLocation, locate

BREAKING, DANGEROUS, SAFE = Criticality.BREAKING, Criticality.DANGEROUS, Criticality.SAFE


@dataclass(slots=True)
class Found:
    """The changes so far. `old_file` and `new_file` are named in their locations."""

    old_file: str | None = None
    new_file: str | None = None
    subgraph: str = ""
    changes: list[SchemaChange] = field(default_factory=list)

    def add(
        self,
        kind: str,
        criticality: Criticality,
        path: str,
        message: str,
        at: Element | None = None,
        *,
        gone: bool = False,
        directive: str | None = None,
        deprecated: bool = False,
    ) -> None:
        """Note a change of the element `at`, which is one of the old schema if it is `gone`."""
        self.changes.append(
            SchemaChange(
                kind=kind,
                criticality=criticality,
                path=path,
                message=message,
                locations=self.places(at, gone=gone),
                subgraph=self.subgraph or None,
                directive=directive,
                deprecated=deprecated,
            )
        )

    def places(self, at: Element | None, *, gone: bool = False) -> tuple[SourceLocation, ...]:
        """Where an element stands in the new schema, or the old one."""
        if at is None:
            return ()
        return locate(self.subgraph, self.old_file if gone else self.new_file, at.nodes)
