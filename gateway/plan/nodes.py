"""The query plan: what the planner hands to the executors.

A plan is a tree of frozen nodes. Leaves are `FetchNode`s, one subgraph call each; the other nodes
say in which order they run and where their results go. The names are Apollo's, so that plans can
be compared with other planners' plans; `display.py` prints them in Apollo's text form and
`serde.py` in its JSON form.

Root fetches write at the root of the response. An entity fetch (one with `requires`) always stands
inside a `FlattenNode`, whose paths say which objects of the response it completes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType, TypeAlias

from graphql import OperationType

ResponseName = NewType("ResponseName", str)
"""The key of a field in a response: its alias, or its name."""


# --- Paths -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldSegment:
    """Step into the field with this response name."""

    response_name: str


@dataclass(frozen=True, slots=True)
class ListSegment:
    """Step into every item of a list; written `@`. Nested lists take one segment per level."""


@dataclass(frozen=True, slots=True)
class TypeConditionSegment:
    """Go on only where `__typename` is one of these object types; written `|[A|B]`."""

    type_names: frozenset[str]


PathSegment: TypeAlias = FieldSegment | ListSegment | TypeConditionSegment
FlattenPath: TypeAlias = tuple[PathSegment, ...]


# --- What goes into representations ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequiredField:
    """A field of a representation, read from the response under `response_name`.

    `selections` is empty for a leaf.
    """

    response_name: str
    selections: tuple[RequiredSelection, ...] = ()


@dataclass(frozen=True, slots=True)
class RequiredFragment:
    """Fields that are needed only where the object is of type `type_condition`.

    The condition may name an object type, or an interface or union: the executor asks the
    supergraph for its possible types.
    """

    type_condition: str
    selections: tuple[RequiredSelection, ...]


RequiredSelection: TypeAlias = RequiredField | RequiredFragment


# --- Rewrites ----------------------------------------------------------------------------------

RewritePath: TypeAlias = tuple[FieldSegment | TypeConditionSegment, ...]
"""Where a rewrite acts, from each representation (input) or each fetched object (output).

Lists on the way are stepped into without a segment of their own.
"""


@dataclass(frozen=True, slots=True)
class SetValueRewrite:
    """Write `value` at `path`, as for the `__typename` of an `@interfaceObject`."""

    path: RewritePath
    value: str


@dataclass(frozen=True, slots=True)
class RenameKeyRewrite:
    """Rename the member at the end of `path` to `new_name`.

    On input: a required field that was fetched under an internal alias. On output: a field that
    needed an internal alias because union members use one response name with different shapes.
    """

    path: RewritePath
    new_name: str


Rewrite: TypeAlias = SetValueRewrite | RenameKeyRewrite


@dataclass(frozen=True, slots=True)
class ContextRewrite:
    """Send the value at `path` of an object further up as the variable `variable` (without `$`).

    `levels` says how many fields up the object stands; lists do not count. A path that leads to
    no value (another type, say) leaves the variable to the rewrites after this one.
    """

    levels: int
    path: RewritePath
    variable: str


# --- What can be done without ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DependentField:
    """A field of an entity call that alone needs `requires` of a representation (`@requires`).

    Objects of `type_condition` that lack a part of it are asked for the call's other fields.
    """

    type_condition: str
    response_name: str
    requires: tuple[RequiredSelection, ...]


# --- Nodes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FetchNode:
    """One call to one subgraph.

    `operation` is the whole GraphQL document to send, `variable_usages` the client variables it
    uses (without `$`), in sorted order. Where `requires` is not empty the document takes the
    variable `$representations: [_Any!]!` and asks `_entities(representations: $representations)`;
    `requires` then says how a representation is made of the object it completes. Every one of its
    top-level selections is a `RequiredFragment`, one per entity type, and `__typename` is among
    its fields.

    Where some fields need more than others, `dependent_fields` says which these are, and `keys`
    is what every field needs; both are empty otherwise.

    With `context_rewrites` objects at different places may send different variables: the call is
    made for each set of values, in one request.
    """

    subgraph: str
    kind: OperationType
    operation: str
    operation_name: str | None = None
    variable_usages: tuple[str, ...] = ()
    requires: tuple[RequiredFragment, ...] = ()
    input_rewrites: tuple[Rewrite, ...] = ()
    output_rewrites: tuple[Rewrite, ...] = ()
    context_rewrites: tuple[ContextRewrite, ...] = ()
    keys: tuple[RequiredFragment, ...] = ()
    dependent_fields: tuple[DependentField, ...] = ()


@dataclass(frozen=True, slots=True)
class FlattenNode:
    """Run an entity fetch for all objects found at any of `paths` in the response so far.

    Usually there is one path. Several mean that the same entity call is needed at several places
    and is made once for all of them. Each object at a path that gives a complete representation
    gets its part of the result merged into it.
    """

    paths: tuple[FlattenPath, ...]
    node: FetchNode


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """Run the nodes one after the other; each may read what those before it wrote."""

    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True)
class ParallelNode:
    """Run the nodes at the same time; none reads what another writes."""

    nodes: tuple[PlanNode, ...]


@dataclass(frozen=True, slots=True)
class ConditionNode:
    """Decide on the Boolean client variable `variable` (without `$`) which branch runs."""

    variable: str
    if_clause: PlanNode | None
    else_clause: PlanNode | None


PlanNode: TypeAlias = FetchNode | FlattenNode | SequenceNode | ParallelNode | ConditionNode


@dataclass(frozen=True, slots=True)
class UnresolvableField:
    """A field of the operation for which no subgraph can be asked, and why.

    The executor answers null there (with null propagation) and adds an error with `message`.
    Where it can be asked for some types of objects, `types` has those for which it cannot.
    """

    path: tuple[str, ...]
    message: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The whole plan; `node` is None where nothing has to be fetched (only `__typename`, say)."""

    node: PlanNode | None
    unresolvable: tuple[UnresolvableField, ...] = ()

    @property
    def has_contexts(self) -> bool:
        """Whether a call sends what it takes from objects further up."""
        pending = [self.node]
        while pending:
            match pending.pop():
                case FetchNode() as fetch if fetch.context_rewrites:
                    return True
                case FlattenNode(_, fetch):
                    pending.append(fetch)
                case SequenceNode(nodes) | ParallelNode(nodes):
                    pending += nodes
                case ConditionNode(_, if_clause, else_clause):
                    pending += [if_clause, else_clause]
                case _:
                    pass
        return False

    def __str__(self) -> str:
        from gateway.plan.display import display_plan

        return display_plan(self)
