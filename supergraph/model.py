"""The supergraph as frozen Python objects, read from its SDL (join spec).

`load.py` makes a `Supergraph` of SDL text; query graph, satisfiability, planner and gateway read
it. The classes that carry a join directive have its name in camel case.

The join specification leaves out what holds everywhere (a field of all subgraphs of its type has
no `@join__field`, say) and each of its versions a little less. Here nothing is left out: whatever
the version, a field lists one `JoinField` per subgraph that declares it, a type one
`JoinImplements` per subgraph and interface, and so on. A field that lists none is answered
through an interface object only.

Source: the join specification, v0.1 to v0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

from graphql import GraphQLSchema, TypeNode

from supergraph.federation.field_set import FieldSet

SubgraphName = NewType("SubgraphName", str)
"""The name a subgraph was composed under, as in `@join__graph(name:)`."""

TypeName = NewType("TypeName", str)
"""The name of a type in the supergraph."""


class TypeKind(Enum):
    """What a type is in the supergraph (an `@interfaceObject` is an interface there)."""

    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    SCALAR = "scalar"
    INPUT_OBJECT = "input object"


@dataclass(frozen=True, slots=True)
class JoinGraph:
    """A subgraph: its name, its routing URL and its value in the enum `join__Graph`."""

    name: SubgraphName
    url: str
    enum_value: str


@dataclass(frozen=True, slots=True)
class JoinType:
    """The type is declared in `graph`, with `key` if it has one there (one object per key)."""

    graph: SubgraphName
    key: FieldSet | None = None
    resolvable: bool = True
    is_interface_object: bool = False
    extension: bool = False


@dataclass(frozen=True, slots=True)
class JoinContextArgument:
    """An argument of a subgraph's field that `@fromContext` fills (join v0.5)."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class JoinField:
    """The field is declared in `graph`, of type `type` there.

    `override` names the subgraph the field moves here from. With `override_label` it moves only
    for requests that carry the label; then the field of the other subgraph has the label, too,
    and counts for all other requests. `used_overridden` marks a field that moved away for good
    and stands in the subgraph's keys or requirements only: never ask the subgraph for it.
    """

    graph: SubgraphName
    type: TypeNode
    requires: FieldSet | None = None
    provides: FieldSet | None = None
    external: bool = False
    override: str | None = None
    override_label: str | None = None
    used_overridden: bool = False
    context_arguments: tuple[JoinContextArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinImplements:
    """In `graph`, the type implements `interface`."""

    graph: SubgraphName
    interface: TypeName


@dataclass(frozen=True, slots=True)
class JoinUnionMember:
    """In `graph`, `member` belongs to the union."""

    graph: SubgraphName
    member: TypeName


@dataclass(frozen=True, slots=True)
class JoinEnumValue:
    """`graph` knows the enum value."""

    graph: SubgraphName


@dataclass(frozen=True, slots=True)
class SupergraphField:
    """A field of an object, interface or input object; `joins` has one entry per subgraph."""

    name: str
    type: TypeNode
    joins: tuple[JoinField, ...] = ()
    inaccessible: bool = False

    def join(self, graph: SubgraphName) -> JoinField | None:
        """The field's declaration in `graph`, or None."""
        for join in self.joins:
            if join.graph == graph:
                return join
        return None


@dataclass(frozen=True, slots=True)
class SupergraphType:
    """A type with all that the subgraphs say about it."""

    name: TypeName
    kind: TypeKind
    joins: tuple[JoinType, ...] = ()
    implements: tuple[JoinImplements, ...] = ()
    members: tuple[JoinUnionMember, ...] = ()
    fields: Mapping[str, SupergraphField] = field(default_factory=dict)
    enum_values: Mapping[str, tuple[JoinEnumValue, ...]] = field(default_factory=dict)
    inaccessible: bool = False
    contexts: tuple[str, ...] = ()
    """Names of the contexts the type sets for what is selected below it (`@context`)."""

    @property
    def graphs(self) -> tuple[SubgraphName, ...]:
        """The subgraphs that declare the type, each once, in their order."""
        return tuple(dict.fromkeys(join.graph for join in self.joins))

    def keys(self, graph: SubgraphName) -> tuple[JoinType, ...]:
        """The keys the type has in `graph`, also those that are not resolvable there."""
        return tuple(join for join in self.joins if join.graph == graph and join.key is not None)

    def is_interface_object(self, graph: SubgraphName) -> bool:
        """Whether `graph` declares this interface as an object, by `@interfaceObject`."""
        return any(join.graph == graph and join.is_interface_object for join in self.joins)


@dataclass(frozen=True, slots=True)
class Supergraph:
    """A loaded supergraph.

    `schema` holds all types of the subgraphs, `api_schema` what clients see: without what is
    `@inaccessible`. Neither has the machinery of the join and link specifications.
    `root_types` names the root type of each operation ("query", "mutation", "subscription").
    """

    sdl: str
    graphs: Mapping[SubgraphName, JoinGraph]
    types: Mapping[TypeName, SupergraphType]
    root_types: Mapping[str, TypeName]
    schema: GraphQLSchema
    api_schema: GraphQLSchema


class InvalidSupergraphError(Exception):
    """The text is no supergraph; the message says what is wrong and is fit for users."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
