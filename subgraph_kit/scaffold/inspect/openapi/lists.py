"""How a list of a resource is asked for: its path, where the items are, how pages are turned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subgraph_kit.scaffold.inspect.openapi.keys import normal
from subgraph_kit.scaffold.inspect.openapi.operations import GetOperation, Parameter
from subgraph_kit.scaffold.inspect.openapi.references import References
from subgraph_kit.scaffold.inspect.openapi.resources import Resource
from subgraph_kit.scaffold.inspect.openapi.schema import Shape, Shapes
from subgraph_kit.scaffold.inspect.openapi.types import TypeReader, flattened
from subgraph_kit.scaffold.model import FieldModel, Operator, Pagination

_LIMITS = ("limit", "per page", "page size", "page limit", "size", "count", "max results", "top",
           "first", "rows", "num", "pagesize", "perpage", "max items", "results per page",
           "items per page", "take", "maxresults")  # fmt: skip
_OFFSETS = ("offset", "skip", "start", "start at", "page offset", "start index", "from", "startat")
_PAGES = ("page", "page number", "page num", "pagenumber", "p", "page index", "current page")
_CURSORS = ("cursor", "after", "starting after", "page token", "next token", "continue",
            "page cursor", "marker", "next", "start cursor", "bookmark", "continuation token",
            "page after", "next page token", "pagetoken", "start key", "next cursor",
            "exclusive start key", "after id", "since id", "scroll id")  # fmt: skip
_NEXT_MEMBERS = ("next cursor", "next page token", "next token", "continue", "next", "end cursor",
                 "cursor", "continuation token", "next page", "after", "marker", "next marker",
                 "bookmark", "scroll id", "last evaluated key")  # fmt: skip
_ITEM_MEMBERS = ("data", "items", "results", "values", "records", "entries", "content", "objects",
                 "list", "rows", "value", "elements", "hits", "edges", "nodes",
                 "resources")  # fmt: skip
_NOT_FILTERS = frozenset({"sort", "order", "order by", "sort by", "direction", "sort order",
                          "fields", "expand", "include", "embed", "select", "format", "q",
                          "query", "search", "pretty"})  # fmt: skip
_MAXIMUM = re.compile(r"max(?:imum|\.)?[^.\d]{0,30}(\d{1,6})", re.IGNORECASE)
_OPERATOR_WORDS: tuple[tuple[str, Operator], ...] = (
    ("gte", Operator.GTE), ("gt", Operator.GT), ("lte", Operator.LTE), ("lt", Operator.LT),
    ("after", Operator.GTE), ("since", Operator.GTE), ("from", Operator.GTE),
    ("min", Operator.GTE), ("start", Operator.GTE),
    ("before", Operator.LTE), ("until", Operator.LTE), ("to", Operator.LTE),
    ("max", Operator.LTE), ("end", Operator.LTE),
    ("contains", Operator.CONTAINS), ("like", Operator.CONTAINS),
    ("prefix", Operator.STARTS_WITH), ("starts with", Operator.STARTS_WITH),
    ("in", Operator.IN), ("ne", Operator.NEQ), ("not", Operator.NEQ),
)  # fmt: skip
"""Words after (or before) a field's name in a parameter's, and what they mean of it."""


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A list operation with what was found in its answer."""

    operation: GetOperation
    items_at: str | None
    item: Shape
    envelope: Shape
    is_same: bool
    """Whether items have the schema of the resource itself."""


def find_list(
    resource: Resource,
    operations: Mapping[str, GetOperation],
    answers: Sequence[ListAnswer],
    reader: TypeReader,
    shapes: Shapes,
) -> ListAnswer | None:
    """The list that the resource's items are of.

    The path before the item's own place, else the shortest path whose items have its schema.
    """
    parent = resource.item.path.rpartition("/")[0]
    for candidate in (parent, parent + "/"):
        operation = operations.get(candidate)
        found = list_answer(operation, shapes, reader) if operation is not None else None
        if found is not None:
            if reader.key_of(found.item) == resource.key:
                return _same(found)
            if _has_key(found.item, resource, shapes):
                return found
    same = [
        answer
        for answer in answers
        if reader.key_of(answer.item) == resource.key
        and set(answer.operation.places) <= set(resource.item.places)
        and not answer.operation.is_deprecated
    ]
    if not same:
        return None
    return _same(min(same, key=lambda a: (len(a.operation.places), len(a.operation.segments))))


