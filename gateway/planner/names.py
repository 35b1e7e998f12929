"""Who uses which response name where, so that what the gateway adds hides nothing.

All fetches for an object write into the same JSON object. A key or a required field travels under
its plain name, unless the client uses that name there for something else (an alias, or the same
field with other arguments); then it gets an internal alias.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.planner.selections import Item, Selections


@dataclass(slots=True, eq=False)
class NameScope:
    """The response names of one place in the response."""

    _claims: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    _claimed: set[Selections] = field(default_factory=set)
    _internal: dict[tuple[str, str], str] = field(default_factory=dict)
    _below: dict[str, NameScope] = field(default_factory=dict)

    def below(self, response_name: str) -> NameScope:
        """The scope of the objects in this field."""
        return self._below.setdefault(response_name, NameScope())

    def claim_all(self, selections: Selections) -> None:
        """Reserve the names of all that the client asks for, here and below."""
        if selections in self._claimed:
            return
        self._claimed.add(selections)
        for item in selections.items:
            if item.context is not None:
                continue  # the gateway's own, asked for under an internal name
            self._claims.setdefault(item.response_name, set()).add((item.name, item.arguments_text))
            if item.children is not None:
                self.below(item.response_name).claim_all(item.children)

    def is_ambiguous(self, response_name: str) -> bool:
        """Whether the name means different fields, for different object types."""
        return len(self._claims.get(response_name, ())) > 1

    def internal_name(self, item: Item, *, is_apart: bool = False) -> str:
        """The response name under which the gateway asks for a field it needs itself.

        With `is_apart` it is not the client's, even if the client asks for the same field.
        """
        wanted = (item.name, item.arguments_text)
        known = self._internal.get(wanted)
        if known is None:
            known = item.name
            number = 0
            while self._claims.get(known, set()) - (set() if is_apart else {wanted}):
                known = f"_{item.name}_{number}"
                number += 1
            self._claims.setdefault(known, set()).add(wanted)
            self._internal[wanted] = known
        return known
