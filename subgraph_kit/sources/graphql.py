"""Another GraphQL API as a source: its root fields as entities, by declaration.

    User = GraphqlRoot(
        "User",
        fields=(SourceField("id", type="ID"), SourceField("companyId", "company.id", "ID")),
        item=GraphqlItem("user", (GraphqlArgument("id", "ID!"),)),
        many=GraphqlMany("users", GraphqlArgument("ids", "[ID!]!")),
        listing=GraphqlList("users", items_at="nodes", pages=...),
    )

A batch is one request: by the field that takes many ids, by `_entities` of a federated subgraph, or
by the field for one under an alias for each. Documents are made once; only variables differ.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from datetime import datetime
from typing import Any

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityQuery,
    HealthState,
    HealthStatus,
)
from subgraph_kit.entity_key import entity_id, key_values
from subgraph_kit.errors import (
    ConfigurationError,
    EntityNotFoundError,
    FatalError,
    KitError,
    SourceResponseError,
)
from subgraph_kit.sources.conditions import Condition, conditions, unsupported
from subgraph_kit.sources.graphql_client import GraphqlSource
from subgraph_kit.sources.graphql_selection import selection
from subgraph_kit.sources.list_pages import RestPages
from subgraph_kit.sources.resources import Operator
from subgraph_kit.sources.shapes import ObjectReader, SourceField, SourceTypes

_ALIASES_PER_REQUEST = 50
_IDS_PER_REQUEST = 100
_PAGE_SIZE = 100
_MAX_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class GraphqlArgument:
    """An argument of a root field, and its type as a variable has it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class GraphqlItem:
    """The root field for one: its arguments are the key, in the order of the entity's key."""

    field: str
    arguments: tuple[GraphqlArgument, ...]


@dataclass(frozen=True, slots=True)
class GraphqlMany:
    """The root field for many ids; `_entities` takes representations of the key."""

    field: str
    argument: GraphqlArgument


@dataclass(frozen=True, slots=True)
class GraphqlFilter:
    """An argument of the list that compares a field."""

    field: str
    argument: GraphqlArgument
    operator: Operator = "eq"


@dataclass(frozen=True, slots=True)
class GraphqlList:
    """The root field for the list; `items_at` is where its answer has the items."""

    field: str
    items_at: str | None = None
    pages: RestPages = member(default_factory=lambda: RestPages("none"))
    filters: tuple[GraphqlFilter, ...] = ()
    argument_types: Mapping[str, str] = member(default_factory=dict)
    """The types of the arguments that turn pages."""


@dataclass(frozen=True, slots=True)
class GraphqlRoot:
    """What the API calls the entity's type, and the root fields that answer it."""

    type_name: str
    fields: tuple[SourceField, ...]
    types: SourceTypes = member(default_factory=dict)
    item: GraphqlItem | None = None
    many: GraphqlMany | None = None
    listing: GraphqlList | None = None
    updated_at: str | None = None


