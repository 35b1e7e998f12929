"""Edges of the query graph: the ways to move from node to node, and what each needs first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from graphql import OperationType, TypeNode

from supergraph.federation.field_set import FieldSet
from supergraph.model import JoinContextArgument, SubgraphName, TypeName
from supergraph.query_graph.node import Node


@dataclass(frozen=True, slots=True)
class OverrideCondition:
    """The edge exists only for requests that carry `label` (or, `active` False, that do not)."""

    label: str
    active: bool

    def holds(self, labels: frozenset[str]) -> bool:
        """Whether the edge exists for a request with these labels."""
        return (self.label in labels) == self.active


@dataclass(frozen=True, slots=True)
class RootEdge:
    """Start an operation of `kind` at the root type of a subgraph."""

    kind: OperationType
    head: Node


@dataclass(frozen=True, slots=True)
class FieldEdge:
    """Ask `tail`'s subgraph for a field; `head` is the node of the field's value there.

    `type` is the field's type in this subgraph. `conditions` is the field set of `@requires`: all
    of it has to be known before, and to be sent to the subgraph in a representation. `override`
    is set where the edge exists for some requests only.
    """

    tail: Node
    field_name: str
    head: Node
    type: TypeNode
    conditions: FieldSet = ()
    override: OverrideCondition | None = None
    context_arguments: tuple[JoinContextArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyEdge:
    """Enter `head`'s subgraph by `_entities`; `conditions` is the key, to be known before.

    `tail` says where the object is now; the key may have been learnt elsewhere. `type_name` is
    the `__typename` to send, which differs from the type of `tail` where `head` is an
    `@interfaceObject` (`is_interface_object_entry`).
    """

    tail: Node
    head: Node
    conditions: FieldSet
    type_name: TypeName
    is_interface_object_entry: bool = False


@dataclass(frozen=True, slots=True)
class DowncastEdge:
    """Stay in the subgraph and look at objects of one possible type only.

    From an `@interfaceObject` node the downcast leads back to the node itself (`is_fake`): the
    subgraph cannot tell types apart, so another one has to say `__typename` first.
    """

    tail: Node
    type_name: TypeName
    head: Node
    is_fake: bool = False


Edge: TypeAlias = RootEdge | FieldEdge | KeyEdge | DowncastEdge


@dataclass(frozen=True, slots=True)
class Entry:
    """A key by which a subgraph can be entered: `node` is where the key leads.

    `type_name` is the type whose key it is, as the subgraph names it.
    """

    node: Node
    key: FieldSet
    type_name: TypeName
    is_interface_object: bool = False

    @property
    def subgraph(self) -> SubgraphName:
        """The subgraph entered."""
        return self.node.subgraph
