"""Nodes of the query graph: what an object is while one subgraph is being asked about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from supergraph.federation.field_set import FieldSet, print_field_set
from supergraph.model import SubgraphName, TypeKind, TypeName


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A type in a subgraph.

    `provides` is empty but for copies made by `@provides`: fields that the subgraph resolves
    here, although they are `@external`, because the object was reached over a field that
    provides them. Nodes are equal when all parts are.
    """

    subgraph: SubgraphName
    type_name: TypeName
    provides: tuple[str, ...] = ()
    """The provided field set, printed selection by selection: comparable and hashable."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Nodes are looked up all the time; their hash is worth remembering.
        parts = (self.subgraph, self.type_name, self.provides)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        provided = f" provides {{ {' '.join(self.provides)} }}" if self.provides else ""
        return f"{self.type_name}@{self.subgraph}{provided}"


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What the subgraph says about the node's type.

    `kind` is how the subgraph sees it: OBJECT for an `@interfaceObject`. `possible_types` are the
    object types an object here can have; for an interface object, which cannot tell, they are
    those of the supergraph's interface. `interface_objects` are those among the members of an
    abstract type, by the object types they stand for.
    """

    kind: TypeKind
    possible_types: frozenset[TypeName]
    is_interface_object: bool = False
    interface_objects: tuple[tuple[TypeName, frozenset[TypeName]], ...] = ()

    @property
    def hides_types(self) -> bool:
        """Whether `__typename` may be the name of an interface here."""
        return self.is_interface_object or bool(self.interface_objects)

    @property
    def shown_types(self) -> frozenset[TypeName]:
        """The possible types but those that only an interface object stands for."""
        if not self.interface_objects:
            return self.possible_types
        return self.possible_types.difference(*(types for _, types in self.interface_objects))

    def interface_object_of(self, type_name: TypeName) -> TypeName | None:
        """The member that stands for objects of a type, which is itself no member here."""
        for interface, types in self.interface_objects:
            if type_name == interface or type_name in types:
                return interface
        return None


def printed(field_set: FieldSet) -> tuple[str, ...]:
    """The form of a provided field set that nodes carry: sorted, without repetitions."""
    return tuple(sorted({print_field_set((selection,)) for selection in field_set}))
