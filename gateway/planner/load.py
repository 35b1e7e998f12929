"""What one call sends of each object, to see which needs can share a call.

A representation has to be complete, and one list of names is sent for all objects of a type. So two
needs do not fit together

- if they require one field with different arguments (`price(currency: "EUR")` here, `"USD"`
  there): a required field travels under its plain name;
- if they stand for objects that came from different subgraphs and know different keys: neither
  kind could give what the other sends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.planner.query_tree import Placement, Visit
from supergraph.model import TypeName
from supergraph.query_graph import Node

Sent: TypeAlias = dict[tuple[str, ...], frozenset[str]]
"""The arguments with which fields are sent, by the path of their names."""


@dataclass(slots=True, eq=False)
class Load:
    """What one call sends, by type and by where the objects are at hand."""

    _sent: dict[TypeName, dict[frozenset[Node], Sent]] = field(default_factory=dict)

    def take(self, visit: Visit, arrived: frozenset[Node]) -> bool:
        """Add what a visit sends of objects at hand at `arrived`; False if it does not fit."""
        wanted = sent_by(visit)
        same_type = self._sent.setdefault(visit.seen_as, {})
        for known in same_type.values():
            if any(known.get(path, given) != given for path, given in wanted.items()):
                return False
        together = same_type.get(arrived, {}) | wanted
        if any(known != together for nodes, known in same_type.items() if nodes != arrived):
            return False
        same_type[arrived] = together
        return True


def sent_by(visit: Visit) -> Sent:
    """All that is sent for a visit: key and requirements."""
    sent: Sent = {}
    _note(visit.conditions, (), sent)
    return sent


def _note(placements: Iterable[Placement], path: tuple[str, ...], sent: Sent) -> None:
    for placement in placements:
        if placement.item.context is not None:
            continue  # a value for an argument further down
        here = (*path, placement.item.name)
        sent[here] = sent.get(here, frozenset()) | {placement.item.arguments_text}
        if placement.below is not None:
            for placed in placement.below.items:
                _note(placed.placements, here, sent)
