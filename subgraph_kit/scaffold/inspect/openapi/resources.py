"""Find the entities of an API: resources that a path names one by one.

`GET /users/{id}` that answers an object makes an entity of the object's schema. The same schema at
several addresses is one entity, at the address that says most by its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from subgraph_kit.scaffold.inspect.openapi.keys import KeyPart, match_key, normal
from subgraph_kit.scaffold.inspect.openapi.operations import GetOperation
from subgraph_kit.scaffold.inspect.openapi.references import References
from subgraph_kit.scaffold.inspect.openapi.schema import Shape, Shapes
from subgraph_kit.scaffold.inspect.openapi.types import (
    TypeKey,
    TypeReader,
    component_type_names,
    flattened,
    graph_type_name,
)
from subgraph_kit.scaffold.names import Names, singular, type_name, words
from subgraph_kit.scaffold.options import InspectOptions

_ENVELOPES = ("data", "result", "response", "item", "payload", "entity", "object", "value",
              "content", "attributes")  # fmt: skip
_WRAPPER_WORDS = frozenset({"response", "dto", "schema", "model", "read", "out", "output", "full",
                            "get", "detail", "details", "public", "view"})  # fmt: skip
"""Words in a component's name that tell of its use, not of the thing."""


@dataclass(frozen=True, slots=True)
class Resource:
    """An entity to be: its schema, where it is, and which parameters are its key."""

    source_name: str
    item: GetOperation
    item_at: str | None
    shape: Shape
    """One object: variants are merged."""
    key: TypeKey
    parts: tuple[KeyPart, ...]
    singular: str

    @property
    def rank(self) -> tuple[object, ...]:
        """Less is better: keys that items have, sure matches, few parameters, short paths."""
        own = self.parts[-1]
        return (
            own.from_address,
            self.item.is_deprecated,
            sum(part.from_address for part in self.parts),
            len(self.parts),
            -min(part.confidence for part in self.parts),
            len(self.item.segments),
            len(self.item.path),
            self.item.path,
        )


def find_resources(
    operations: Mapping[str, GetOperation],
    references: References,
    shapes: Shapes,
    reader: TypeReader,
    options: InspectOptions,
) -> list[Resource]:
    """All resources with identity, one per schema, in the order of the document."""
    best: dict[TypeKey, Resource] = {}
    for operation in operations.values():
        if not operation.ends_in_place:
            continue
        resource = _resource(operation, references, shapes, reader, options)
        if resource is None:
            continue
        other = best.get(resource.key)
        if other is None:
            best[resource.key] = resource
        else:
            kept, dropped = sorted((other, resource), key=lambda each: each.rank)
            best[resource.key] = kept
            references.note(
                dropped.item.node, f"the same resource is read from {kept.item.path}", "info"
            )
    order = {path: index for index, path in enumerate(operations)}
    return sorted(best.values(), key=lambda each: order[each.item.path])


def _resource(
    operation: GetOperation,
    references: References,
    shapes: Shapes,
    reader: TypeReader,
    options: InspectOptions,
) -> Resource | None:
    source_name = ".".join(operation.static_segments) or "items"
    if operation.answer is None:
        if operation.has_other_answer:
            references.note(operation.node, "the answer is not JSON; left out", "left_out")
        return None
    names = (source_name, operation.path)
    if _is_unwanted(names, options, skip_include=True):
        return None
    one = _resource_word(operation)
    found = _object_of(shapes.of(operation.answer), shapes, reader)
    chosen = options.keys.get(source_name, ())
    if found is None:
        references.note(operation.node, "the answer is no object; left out", "left_out")
        return None
    item_at, shape = None, found
    parts = match_key(operation, shape, shapes, one, chosen)
    if parts[-1].from_address:
        unwrapped = _unwrapped(found, shapes, reader, operation, one)
        if unwrapped is not None:
            item_at, shape = unwrapped
            parts = match_key(operation, shape, shapes, one, chosen)
    component = shape.node.last_token
    if _is_unwanted((*names, component, graph_type_name(component)), options):
        references.note(operation.node, "not chosen by include and exclude", "info")
        return None
    return Resource(source_name, operation, item_at, shape, reader.key_of(shape), parts, one)


