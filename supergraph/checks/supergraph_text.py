"""Two supergraphs compared as texts: what clients see of them, and what the join spec says.

Loading a supergraph builds two schemas of it. A comparison needs neither: only the types that are
written otherwise in the other text, and, now and then, all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from graphql import DocumentNode

from supergraph.api_schema import STANDARD_DIRECTIVES, inaccessible_directive
from supergraph.checks.schema_text import (
    InvalidSchemaError,
    definitions,
    parse_differing,
    parse_schema,
    pieces,
    schema_document,
)
from supergraph.collection import collection_paused
from supergraph.definitions import (
    Element,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    base_name,
)
from supergraph.federation.directives import DIRECTIVES
from supergraph.links import LinkedSpec, linked_specs
from supergraph.load import read_joins
from supergraph.model import (
    InvalidSupergraphError,
    JoinGraph,
    SubgraphName,
    SupergraphType,
    TypeName,
)
from supergraph.parsing import parse

ElementT = TypeVar("ElementT", bound=Element)

_WORD = re.compile(r"\w+")
_SPEC_FEATURES = {
    "tag": ("tag",),
    "inaccessible": ("inaccessible",),
    "authenticated": ("authenticated",),
    "requiresScopes": ("requiresScopes",),
    "policy": ("policy",),
    "cost": ("cost", "listSize"),
    "context": ("context", "fromContext"),
}
"""Specification to the directives that a supergraph can have of it."""


@dataclass(frozen=True, slots=True)
class SupergraphSide:
    """One of two supergraphs.

    `types` and `definitions` hold what differs from the other (and may hold more), `all_types()`
    everything. Directives of specifications carry their plain names in `definitions`.
    """

    sdl: str
    graphs: Mapping[SubgraphName, JoinGraph]
    types: Mapping[TypeName, SupergraphType]
    definitions: SchemaDefinitions
    specs: tuple[LinkedSpec, ...]
    all_types: Callable[[], Mapping[TypeName, SupergraphType]]


def is_supergraph(sdl: str) -> bool:
    """Whether the text looks like a supergraph: its schema links the join specification."""
    return any(
        re.search(r'@(?:link|core)\b[^)]*"[^"]*/join/v\d', sdl[piece.start : piece.end])
        for piece in pieces(sdl)
        if piece.key == "schema"
    )


def read_sides(old: str, new: str, names: tuple[str, str]) -> tuple[SupergraphSide, SupergraphSide]:
    """Read what differs between two supergraphs.

    Raises:
        InvalidSchemaError: if one of the texts is no supergraph.
    """
    specs = [
        linked_specs(schema_document(sdl, name))
        for sdl, name in zip((old, new), names, strict=True)
    ]
    hidden = {inaccessible_directive(item) for item in specs}
    before, after = (_features(item) for item in specs)
    renamed = any(after.get(name, plain) != plain for name, plain in before.items())
    exposed = _types_that_mention(old, new, hidden)

    def keep(text: str) -> bool:
        # Where a directive's name means another one now, nothing is alike. Machinery is small and
        # everything is read by it. What refers to a type that is hidden on one side only differs
        # in what clients see of it, alike though it is written.
        return (
            renamed
            or any(f"@{name}" in text for name in hidden)
            or "__" in text.partition("{")[0].partition("@")[0]
            or (bool(exposed) and not exposed.isdisjoint(_WORD.findall(text)))
        )

    documents = parse_differing(old, new, names, keep)
    first = _side(old, documents[0], names[0])
    second = _side(new, documents[1], names[1])

    def all_new_types() -> Mapping[TypeName, SupergraphType]:
        # What is not in the differing part of the old text is the same in both.
        common = {name: item for name, item in first.all_types().items() if name not in first.types}
        return {**common, **second.types}

    return first, replace(second, all_types=all_new_types)


def read_side(sdl: str, name: str) -> SupergraphSide:
    """Read the whole of a supergraph.

    Raises:
        InvalidSchemaError: if the text is no supergraph.
    """
    return _side(sdl, parse_schema(sdl, name), name)


def _types_that_mention(old: str, new: str, directives: Iterable[str]) -> frozenset[str]:
    """The types that are written otherwise and have one of the directives, on one side at least."""
    marks = tuple(f"@{name}" for name in directives)
    texts = [
        {
            (piece.key, sdl[piece.start : piece.end].strip())
            for piece in pieces(sdl)
            if piece.key != "schema" and any(mark in sdl[piece.start : piece.end] for mark in marks)
        }
        for sdl in (old, new)
    ]
    return frozenset(key for key, _ in texts[0] ^ texts[1])


def _side(sdl: str, document: DocumentNode, name: str) -> SupergraphSide:
    specs = linked_specs(document)
    features = _features(specs)

    @cache
    def all_types() -> Mapping[TypeName, SupergraphType]:
        with collection_paused():
            return read_joins(parse(sdl, no_location=True))[1]

    graphs, types = _joins(document, name)
    return SupergraphSide(
        sdl, graphs, types, definitions(sdl, document, features.get), specs, all_types
    )


def _joins(
    document: DocumentNode, name: str
) -> tuple[Mapping[SubgraphName, JoinGraph], Mapping[TypeName, SupergraphType]]:
    try:
        return read_joins(document)
    except InvalidSupergraphError as error:
        raise InvalidSchemaError(f"{name}: {error.message}") from None


def _features(specs: Iterable[LinkedSpec]) -> dict[str, str]:
    """Local names of directives to plain ones; those of other specifications are `join__…`."""
    found = {}
    for spec in specs:
        for plain in _SPEC_FEATURES.get(spec.name, ()):
            if plain in DIRECTIVES:
                found[spec.directive(plain)] = plain
    return found


def client_view(side: SupergraphSide) -> SchemaDefinitions:
    """What clients see of the definitions: no machinery, nothing inaccessible."""
    given = side.definitions
    owned = side.specs
    types = {
        name: definition
        for name, definition in given.types.items()
        if not any(spec.owns_type(name) for spec in owned)
    }
    hidden = {name for name, definition in types.items() if definition.has("inaccessible")}
    view = SchemaDefinitions(roots=dict(given.roots), schema=_stripped(given.schema, owned))
    view.directives = {
        name: replace(definition, arguments=_values(definition.arguments, hidden, owned))
        for name, definition in given.directives.items()
        if not any(spec.owns_directive(name) for spec in owned)
    }
    while True:
        view.types = {
            name: _visible_type(definition, hidden, owned)
            for name, definition in types.items()
            if name not in hidden
        }
        empty = {
            name for name, definition in view.types.items() if _lost_all(types[name], definition)
        }
        if not empty:
            break
        hidden |= empty
    view.roots = {kind: name for kind, name in view.roots.items() if name not in hidden}
    return view


def _lost_all(before: TypeDefinition, after: TypeDefinition) -> bool:
    had = before.members or any(True for _ in before.children())
    return bool(had) and not after.members and not any(True for _ in after.children())


def _visible_type(
    definition: TypeDefinition, hidden: set[str], specs: tuple[LinkedSpec, ...]
) -> TypeDefinition:
    return replace(
        _stripped(definition, specs),
        fields={
            name: replace(
                _stripped(field, specs), arguments=_values(field.arguments, hidden, specs)
            )
            for name, field in definition.fields.items()
            if _is_visible(field, hidden)
        },
        input_fields=_values(definition.input_fields, hidden, specs),
        values={
            name: _stripped(value, specs)
            for name, value in definition.values.items()
            if not value.has("inaccessible")
        },
        interfaces=[name for name in definition.interfaces if name not in hidden],
        members=[name for name in definition.members if name not in hidden],
    )


def _values(
    values: Mapping[str, InputValueDefinition], hidden: set[str], specs: tuple[LinkedSpec, ...]
) -> dict[str, InputValueDefinition]:
    return {
        name: _stripped(value, specs)
        for name, value in values.items()
        if _is_visible(value, hidden)
    }


def _is_visible(element: FieldDefinition | InputValueDefinition, hidden: set[str]) -> bool:
    return not element.has("inaccessible") and base_name(element.type) not in hidden


def _stripped(element: ElementT, specs: tuple[LinkedSpec, ...]) -> ElementT:
    """The element with the directives that clients can see."""
    if not element.directives:
        return element
    kept = [
        item
        for item in element.directives
        if item.name in STANDARD_DIRECTIVES
        or not any(spec.owns_directive(item.name) for spec in specs)
    ]
    return replace(element, directives=kept)