def list_answer(operation: GetOperation, shapes: Shapes, reader: TypeReader) -> ListAnswer | None:
    """What an operation lists, None if its answer has no one list of objects."""
    if operation.answer is None:
        return None
    answer = shapes.of(operation.answer)
    if answer.is_list:
        item = _item(answer, shapes)
        return ListAnswer(operation, None, item, answer, False) if item is not None else None
    if not answer.is_object:
        return None
    found: list[tuple[str, Shape]] = []
    for source, node in answer.properties.items():
        member = shapes.of(node)
        if member.is_list and (item := _item(member, shapes)) is not None:
            found.append((source, item))
        elif member.is_object and normal(source) in ("data", "result", "embedded", "response"):
            for inner_source, inner_node in member.properties.items():
                inner = shapes.of(inner_node)
                if inner.is_list and (item := _item(inner, shapes)) is not None:
                    found.append((f"{source}.{inner_source}", item))
    if not found:
        return None
    if len(found) > 1:
        wanted = normal(operation.segments[-1]) if operation.segments else ""
        named = [
            each for each in found
            if normal(each[0].rpartition(".")[2]) in (wanted, *_ITEM_MEMBERS)
        ]  # fmt: skip
        if not named:
            return None
        found = sorted(named, key=lambda each: normal(each[0]) != wanted)
    return ListAnswer(operation, found[0][0], found[0][1], answer, False)


def pagination(answer: ListAnswer, shapes: Shapes) -> Pagination:
    """How the list turns its pages."""
    query = {normal(name): parameter for name, parameter in answer.operation.query.items()}
    limit = _first(query, _LIMITS)
    offset, page, cursor = (_first(query, names) for names in (_OFFSETS, _PAGES, _CURSORS))
    limit_name = limit.name if limit is not None else None
    maximum = _max_limit(limit, shapes)
    next_path = _next_path(answer.envelope, shapes)
    if page is not None and _is_number(page, shapes):
        return Pagination("page", limit_name, page.name, maximum, None, _first_page(page, shapes))
    if offset is not None and _is_number(offset, shapes):
        return Pagination("offset", limit_name, offset.name, maximum)
    if cursor is not None and (next_path is not None or _names_last_item(cursor)):
        return Pagination("cursor", limit_name, cursor.name, maximum, next_path)
    # Without a next cursor in the answer, only a header can have it (RFC 8288).
    if "link" in answer.operation.headers or (cursor is not None and answer.items_at is None):
        return Pagination("link_header", limit_name, None, maximum)
    if page is not None and next_path is not None:
        return Pagination("cursor", limit_name, page.name, maximum, next_path)
    return Pagination("none", limit_name, None, maximum)


def filters(
    answer: ListAnswer,
    pages: Pagination,
    fields: Sequence[FieldModel],
    key: Sequence[str],
    shapes: Shapes,
) -> tuple[tuple[tuple[str, str, Operator], ...], Parameter | None, tuple[Parameter, ...]]:
    """(filters, the parameter that takes many ids, required parameters that are no filter)."""
    by_name = {normal(field.source_name): field for field in fields}
    by_name.update({normal(field.name): field for field in fields})
    found: list[tuple[str, str, Operator]] = []
    unknown: list[Parameter] = []
    batch: Parameter | None = None
    used = {pages.limit_parameter, pages.position_parameter}
    for parameter in answer.operation.query.values():
        named = normal(parameter.name)
        if parameter.name in used or (named in _NOT_FILTERS and not parameter.required):
            continue
        schema = shapes.of(parameter.schema)
        if schema.is_list and len(key) == 1 and _names_ids(named, key[0]):
            batch = parameter
            continue
        meant = _meant(named, by_name)
        if meant is None or meant[0].type.is_list:
            if parameter.required:
                unknown.append(parameter)
            continue
        field, operator = meant
        if operator is Operator.EQ and schema.is_list:
            found.append((field.name, parameter.name, Operator.IN))
        found.append((field.name, parameter.name, operator))
    return tuple(found), batch, tuple(unknown)


