"""Fields that ask adapters: one entity, a page, a connection; for roots, references and links."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

import strawberry
from strawberry import UNSET, Info
from strawberry.federation.schema_directives import FederationDirective, ImportedFrom
from strawberry.schema_directive import Location

from subgraph_kit.data_product import Entity, EntityQuery, EntitySchema
from subgraph_kit.schema.derived.filters import DEFAULT_LIMIT, ListInputs, entity_query
from subgraph_kit.schema.derived.naming import attribute_name
from subgraph_kit.schema.derived.paging import connection_types, make_page, page_bounds
from subgraph_kit.schema.derived.types import list_of, optional

Ask = Callable[[Any, Info[Any, Any], EntityQuery], Awaitable[Sequence[Entity]]]
"""Gets the object that has the field (None at the root), and the page that is wanted."""

_FEDERATION_WITH_COST: Final = (2, 9)


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="listSize", print_definition=False
)
class ListSize(FederationDirective):
    """How long a list may be, for the gateway's cost of an operation."""

    assumed_size: int | None = UNSET
    slicing_arguments: list[str] | None = UNSET
    sized_fields: list[str] | None = UNSET
    require_one_slicing_argument: bool = False
    imported_from: ClassVar[ImportedFrom] = ImportedFrom(
        name="listSize", url="https://specs.apollo.dev/federation/v2.9"
    )
    minimum_version: ClassVar[Any] = _FEDERATION_WITH_COST


@dataclass(frozen=True, slots=True)
class ListOf:
    """What lists of one entity type are made of."""

    schema: EntitySchema
    cls: Any
    inputs: ListInputs

    def arguments(self) -> dict[str, tuple[Any, Any]]:
        """`filter` and `orderBy`, where the entity has any: annotation and default by name."""
        found: dict[str, tuple[Any, Any]] = {}
        filter_type = self.inputs.filter_type(self.schema)
        order_type = self.inputs.order_type(self.schema)
        if filter_type is not None:
            found["filter"] = (optional(filter_type), UNSET)
        if order_type is not None:
            found["order_by"] = (optional(list_of(order_type)), UNSET)
        return found

    def size(self, slicing: str, sized: list[str] | None = UNSET) -> list[Any]:
        """The directive that says how long a page is, where it is known how many there are."""
        if self.schema.row_estimate is None:
            return []
        assumed = max(1, min(DEFAULT_LIMIT, self.schema.row_estimate))
        return [ListSize(assumed_size=assumed, slicing_arguments=[slicing], sized_fields=sized)]


def one_field(
    name: str,
    cls: Any,
    arguments: dict[str, Any],
    ask: Callable[[Info[Any, Any], dict[str, Any]], Awaitable[Entity | None]],
    description: str,
) -> Any:
    """A root field for one entity; `arguments` are annotations by GraphQL name."""
    attributes = {attribute_name(each): each for each in arguments}

    async def resolve(info: Info, **given: Any) -> Any:
        entity = await ask(info, {attributes[key]: value for key, value in given.items()})
        return None if entity is None else cls.from_entity(entity)

    parameters = {
        attribute: (Annotated[arguments[each], strawberry.argument(name=each)], _REQUIRED)
        for attribute, each in attributes.items()
    }
    _set_signature(resolve, parameters, optional(cls))
    return named_field(name, resolve, description)


def page_field(
    name: str, items: ListOf, ask: Ask, description: str | None, *, of_object: bool = False
) -> Any:
    """A list with `filter`, `orderBy`, `limit` and `offset`."""

    async def page(
        root: Any, info: Info[Any, Any], filter: Any, order_by: Any, limit: int, offset: int
    ) -> Any:
        found = await ask(root, info, entity_query(filter, order_by, limit, offset))
        return [items.cls.from_entity(entity) for entity in found]

    resolve = _with_root(page) if of_object else _without_root(page)
    parameters = {**items.arguments(), "limit": (int, DEFAULT_LIMIT), "offset": (int, 0)}
    _set_signature(resolve, parameters, list_of(items.cls), of_object=of_object)
    return named_field(name, resolve, description, items.size("limit"))


def connection_field(name: str, items: ListOf, ask: Ask, description: str) -> Any:
    """The same list as Relay has it: `first` and `after`."""
    types = connection_types(items.schema.entity, items.cls)

    async def resolve(
        info: Info, first: int, after: Any = None, filter: Any = None, order_by: Any = None
    ) -> Any:
        limit, offset = page_bounds(first, after)
        query = entity_query(filter, order_by, limit, offset)
        # One more than asked for tells whether there is a next page.
        query = EntityQuery(filter=query.filter, order=query.order, limit=limit + 1, offset=offset)
        found = await ask(None, info, query)
        return make_page(types, [items.cls.from_entity(each) for each in found], limit, offset)

    parameters = {
        **items.arguments(),
        "first": (int, DEFAULT_LIMIT),
        "after": (optional(str), UNSET),
    }
    _set_signature(resolve, parameters, types[0])
    return named_field(name, resolve, description, items.size("first", ["edges"]))


def named_field(
    name: str,
    resolver: Callable[..., Any],
    description: str | None,
    directives: Sequence[Any] = (),
) -> Any:
    """A Strawberry field of this name, to be set on a class."""
    field = strawberry.field(
        resolver=resolver, name=name, description=description, directives=list(directives)
    )
    field.python_name = attribute_name(name)
    return field


_REQUIRED = inspect.Parameter.empty


def _with_root(page: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def resolve(
        self: Any, info: Info, limit: int, offset: int, filter: Any = None, order_by: Any = None
    ) -> Any:
        return await page(self, info, filter, order_by, limit, offset)

    return resolve


def _without_root(page: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def resolve(
        info: Info, limit: int, offset: int, filter: Any = None, order_by: Any = None
    ) -> Any:
        return await page(None, info, filter, order_by, limit, offset)

    return resolve


def _set_signature(
    resolve: Any,
    parameters: dict[str, tuple[Any, Any]],
    returns: Any,
    *,
    of_object: bool = False,
) -> None:
    """Give a resolver the parameters that Strawberry shall see."""
    kind = inspect.Parameter.KEYWORD_ONLY
    leading = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
        for name, annotation in ((("self", Any),) if of_object else ()) + (("info", Info),)
    ]
    resolve.__signature__ = inspect.Signature(
        [
            *leading,
            *(
                inspect.Parameter(name, kind, annotation=annotation, default=default)
                for name, (annotation, default) in parameters.items()
            ),
        ],
        return_annotation=returns,
    )
    resolve.__annotations__ = {
        **{each.name: each.annotation for each in leading},
        **{name: annotation for name, (annotation, _) in parameters.items()},
        "return": returns,
    }
