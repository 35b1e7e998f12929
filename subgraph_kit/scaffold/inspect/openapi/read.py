"""An OpenAPI document as a `SourceModel`: the stages in order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.fetch import shown
from subgraph_kit.scaffold.inspect.openapi import lists, relations
from subgraph_kit.scaffold.inspect.openapi.document import Documents, load_documents
from subgraph_kit.scaffold.inspect.openapi.keys import KeyPart
from subgraph_kit.scaffold.inspect.openapi.operations import GetOperation, Parameter, get_operations
from subgraph_kit.scaffold.inspect.openapi.references import References
from subgraph_kit.scaffold.inspect.openapi.resources import (
    Resource,
    find_resources,
    name_entities,
)
from subgraph_kit.scaffold.inspect.openapi.schema import Shape, Shapes
from subgraph_kit.scaffold.inspect.openapi.security import auth_model, base_address, rate_limit
from subgraph_kit.scaffold.inspect.openapi.swagger2 import to_openapi3
from subgraph_kit.scaffold.inspect.openapi.types import TypeReader, member_name
from subgraph_kit.scaffold.inspect.reverses import settle_reverses
from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    Operator,
    Reference,
    RestAccess,
    SourceModel,
    TypeRef,
)
from subgraph_kit.scaffold.names import Names, field_name, list_name, type_names
from subgraph_kit.scaffold.options import InspectOptions

Progress = Callable[[str], None]
"""Told in a few words what is done now; documents of 50 MB take some seconds."""


async def inspect_openapi(
    location: str, options: InspectOptions, *, progress: Progress | None = None
) -> SourceModel:
    """Look at the OpenAPI document at a path or URL: 3.0, 3.1 or Swagger 2, JSON or YAML.

    Raises:
        ConfigurationError: if it cannot be read, is no such document, or has no resources.
    """
    tell = progress or (lambda _: None)
    tell(f"reading {shown(location)}")
    documents = await load_documents(location)
    return await asyncio.to_thread(read_model, documents, location, options, tell)


def read_model(
    documents: Documents, location: str, options: InspectOptions, tell: Progress
) -> SourceModel:
    """The model of documents that are read already."""
    if documents.version.startswith("2"):
        trees = {**documents.trees, documents.root: to_openapi3(documents.tree)}
        documents = replace(documents, trees=trees)
    references = References(documents)
    shapes = Shapes(references)
    operations = get_operations(references)
    tell(f"looking for resources at {len(operations):,} paths")
    type_scope = type_names(options.entities)
    reader = TypeReader(references, shapes, type_scope, renames=options.renames)
    resources = find_resources(operations, references, shapes, reader, options)
    if not resources:
        raise ConfigurationError(_no_resources(location, operations, options))
    names = name_entities(resources, type_scope, options)
    reader.entity_names.update(zip((r.key for r in resources), names, strict=True))
    tell(f"reading {len(resources):,} resources")
    drafts = [
        _draft(resource, name, reader, shapes)
        for resource, name in zip(resources, names, strict=True)
    ]
    named = [draft.named for draft in drafts]
    answers = [
        answer
        for operation in operations.values()
        if not operation.ends_in_place
        and (answer := lists.list_answer(operation, shapes, reader)) is not None
    ]
    plurals = Names()
    entities = []
    for draft in drafts:
        fields, links = relations.add_references(draft.named, draft.fields, named, shapes, reader)
        entities.append(
            _entity(draft, fields, links, plurals, operations, answers, references, shapes, reader)
        )
    values, enums = reader.finished()
    tell(f"found {len(entities):,} entities and {len(values):,} types")
    model = SourceModel(
        "openapi",
        base_address(references, documents.root) or "",
        tuple(settle_reverses(entities)),
        values,
        enums,
        auth_model(references, (resource.item for resource in resources)),
        rate_limit(references, operations.values()),
        tuple(references.notes),
    )
    return replace(model, fingerprint=hashlib.sha256(repr(model).encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class _Draft:
    named: relations.Named
    fields: list[FieldModel]


def _draft(resource: Resource, name: str, reader: TypeReader, shapes: Shapes) -> _Draft:
    """The entity's own fields, key first; references come when all entities are known."""
    fields = reader.fields(resource.shape, name, resource.source_name)
    scope = Names(reserved=(field.name for field in fields))
    keys: list[FieldModel] = []
    alone = len(resource.parts) == 1
    for part in resource.parts:
        own = next((field for field in fields if field.source_name == part.source), None)
        if own is None:
            own = _made_key_field(part, resource, shapes, scope)
        keys.append(
            replace(
                own, type=relations.key_type(own.type, own.source_name.strip("{}"), alone=alone)
            )
        )
    key_sources = {key.source_name for key in keys}
    rest = [field for field in fields if field.source_name not in key_sources]
    return _Draft(relations.Named(resource, name, tuple(keys)), [*keys, *rest])


def _made_key_field(part: KeyPart, resource: Resource, shapes: Shapes, scope: Names) -> FieldModel:
    """A field for a part of the key that is no member of the item itself."""
    parameter = resource.item.place(part.parameter)
    proposals = (
        member_name(part.parameter),
        field_name(part.source),
        f"{field_name(part.parameter)}Key",
    )
    description = parameter.description.strip() if parameter is not None else ""
    return FieldModel(
        scope.take("", *proposals),
        part.source,
        TypeRef("String", nullable=False),
        description or None,
    )