class GraphqlAdapter(DataProductAdapter):
    """Serves one entity type from the GraphQL API behind `source`."""

    def __init__(self, source: GraphqlSource, product: DataProduct, root: GraphqlRoot) -> None:
        self.data_product = product
        self._source = source
        self._root = root
        self._entity = product.entity_type
        self._key = product.schema.key
        self._reader = ObjectReader(self._entity, root.fields, root.types)
        self._fields = {each.name: each for each in root.fields}
        missing = [name for name in self._key if name not in self._fields]
        if missing:
            raise ConfigurationError(f"{self._entity}: {missing[0]!r} is none of its fields")
        if root.item is not None and len(root.item.arguments) != len(self._key):
            raise ConfigurationError(
                f"{self._entity}: {root.item.field} must have an argument for each key field"
            )
        self._fragment = f"fragment Fields on {root.type_name} {selection(root.fields, root.types)}"

    async def get_entity(self, entity_id: str) -> Entity:
        """One object by its key."""
        found = await self.query_entities(EntityQuery(ids=(entity_id,)))
        if not found:
            raise EntityNotFoundError(self._entity, entity_id)
        return found[0]

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """A batch by ids, or a page of the list."""
        if query.ids is not None:
            return await self._batch(query.ids)
        wanted = list(conditions(self._entity, query.filter))
        ids = self._ids_meant(wanted)
        if ids is not None:
            end = None if query.limit is None else query.offset + query.limit
            return (await self._batch(ids))[query.offset : end]
        return await self._page(query, wanted)

    async def health_check(self) -> HealthStatus:
        """Ask the API for the name of its root type."""
        started = time.perf_counter()
        try:
            await self._source.ask("query Health { __typename }", {})
        except KitError as error:
            return HealthStatus(HealthState.UNHEALTHY, str(error))
        return HealthStatus(
            HealthState.HEALTHY, latency_ms=round((time.perf_counter() - started) * 1000, 1)
        )

    async def close(self) -> None:
        """Release the connections to the API."""
        await self._source.close()

    # --- by key --------------------------------------------------------------------------------

    async def _batch(self, ids: Sequence[str]) -> list[Entity]:
        keys = [
            values
            for each in dict.fromkeys(ids)
            if (values := key_values(each, len(self._key))) is not None
        ]
        if not keys:
            return []
        if self._root.many is not None:
            ask, size = self._by_many, _IDS_PER_REQUEST
        elif self._root.item is not None:
            ask, size = self._by_aliases, _ALIASES_PER_REQUEST
        else:
            raise FatalError(f"the source cannot be asked for one {self._entity} by its key")
        found: list[Entity] = []
        for start in range(0, len(keys), size):
            found += await ask(keys[start : start + size])
        return found

    async def _by_aliases(self, keys: Sequence[tuple[str, ...]]) -> list[Entity]:
        item = self._root.item
        assert item is not None  # noqa: S101 - chosen by the caller
        variables: dict[str, Any] = {}
        declared: list[str] = []
        calls: list[str] = []
        for number, values in enumerate(keys):
            arguments = []
            for place, (argument, value) in enumerate(zip(item.arguments, values, strict=True)):
                name = f"v{number}_{place}"
                declared.append(f"${name}: {argument.type}")
                arguments.append(f"{argument.name}: ${name}")
                variables[name] = input_value(argument.type, value)
            calls.append(f"e{number}: {item.field}({', '.join(arguments)}) {{ ...Fields }}")
        document = f"query Items({', '.join(declared)}) {{ {' '.join(calls)} }} {self._fragment}"
        answer = await self._source.ask(document, variables, missing_is_null=True)
        found = []
        for number, values in enumerate(keys):
            found_one = answer.get(f"e{number}")
            if found_one:  # `node` answers an object of another type with no fields
                asked = dict(zip(self._key, values, strict=True))
                found.append(self._to_entity(found_one, asked))
        return found

    async def _by_many(self, keys: Sequence[tuple[str, ...]]) -> list[Entity]:
        many = self._root.many
        assert many is not None  # noqa: S101 - chosen by the caller
        values: list[Any] = []
        if many.field == "_entities":
            sources = [self._fields[name].path for name in self._key]
            values = [
                {"__typename": self._root.type_name, **dict(zip(sources, key, strict=True))}
                for key in keys
            ]
        else:
            values = [input_value(many.argument.type, key[0]) for key in keys]
        document = (
            f"query Many($many: {many.argument.type}) {{ items: {many.field}("
            f"{many.argument.name}: $many) {{ ...Fields }} }} {self._fragment}"
        )
        answer = await self._source.ask(document, {"many": values}, missing_is_null=True)
        items = answer.get("items") or []
        asked = {entity_id(key) for key in keys}
        entities = [self._to_entity(item) for item in items if item]
        return [entity for entity in entities if entity.id in asked]

    # --- the list ------------------------------------------------------------------------------

    def _ids_meant(self, wanted: Sequence[Condition]) -> list[str] | None:
        if {each.field for each in wanted} != set(self._key) or len(wanted) != len(self._key):
            return None
        if all(each.operator == "eq" for each in wanted):
            values = {each.field: each.value for each in wanted}
            return [entity_id([values[name] for name in self._key])]
        if len(wanted) == 1 and wanted[0].operator == "in":
            return list(dict.fromkeys(str(value) for value in wanted[0].value))
        return None

    async def _page(self, query: EntityQuery, wanted: Sequence[Condition]) -> list[Entity]:
        listing = self._root.listing
        if listing is None:
            raise FatalError(f"the source has no list of {self._entity}; ask for it by its key")
        if query.order:
            raise unsupported(self._entity, query.order[0].field)
        if query.limit == 0:
            return []
        given: dict[str, tuple[str, Any]] = {}
        for each in wanted:
            argument = self._argument(listing, each)
            value = self._reader.to_source(each.field, each.value)
            given[argument.name] = (argument.type, value)
        found: list[Entity] = []
        skip, left = query.offset, query.limit
        position: Any = None
        pages = listing.pages
        size = min(left or _PAGE_SIZE, pages.max_limit or _PAGE_SIZE)
        if pages.style == "offset" and pages.position_parameter is not None:
            position, skip = skip, 0
        elif pages.style == "page":
            if left is None or skip % size or left > size:
                size = pages.max_limit or _PAGE_SIZE
            position, skip = pages.first_page + skip // size, skip % size
        elif pages.style == "cursor" and skip:
            size = pages.max_limit or _PAGE_SIZE
        seen: set[Any] = set()
        for _ in range(_MAX_PAGES):
            answer = await self._list_call(listing, given, size, position)
            items = _items(answer, listing.items_at)
            kept = items[skip:] if left is None else items[skip : skip + left]
            found += [self._to_entity(item) for item in kept if item is not None]
            skip = max(0, skip - len(items))
            if left is not None:
                left -= len(kept)
            if not items or left == 0:
                return found
            position = self._next(pages, answer, position, len(items))
            if position is None or position in seen:
                return found
            seen.add(position)
        raise SourceResponseError(f"{self._source.name} has pages of {listing.field} without end")

    def _next(self, pages: RestPages, answer: Any, position: Any, count: int) -> Any:
        match pages.style:
            case "offset":
                return (position or 0) + count
            case "page":
                return position + 1
            case "cursor":
                info = _at(answer, (pages.next_cursor_path or "").rpartition(".")[0])
                if isinstance(info, Mapping) and info.get("hasNextPage") is False:
                    return None
                return _at(answer, pages.next_cursor_path or "")
            case _:
                return None

    async def _list_call(
        self, listing: GraphqlList, given: Mapping[str, tuple[str, Any]], size: int, position: Any
    ) -> Any:
        arguments = dict(given)
        pages = listing.pages
        for name, value in ((pages.limit_parameter, size), (pages.position_parameter, position)):
            if name is not None and value is not None:
                arguments[name] = (listing.argument_types.get(name, "Int"), value)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in arguments.items())
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        document = (
            f"query List{f'({declared})' if declared else ''} {{ list: {listing.field}"
            f"{f'({passed})' if passed else ''} {_around(listing)} }} {self._fragment}"
        )
        answer = await self._source.ask(
            document, {name: value for name, (_, value) in arguments.items()}
        )
        return answer.get("list")

    def _argument(self, listing: GraphqlList, condition: Condition) -> GraphqlArgument:
        for each in listing.filters:
            if each.field == condition.field and each.operator == condition.operator:
                return each.argument
        raise unsupported(self._entity, condition.field, condition.operator)

    # --- shapes --------------------------------------------------------------------------------

    def _to_entity(self, item: Any, asked: Mapping[str, str] | None = None) -> Entity:
        if not isinstance(item, Mapping):
            raise SourceResponseError(
                f"{self._source.name} answered a {self._entity} that is no object"
            )
        data = self._reader.read(item)
        for name, value in (asked or {}).items():
            data[name] = self._reader.convert(name, value)
        key = [data[name] for name in self._key]
        if any(value is None for value in key):
            raise SourceResponseError(
                f"{self._source.name} answered a {self._entity} without its key"
            )
        moment = _moment(data.get(self._root.updated_at or ""))
        return Entity(
            self._entity,
            entity_id(key),
            data,
            version=int(moment.timestamp() * 1000) if moment is not None else 1,
            updated_at=moment,
        )