def _object_of(shape: Shape, shapes: Shapes, reader: TypeReader) -> Shape | None:
    """The one object an answer is, variants and subtypes merged; None if it is none."""
    subtypes = reader.subtypes(shape)
    if subtypes and not shape.variants:
        shape = replace(shape, variants=tuple(each.node for _, each in subtypes))
    shape = flattened(shape, shapes)
    return shape if shape.is_object else None


def _unwrapped(
    shape: Shape, shapes: Shapes, reader: TypeReader, operation: GetOperation, one: str
) -> tuple[str, Shape] | None:
    """(member, item) of an answer that has the item in a member: `{"data": {...}}`."""
    by_name = {normal(source): source for source in shape.properties}
    candidates = [*_ENVELOPES, normal(one), normal(operation.static_segments[-1])
                  if operation.static_segments else ""]  # fmt: skip
    if len(shape.properties) == 1:
        candidates.append(next(iter(by_name)))
    for candidate in candidates:
        source = by_name.get(candidate)
        inner = shapes.of(shape.properties[source]) if source is not None else None
        item = _object_of(inner, shapes, reader) if inner is not None else None
        if source is None or item is None:
            continue
        if not match_key(operation, item, shapes, one)[-1].from_address:
            return source, item
    return None


def _resource_word(operation: GetOperation) -> str:
    """What the path calls one of them: `user` for `/admin/users/{id}`."""
    before = [part for part in operation.segments[:-1] if "{" not in part]
    last = before[-1] if before else operation.places[-1]
    return " ".join([*words(last)[:-1], singular(words(last)[-1])])


def _is_unwanted(
    names: tuple[str, ...], options: InspectOptions, *, skip_include: bool = False
) -> bool:
    def any_matches(patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

    if any_matches(options.exclude):
        return True
    return not skip_include and bool(options.include) and not any_matches(options.include)


def name_entities(resources: list[Resource], names: Names, options: InspectOptions) -> list[str]:
    """A type name for each resource: the component's, without what tells of its use."""
    wanted = [_proposals(resource) for resource in resources]
    # A short name that several would like goes to the one with the shortest path.
    order = sorted(range(len(resources)), key=lambda i: (len(resources[i].item.segments), i))
    found = [""] * len(resources)
    for index in order:
        fixed = options.entities.get(resources[index].source_name)
        found[index] = fixed or names.take("", *wanted[index])
    return found


def _proposals(resource: Resource) -> tuple[str, ...]:
    node = resource.shape.node
    by_path = _path_names(resource)
    tokens = node.pointer.split("/")
    if len(tokens) >= 2 and tokens[-2] in ("schemas", "definitions", "$defs"):
        own = tuple(map(_one, component_type_names(node.last_token)))
        plain = [word for word in words(own[0]) if word not in _WRAPPER_WORDS]
        short = _one("_".join(plain)) if plain else own[0]
        if len(plain) < len(words(own[0])):
            return (short, *own, *by_path)
        return (*own, *by_path)
    title = resource.shape.title
    if title is not None and len(title) <= 40 and len(words(title)) <= 4:
        kept = [word for word in words(title) if word not in _WRAPPER_WORDS]
        return (_one("_".join(kept or words(title))), *by_path)
    return by_path


def _one(name: str) -> str:
    """A type's name for one of them, where it has the name of many: `Users` is `User`."""
    last = words(name)[-1]
    is_plural = last.endswith("s") and singular(last) != last
    return type_name(name) if is_plural else graph_type_name(name)


def _path_names(resource: Resource) -> tuple[str, ...]:
    """`User`, `OrgUser`, `AdminOrgUser` for `/admin/orgs/{org}/users/{id}`."""
    statics = [" ".join([*words(part)[:-1], singular(words(part)[-1])])
               for part in resource.item.static_segments] or [resource.singular]  # fmt: skip
    return tuple(graph_type_name(" ".join(statics[-n:])) for n in range(1, len(statics) + 1))