def _entity(
    draft: _Draft,
    fields: list[FieldModel],
    links: list[Reference],
    plurals: Names,
    operations: dict[str, GetOperation],
    answers: list[lists.ListAnswer],
    references: References,
    shapes: Shapes,
    reader: TypeReader,
) -> EntityModel:
    resource, name, key = draft.named.resource, draft.named.name, draft.named.key
    key_names = tuple(field.name for field in key)
    own = resource.parts[-1]
    if own.from_address:
        references.note(
            resource.item.node,
            f"no member of the answer is {{{own.parameter}}}; {name} can be had by key, not listed",
        )
    elif min(part.confidence for part in resource.parts) < 1.0:
        matched = ", ".join(f"{{{p.parameter}}} is {p.source}" for p in resource.parts)
        references.note(resource.item.node, f"taken for the key of {name}: {matched}", "info")
    access = RestAccess(
        _with_fields(resource.item.path, resource, key_names),
        item_at=resource.item_at,
        fixed_parameters=_fixed(resource.item, references, shapes),
    )
    answer = None
    if not own.from_address:
        answer = lists.find_list(resource, operations, answers, reader, shapes)
    if answer is not None:
        listed = _list_access(access, answer, resource, fields, key_names, references, shapes)
        if listed is not None:
            access = listed
    filtered = _filter_operators(access)
    fields = [replace(field, filters=filtered.get(field.name, ())) for field in fields]
    by_equality = {field for field, operators in filtered.items() if Operator.EQ in operators}
    if access.list_path is None:
        by_equality = set()
    return EntityModel(
        name,
        plurals.take("", list_name(name)),
        resource.source_name,
        (key_names,),
        tuple(fields),
        access,
        tuple(relations.with_reverse(link, by_equality, name) for link in links),
        description=resource.shape.description or _summary(resource.shape, resource.item),
    )


def _list_access(
    access: RestAccess,
    answer: lists.ListAnswer,
    resource: Resource,
    fields: list[FieldModel],
    key: tuple[str, ...],
    references: References,
    shapes: Shapes,
) -> RestAccess | None:
    operation = answer.operation
    pages = lists.pagination(answer, shapes)
    found, batch, unknown = lists.filters(answer, pages, fields, key, shapes)
    fixed = dict(access.fixed_parameters)
    for parameter in unknown:
        value = _fixed_value(parameter.said, shapes.of(parameter.schema))
        if value is None:
            lists.note_list(
                references,
                operation,
                f"the list needs the parameter {parameter.name!r}, which is no field; not offered",
            )
            return None
        fixed[parameter.name] = value
    place_fields = dict(zip(resource.item.places, key, strict=True))
    if not set(operation.places) <= set(place_fields):
        return None
    places = tuple((place_fields[place], place_fields[place], Operator.EQ)
                   for place in operation.places)  # fmt: skip
    if pages.style == "none" and pages.limit_parameter is None:
        references.note(
            operation.node, "the list has no pages that are known; it is read whole", "info"
        )
    return replace(
        access,
        list_path=_with_fields(operation.path, resource, key),
        batch_parameter=batch.name if batch is not None else None,
        batch_separator=_separator(batch),
        items_at=answer.items_at,
        pagination=pages,
        filter_parameters=(*places, *found),
        fixed_parameters=tuple(sorted(fixed.items())),
        list_is_partial=not answer.is_same and _lacks(answer.item, resource.shape),
    )


def _separator(batch: Parameter | None) -> str | None:
    """What joins the values of a list in a query (OpenAPI, "Style Values"); None: repeated."""
    if batch is None or batch.said.get("explode") is not False:
        return None
    return {"spaceDelimited": " ", "pipeDelimited": "|"}.get(str(batch.said.get("style")), ",")


def _lacks(item: Shape, whole: Shape) -> bool:
    return not set(whole.properties) <= set(item.properties)


def _with_fields(path: str, resource: Resource, key: tuple[str, ...]) -> str:
    """A path with the names of key fields in its places."""
    for place, field in zip(resource.item.places, key, strict=True):
        path = path.replace(f"{{{place}}}", f"{{\0{field}}}")
    return path.replace("\0", "")


def _fixed(
    operation: GetOperation, references: References, shapes: Shapes
) -> tuple[tuple[str, str], ...]:
    """Query parameters that the item needs, with the value that the document gives."""
    found = []
    for parameter in operation.query.values():
        if parameter.required:
            value = _fixed_value(parameter.said, shapes.of(parameter.schema))
            if value is not None:
                found.append((parameter.name, value))
            else:
                references.note(
                    operation.node,
                    f"the parameter {parameter.name!r} is required and has no default; "
                    "set it where the source is made",
                )
    return tuple(sorted(found))


def _fixed_value(said: object, shape: Shape) -> str | None:
    stated = shape.keywords.get("default")
    if stated is None and shape.enum is not None:
        stated = shape.enum[0]
    if stated is None and isinstance(said, dict):
        stated = said.get("example")
    return str(stated) if isinstance(stated, str | int | float) else None


def _filter_operators(access: RestAccess) -> dict[str, tuple[Operator, ...]]:
    found: dict[str, list[Operator]] = {}
    for field, _, operator in access.filter_parameters:
        if operator not in found.setdefault(field, []):
            found[field].append(operator)
    return {field: tuple(operators) for field, operators in found.items()}


def _summary(shape: Shape, operation: GetOperation) -> str | None:
    return shape.title


def _no_resources(
    location: str, operations: dict[str, GetOperation], options: InspectOptions
) -> str:
    place = shown(location)
    if not operations:
        return f"{place} has no paths with GET; there is nothing to be read from this API"
    if options.include or options.exclude:
        return (
            f"no resource of {place} is left by include and exclude; patterns are compared with "
            "paths (/users/{id}), their words (orgs.teams), and names of schemas"
        )
    return (
        f"{place} has no path that names one thing and answers it as JSON, like /users/{{id}}; "
        "an entity needs one: start from blank and write its adapter"
    )
