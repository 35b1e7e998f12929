"""A supergraph's definitions by the subgraphs' words: whatever its specifications are called.

Directives of the join specification have `join__…` as `feature`, those that subgraphs have from
federation their plain name; what specifications define themselves is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import DocumentNode

from supergraph.definitions import AppliedDirective, SchemaDefinitions, TypeKind
from supergraph.federation.directives import STANDALONE_SPECS, STANDARD_DIRECTIVES
from supergraph.links import LinkedSpec
from supergraph.subgraph.from_ast import fill_definitions

_CONTEXT_IDENTITY = "https://specs.apollo.dev/context"
_CARRIED = {
    **STANDALONE_SPECS,
    "https://specs.apollo.dev/cacheTag": ("cacheTag",),
}
"""Specifications whose directives a subgraph has from the federation specification."""

_MACHINERY = frozenset({"link", "join", "core"})


@dataclass(slots=True, eq=False)
class SupergraphDefinitions:
    """What the subgraphs define, with the join directives on it.

    `custom_directives` are those of specifications that `@composeDirective` brought here;
    `shared_through_interfaces` are (type, field) that an interface object may resolve, too.
    """

    schema: SchemaDefinitions
    custom_directives: tuple[str, ...] = ()
    shared_through_interfaces: set[tuple[str, str]] = field(default_factory=set)


def read_definitions(document: DocumentNode, specs: Iterable[LinkedSpec]) -> SupergraphDefinitions:
    """Read them from a supergraph's document."""
    features = {name: name for name in STANDARD_DIRECTIVES}
    owned: list[LinkedSpec] = []
    custom: list[LinkedSpec] = []
    for spec in specs:
        plain = _CARRIED.get(spec.identity, ())
        features |= {spec.directive(item): item for item in plain}
        if spec.name == "join":
            names = ("type", "field", "implements", "unionMember", "enumValue", "directive")
            features |= {spec.directive(item): f"join__{item}" for item in names}
        if spec.identity == _CONTEXT_IDENTITY:
            features[spec.directive("context")] = "context"
        known = plain or spec.identity == _CONTEXT_IDENTITY or spec.name in _MACHINERY
        (owned if known else custom).append(spec)
    schema = SchemaDefinitions()
    fill_definitions(schema, document, features.get)
    schema.types = {
        name: item
        for name, item in schema.types.items()
        if not any(spec.owns_type(name) for spec in owned)
    }
    schema.directives = {
        name: item
        for name, item in schema.directives.items()
        if not any(spec.owns_directive(name) for spec in owned)
    }
    composed = tuple(
        name for name in schema.directives if any(spec.owns_directive(name) for spec in custom)
    )
    return SupergraphDefinitions(schema, composed, set(_through_interface_objects(schema)))


def _through_interface_objects(schema: SchemaDefinitions) -> Iterator[tuple[str, str]]:
    """Fields that an interface object adds to its interface, there and on implementations."""
    for interface in schema.types.values():
        if interface.kind is not TypeKind.INTERFACE:
            continue
        if not any(is_set(item, "isInterfaceObject") for item in interface.applied("join__type")):
            continue
        names = [interface.name]
        names += [item.name for item in schema.types.values() if interface.name in item.interfaces]
        yield from ((name, field_name) for name in names for field_name in interface.fields)


def is_set(directive: AppliedDirective, argument: str) -> bool:
    """Whether a boolean argument is given and true."""
    return directive.flag(argument, False)
