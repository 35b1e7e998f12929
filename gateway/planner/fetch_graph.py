"""Fetch groups, one per subgraph call, and what each of them waits for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import OperationType

from gateway.operation.model import Conditions
from gateway.plan.nodes import (
    ContextRewrite,
    RequiredField,
    RequiredFragment,
    RequiredSelection,
    Rewrite,
    UnresolvableField,
)
from gateway.planner.document import DocumentSelection, DocumentText, write_selection
from gateway.planner.place import Place
from gateway.planner.selections import TYPENAME
from supergraph.model import SubgraphName, TypeName


@dataclass(slots=True, eq=False)
class RequiredNode:
    """A part of what a representation is made of, while it is collected."""

    fields: dict[str, RequiredNode] = field(default_factory=dict)
    fragments: dict[TypeName, RequiredNode] = field(default_factory=dict)

    def absorb(self, other: RequiredNode) -> None:
        """Add all that another part has."""
        for name, below in other.fields.items():
            self.fields.setdefault(name, RequiredNode()).absorb(below)
        for type_name, below in other.fragments.items():
            self.fragments.setdefault(type_name, RequiredNode()).absorb(below)

    def includes(self, other: RequiredNode) -> bool:
        """Whether nothing of another part is missing here."""
        return all(
            name in self.fields and self.fields[name].includes(below)
            for name, below in other.fields.items()
        ) and all(
            type_name in self.fragments and self.fragments[type_name].includes(below)
            for type_name, below in other.fragments.items()
        )

    def selections(self) -> tuple[RequiredSelection, ...]:
        """The finished form."""
        fields = [RequiredField(name, node.selections()) for name, node in self.fields.items()]
        fields.sort(key=lambda item: item.response_name != TYPENAME)
        fragments = [
            RequiredFragment(name, node.selections()) for name, node in self.fragments.items()
        ]
        return (*fields, *fragments)


@dataclass(slots=True, eq=False)
class FetchGroup:
    """One subgraph call. A call at the root has no `requires`, and the root for its place.

    Below the root and with no `requires` it asks root fields of objects that are the query root.

    Of what a representation has, `keys` is needed by all fields and `inputs` by some, by type and
    response name.

    `conditions` must hold for any of its fields to be wanted; None while nothing is. `contexts`
    say where the variables come from that are filled from above, `context_types` what type each
    of these has.
    """

    subgraph: SubgraphName
    kind: OperationType
    place: Place
    selection: DocumentSelection
    step: int = 0
    requires: dict[TypeName, RequiredNode] = field(default_factory=dict)
    rewrites: dict[Rewrite, None] = field(default_factory=dict)
    parents: dict[FetchGroup, None] = field(default_factory=dict)
    conditions: Conditions | None = None
    keys: dict[TypeName, RequiredNode] = field(default_factory=dict)
    inputs: dict[tuple[TypeName, str], RequiredNode] = field(default_factory=dict)
    contexts: dict[ContextRewrite, None] = field(default_factory=dict)
    context_types: dict[str, str] = field(default_factory=dict)
    further_places: list[Place] = field(default_factory=list)
    is_apart: bool = False
    """Made for one type only, where it may turn out that others can be asked with it."""
    ways: frozenset[int] = field(default=frozenset(), repr=False)
    """How its objects got to their path: objects of other ways may know other things."""
    _written: tuple[Conditions, DocumentText] | None = None

    @property
    def is_at_root(self) -> bool:
        """Whether the call is made for no object of the response."""
        return not self.place.path

    @property
    def places(self) -> tuple[Place, ...]:
        """All places whose objects the call completes."""
        return (self.place, *self.further_places)

    @property
    def decided(self) -> Conditions:
        """Conditions that hold whenever the call is made."""
        return self.conditions or frozenset()

    def text(self) -> DocumentText:
        """The document, written once; for when all fields are there."""
        if self._written is None or self._written[0] != self.decided:
            self._written = (self.decided, write_selection(self.selection, self.decided))
        return self._written[1]

    def required(self) -> tuple[RequiredFragment, ...]:
        """What representations are made of."""
        return tuple(
            RequiredFragment(name, node.selections()) for name, node in self.requires.items()
        )

    def take_over(self, other: FetchGroup) -> None:
        """Ask for all that the other asks for, too, and wait for what it waits for."""
        self.selection.absorb(other.selection)
        self.wanted_under(other.decided)
        self.send_as(other)
        self._written = None

    def send_as(self, other: FetchGroup) -> None:
        """Note whatever else follows from making the other's call with this one."""
        self.parents.update(other.parents)
        self.ways |= other.ways
        for name, node in other.keys.items():
            self.keys.setdefault(name, RequiredNode()).absorb(node)
        for field_of, node in other.inputs.items():
            self.inputs.setdefault(field_of, RequiredNode()).absorb(node)

    def wanted_under(self, conditions: Conditions) -> None:
        """Note that a field is wanted when `conditions` hold."""
        self.conditions = conditions if self.conditions is None else self.conditions & conditions


@dataclass(slots=True, eq=False)
class FetchGraph:
    """All groups of an operation, in the order in which they were found to be needed."""

    groups: list[FetchGroup]
    unresolvable: list[UnresolvableField]


def wait_for(groups: Iterable[FetchGroup], one: FetchGroup) -> bool:
    """Whether one of the groups is `one`, or waits for it."""
    pending = list(groups)
    seen: set[FetchGroup] = set()
    while pending:
        group = pending.pop()
        if group is one:
            return True
        if group not in seen:
            seen.add(group)
            pending += group.parents
    return False
