"""How much of a graph known operations use, and what nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from supergraph.checks.operations.examine import examine_all
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.side import GraphSide


@dataclass(frozen=True, slots=True)
class TypeCoverage:
    """One type: how many fields it has, and how many of them are used."""

    name: str
    fields: int
    used: int


@dataclass(frozen=True, slots=True)
class UnusedField:
    """A field or input field that nothing uses."""

    coordinate: str
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """What `operations` valid operations use of a graph; types stand by name."""

    operations: int
    types: tuple[TypeCoverage, ...]
    unused: tuple[UnusedField, ...]

    @property
    def fields(self) -> int:
        """All fields of all types."""
        return sum(item.fields for item in self.types)

    @property
    def used(self) -> int:
        """Those that are used."""
        return sum(item.used for item in self.types)

    @property
    def percent(self) -> float:
        """Used of all, in percent."""
        return 100 * self.used / self.fields if self.fields else 100.0


def coverage_of(side: GraphSide, operations: Sequence[KnownOperation]) -> Coverage:
    """What operations use; those that are not valid use nothing.

    A field selected on an interface is used of every type that implements it.
    """
    uses: set[str] = set()
    valid = 0
    for examination in examine_all(operations, side, wanted_uses=None):
        if not examination.problems:
            valid += 1
            uses |= examination.uses
    types: list[TypeCoverage] = []
    unused: list[UnusedField] = []
    for name, definition in sorted(side.api_schema.type_map.items()):
        if name.startswith("__") or not isinstance(
            definition, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
        ):
            continue
        used = 0
        for field_name, field in definition.fields.items():
            if any(coordinate in uses for coordinate in _names(definition, field_name)):
                used += 1
            else:
                deprecated = field.deprecation_reason is not None
                unused.append(UnusedField(f"{name}.{field_name}", deprecated))
        types.append(TypeCoverage(name, len(definition.fields), used))
    return Coverage(valid, tuple(types), tuple(unused))


def _names(
    definition: GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType, field: str
) -> Iterator[str]:
    yield f"{definition.name}.{field}"
    for interface in getattr(definition, "interfaces", ()):
        yield f"{interface.name}.{field}"