def _meant(named: str, by_name: Mapping[str, FieldModel]) -> tuple[FieldModel, Operator] | None:
    field = by_name.get(named)
    if field is not None:
        return field, Operator.EQ
    stripped = named.removeprefix("filter ")
    if stripped in by_name:
        return by_name[stripped], Operator.EQ
    for word, operator in _OPERATOR_WORDS:
        for rest in (stripped.removesuffix(f" {word}"), stripped.removeprefix(f"{word} ")):
            if rest == stripped:
                continue
            for candidate in (rest, f"{rest} at", f"{rest} date", f"{rest} on", f"date {rest}"):
                if candidate in by_name:
                    return by_name[candidate], operator
    return None


def note_list(references: References, operation: GetOperation, message: str) -> None:
    """Say why a list is not offered."""
    references.note(operation.node, message, "left_out")


def _item(shape: Shape, shapes: Shapes) -> Shape | None:
    item = shapes.of(shape.items) if shape.items is not None else None
    if item is None:
        return None
    flat = flattened(item, shapes)
    return flat if flat.is_object else None


def _same(answer: ListAnswer) -> ListAnswer:
    return ListAnswer(answer.operation, answer.items_at, answer.item, answer.envelope, True)


def _has_key(item: Shape, resource: Resource, shapes: Shapes) -> bool:
    for part in resource.parts:
        if part.from_address:
            continue
        shape: Shape | None = item
        for source in part.source.split("."):
            node = shape.properties.get(source) if shape is not None else None
            if node is None:
                return False
            shape = shapes.of(node)
    return not resource.parts[-1].from_address


def _first(query: Mapping[str, Parameter], names: Sequence[str]) -> Parameter | None:
    return next((query[name] for name in names if name in query), None)


def _is_number(parameter: Parameter, shapes: Shapes) -> bool:
    types = shapes.of(parameter.schema).types
    return not types or bool(types & {"integer", "number"}) or parameter.schema is None


def _first_page(parameter: Parameter, shapes: Shapes) -> int:
    said = shapes.of(parameter.schema).keywords
    zero = said.get("default") == 0 or ("default" not in said and said.get("minimum") == 0)
    based = re.search(r"\b(zero|0)[- ](based|indexed)", parameter.description, re.IGNORECASE)
    return 0 if zero or based else 1


def _max_limit(parameter: Parameter | None, shapes: Shapes) -> int | None:
    if parameter is None:
        return None
    maximum = shapes.of(parameter.schema).keywords.get("maximum")
    if isinstance(maximum, int) and 0 < maximum < 10**6:
        return maximum
    said = _MAXIMUM.search(parameter.description)
    return int(said.group(1)) or None if said is not None else None


def _names_last_item(parameter: Parameter) -> bool:
    """Whether a cursor is the key of the last item seen, as in `starting_after`."""
    named = normal(parameter.name)
    return named in ("starting after", "after id", "since id", "start after")


def _names_ids(named: str, key: str) -> bool:
    wanted = normal(key)
    return named in (wanted, f"{wanted}s", f"filter {wanted}", f"{wanted} in", f"{wanted} s") or (
        wanted.endswith("id") and named in ("id", "ids")
    )


def _next_path(envelope: Shape, shapes: Shapes) -> str | None:
    """Where an answer has the cursor of the next page, at most two members deep."""
    if not envelope.is_object:
        return None
    found: list[tuple[int, int, str]] = []

    def look(shape: Shape, prefix: str, depth: int) -> None:
        for source, node in shape.properties.items():
            member = shapes.of(node)
            name = normal(source)
            if member.is_object and depth < 2 and (depth == 0 or name in ("cursors", "next")):
                look(member, f"{prefix}{source}.", depth + 1)
            elif name in _NEXT_MEMBERS and not member.is_list and not member.is_object:
                found.append((depth, _NEXT_MEMBERS.index(name), f"{prefix}{source}"))

    look(envelope, "", 0)
    return min(found)[2] if found else None
