"""Where in the response and in the documents the fetch graph is being built."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.operation.model import Conditions
from gateway.plan.nodes import ContextRewrite, RewritePath
from gateway.planner.document import DocumentSelection
from gateway.planner.fetch_graph import FetchGroup, RequiredNode
from gateway.planner.names import NameScope
from gateway.planner.place import Place
from gateway.planner.query_tree import Placement, Solution, Source, Visit
from supergraph.model import SubgraphName, TypeName
from supergraph.query_graph import FieldEdge, Node


@dataclass(slots=True, eq=False)
class Target:
    """Where in the documents the fields of an object at one node are written.

    `settled` are conditions that already guard the place in the document. It is `made`, the call
    and the part of its document, when first used: by writing a field, or by making a call.
    """

    node: Node
    settled: Conditions
    making: FieldToWrite | CallToMake
    made: tuple[FetchGroup, DocumentSelection] | None = None


@dataclass(slots=True, eq=False)
class Position:
    """An object in the response, reached under `conditions`.

    `demand` are conditions of whoever needs what is below for itself: they say when a call has to
    be made, but fields are written without them, since a call with other reasons may need them.

    `solution` is what is known about the object, `above` the position it was reached from, and
    `types_above` the types of the object there that lead here, None for all. A call for the object
    waits for `after`: they tell the types on the way. Calls to `apart` are made for each type.
    `values` is what contexts in requirements of the object's fields take from the object itself.
    Positions of one `way` are the same objects, reached by the same calls.
    """

    place: Place
    names: NameScope
    response_path: tuple[str, ...]
    conditions: Conditions
    targets: dict[Node, Target]
    way: int
    depth: int = 0
    demand: Conditions = frozenset()
    solution: Solution | None = None
    above: Position | None = None
    types_above: frozenset[TypeName] | None = None
    after: dict[FetchGroup, None] = field(default_factory=dict)
    apart: frozenset[SubgraphName] = frozenset()
    values: dict[object, dict[Placement, None]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Needed:
    """What writing a condition says: how to read it, who supplies it, what to rename."""

    required: RequiredNode = field(default_factory=RequiredNode)
    suppliers: dict[FetchGroup, None] = field(default_factory=dict)
    renames: list[tuple[RewritePath, str]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Asked:
    """A placement that is to be written at a position, under `guard`.

    `wanted` are the conditions of whoever needs it; it is internal if that is not the client.
    """

    placement: Placement
    response_name: str
    position: Position
    guard: Conditions
    wanted: Conditions
    is_internal: bool


@dataclass(frozen=True, slots=True)
class ValueAbove:
    """A place further up from which an argument's value is taken, and who supplies it."""

    rewrite: ContextRewrite
    suppliers: dict[FetchGroup, None]


@dataclass(slots=True, eq=False)
class FieldToWrite:
    """A field of one source, written where `base` is.

    `values` are what its arguments are filled with from above, known when `base` is made.
    """

    asked: Asked
    source: Source
    edge: FieldEdge | None
    base: Target
    values: list[ValueAbove]


@dataclass(slots=True, eq=False)
class CallToMake:
    """A visit of the object at a position, which waits for `values`; `apart` as for its group."""

    visit: Visit
    position: Position
    wanted: Conditions
    apart: TypeName | None
    values: list[ValueAbove]
