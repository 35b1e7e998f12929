"""What merging carries along: the subgraphs in order, what was found wrong, what was remarked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from graphql import Node

from supergraph.definitions import Element, SchemaDefinitions, TypeDefinition, quoted_list
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.federation.directives import FEDERATION_IDENTITY
from supergraph.hints import CompositionHint, HintCode
from supergraph.merge.composed import ComposedDirectives, composed_directives
from supergraph.merge.feature_names import feature_names
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.usage import FieldUsage, field_usage

ElementT = TypeVar("ElementT", bound=Element)


@dataclass(frozen=True, slots=True)
class Source(Generic[ElementT]):
    """One subgraph's version of an element."""

    subgraph: Subgraph
    element: ElementT


@dataclass(slots=True, eq=False)
class MergeContext:
    """State of one merge.

    `graphs` maps subgraph names to values of the supergraph's `join__Graph` enum, `sources` a type
    to the subgraphs that define it, `supertypes` to the interfaces and unions it belongs to in any
    subgraph, `subtypes` the reverse.
    `feature_names` maps plain names of directives to those of the supergraph, `composed` has the
    users' own directives.
    """

    subgraphs: tuple[Subgraph, ...]
    graphs: dict[str, str]
    merged: SchemaDefinitions = field(default_factory=SchemaDefinitions)
    errors: list[CompositionError] = field(default_factory=list)
    hints: list[CompositionHint] = field(default_factory=list)
    usages: dict[str, FieldUsage] = field(default_factory=dict)
    sources: dict[str, list[Source[TypeDefinition]]] = field(default_factory=dict)
    supertypes: dict[str, set[str]] = field(default_factory=dict)
    subtypes: dict[str, list[str]] = field(default_factory=dict)
    feature_names: dict[str, str] = field(default_factory=dict)
    composed: ComposedDirectives = field(default_factory=ComposedDirectives)

    def __post_init__(self) -> None:
        self.usages = {subgraph.name: field_usage(subgraph) for subgraph in self.subgraphs}
        supertypes: dict[str, set[str]] = defaultdict(set)
        for subgraph in self.subgraphs:
            for name, definition in subgraph.types.items():
                # Asking each of a hundred subgraphs for each of their types would be quadratic.
                self.sources.setdefault(name, []).append(Source(subgraph, definition))
                supertypes[definition.name].update(definition.interfaces)
                for member in definition.members:
                    supertypes[member].add(definition.name)
        self.supertypes = dict(supertypes)
        subtypes: dict[str, list[str]] = defaultdict(list)
        for name, above in self.supertypes.items():
            for supertype in above:
                subtypes[supertype].append(name)
        self.subtypes = dict(subtypes)
        self.feature_names, mismatches = feature_names(self.subgraphs)
        self.composed = composed_directives(self.subgraphs)
        self.errors += [*mismatches, *self.composed.errors]
        self.hints += [*_upgrade_hints(self.subgraphs), *self.composed.hints]

    def type_sources(self, name: str) -> list[Source[TypeDefinition]]:
        """The subgraphs that define a type."""
        return list(self.sources.get(name, ()))

    def locate(self, coordinate: str) -> tuple[SourceLocation, ...]:
        """Where the subgraphs declare `Type`, `Type.member`, `Type.field(argument:)`, `@name`."""
        if coordinate.startswith("@"):
            name = coordinate[1:].partition("(")[0]
            return tuple(
                place
                for subgraph in self.subgraphs
                if name in subgraph.directives
                for place in subgraph.locate(*subgraph.directives[name].nodes)
            )
        type_name, _, rest = coordinate.partition(".")
        member, _, argument = rest.removesuffix(":)").partition("(")
        found: list[SourceLocation] = []
        for source in self.type_sources(type_name):
            definition = source.element
            element: Element | None = definition
            if member:
                field = definition.fields.get(member)
                element = field or definition.input_fields.get(member)
                element = element or definition.values.get(member)
                if field is not None and argument:
                    element = field.arguments.get(argument)
            if element is not None:
                found += source.subgraph.locate(*element.nodes)
        return tuple(found)

    def error(
        self,
        code: ErrorCode,
        message: str,
        sources: Iterable[Source[ElementT]] = (),
        coordinate: str | None = None,
    ) -> None:
        """Add an error about elements of several subgraphs."""
        self.errors.append(CompositionError(code, message, tuple(places(sources)), coordinate))

    def hint(
        self,
        code: HintCode,
        message: str,
        sources: Iterable[Source[ElementT]] = (),
        coordinate: str | None = None,
    ) -> None:
        """Add a remark about elements of several subgraphs."""
        self.hints.append(CompositionHint(code, message, tuple(places(sources)), coordinate))


def _upgrade_hints(subgraphs: Sequence[Subgraph]) -> Iterator[CompositionHint]:
    """Which subgraphs link a specification that needs a newer federation version than theirs."""
    for subgraph in subgraphs:
        for link in subgraph.links:
            if link.identity != FEDERATION_IDENTITY or subgraph.version is None:
                continue
            if link.version is not None and link.version < subgraph.version:
                before, after = (
                    f"v{major}.{minor}" for major, minor in (link.version, subgraph.version)
                )
                yield CompositionHint(
                    HintCode.IMPLICITLY_UPGRADED_FEDERATION_VERSION,
                    f'Subgraph "{subgraph.name}" has been implicitly upgraded from federation '
                    f"{before} to {after}, which another specification it links needs.",
                    subgraph.locate(link.node),
                    "schema",
                )


def places(sources: Iterable[Source[ElementT]]) -> Iterator[SourceLocation]:
    """Where the elements stand."""
    for source in sources:
        nodes: Sequence[Node] = source.element.nodes
        yield from source.subgraph.locate(*nodes)


def names(sources: Iterable[Source[ElementT]]) -> str:
    """`subgraph "a"` or `subgraphs "a" and "b"`."""
    return quoted_list([source.subgraph.name for source in sources])


def describe_groups(groups: Iterable[tuple[str, Sequence[str]]], first: str = "it has ") -> str:
    """`it has type "Int" in subgraph "a" but type "String" in subgraphs "b" and "c"`.

    Each group is what the subgraphs have, and the subgraphs' names.
    """
    parts = [f"{what} in {quoted_list(subgraphs)}" for what, subgraphs in groups]
    if len(parts) == 1:
        return first + parts[0]
    return f"{first}{parts[0]} but {' and '.join(parts[1:])}"


def group_by(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Subgraph names by what they have, in first-seen order; pairs are (what, subgraph name)."""
    groups: dict[str, list[str]] = {}
    for what, subgraph in pairs:
        groups.setdefault(what, []).append(subgraph)
    return list(groups.items())
