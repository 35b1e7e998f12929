"""Paths into the response, one object for each: cheap to compare and to look up, however long."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.plan.nodes import FlattenPath


@dataclass(slots=True, eq=False)
class Place:
    """A path from the root of the response; `Place()` is the root itself.

    Of one root every path has one place, so places are compared by identity.
    """

    path: FlattenPath = ()
    _below: dict[FlattenPath, Place] = field(default_factory=dict, repr=False)

    def below(self, segments: FlattenPath) -> Place:
        """The place to which `segments` lead from here.

        The same path is expected to be walked in the same steps: those of one field each.
        """
        known = self._below.get(segments)
        if known is None:
            known = self._below[segments] = Place(self.path + segments)
        return known