def input_value(type_text: str, value: str) -> Any:
    """A part of a key as the variable's type takes it: an `Int` is a number."""
    plain = type_text.strip("[]!")
    try:
        if plain == "Int":
            return int(value)
        if plain == "Float":
            return float(value)
    except ValueError:
        return value  # the API will say that there is no such thing
    return value


def _around(listing: GraphqlList) -> str:
    """The selection of a list's answer around its items, with what turns pages."""
    inner = "{ ...Fields }"
    path = listing.items_at.split(".") if listing.items_at is not None else []
    for token in reversed(path[1:]):
        inner = f"{{ {token} {inner} }}"
    if not path:
        return inner
    extra = ""
    cursor = listing.pages.next_cursor_path
    if listing.pages.style == "cursor" and cursor is not None:
        *outer, last = cursor.split(".")
        extra = f"{last} hasNextPage" if last == "endCursor" else last
        for token in reversed(outer):
            extra = f"{token} {{ {extra} }}"
    return f"{{ {path[0]} {inner} {extra} }}"


def _items(answer: Any, path: str | None) -> list[Any]:
    """The items of a list's answer; a path may go through a list (`edges.node`)."""
    values = [answer]
    for token in path.split(".") if path is not None else ():
        flat: list[Any] = []
        for value in values:
            flat += value if isinstance(value, list) else [value]
        values = [value.get(token) if isinstance(value, Mapping) else None for value in flat]
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += value
        elif value is not None:
            found.append(value)
    return found


def _at(answer: Any, path: str) -> Any:
    for token in path.split(".") if path else ():
        answer = answer.get(token) if isinstance(answer, Mapping) else None
    return answer


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
