"""DataLoaders: many asks in one request become one call (row 67).

A loader lives as long as one GraphQL request. Keys asked for at the same time become one batch,
in the order of asking, each key once; keys that the batch does not answer fail in their own slot.

Collecting ends when the event loop has nothing left to run before it would wait, which loses no
time; `window_seconds` makes it wait longer, for resolvers that await something else before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, Generic, ParamSpec, Protocol, TypeVar

from aiodataloader import DataLoader, Loader, dispatch_queue
from strawberry import Info

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import Entity, EntityQuery
from subgraph_kit.entity_key import entity_id as id_of_key
from subgraph_kit.errors import ConfigurationError, EntityNotFoundError, KitError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")

_ABSENT: Final = object()


class MissingKeyError(KitError):
    """A batch function gave no value for a key."""

    code = "MISSING_KEY"


@dataclass(slots=True)
class RequestLoaders:
    """The loaders of one request, made as they are needed.

    `max_batch_size` cuts batches (None: any number of keys is one call), `window_seconds` is how
    long a batch collects. With `remember` False nothing is kept after its batch: in a mutation,
    what is read again must be new.
    """

    max_batch_size: int | None = None
    window_seconds: float = 0.0
    remember: bool = True
    _loaders: dict[Hashable, _WindowLoader] = field(default_factory=dict)

    def get(
        self, identity: Hashable, batch: Callable[[list[Any]], Awaitable[list[Any]]]
    ) -> _WindowLoader:
        """Return the request's loader of this identity; `batch` answers keys in their order."""
        loader = self._loaders.get(identity)
        if loader is None:
            loader = _WindowLoader(
                batch, self.max_batch_size, self.window_seconds, remember=self.remember
            )
            self._loaders[identity] = loader
        return loader


class _WindowLoader(DataLoader[Any, Any]):
    """aiodataloader with a window: it collects for `window_seconds` rather than one turn."""

    def __init__(
        self,
        batch: Callable[[list[Any]], Awaitable[list[Any]]],
        max_batch_size: int | None,
        window_seconds: float,
        *,
        remember: bool,
    ) -> None:
        async def load(keys: list[Any]) -> list[Any]:
            distinct = list(dict.fromkeys(keys))
            values = dict(zip(distinct, await batch(distinct), strict=True))
            return [values[key] for key in keys]

        super().__init__(
            load,
            max_batch_size=max_batch_size,
            cache=remember,
            loop=asyncio.get_running_loop(),
        )
        self._window_seconds = window_seconds

    def do_resolve_reject(self, key: Any, future: asyncio.Future[Any]) -> None:
        # A future whose owner went away must not be reported as "exception never retrieved".
        future.add_done_callback(_retrieve)
        if self._window_seconds <= 0:
            super().do_resolve_reject(key, future)
            return
        was_empty = not self._queue
        self._queue.append(Loader(key, future))
        if was_empty:
            self.loop.call_later(self._window_seconds, dispatch_queue, self)


def _retrieve(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


def request_loaders(info: Info[Any, Any]) -> RequestLoaders:
    """The loaders of the request that `info` belongs to.

    Raises:
        ConfigurationError: if the schema is not served by this kit's GraphQL app.
    """
    loaders = getattr(info.context, "loaders", None)
    if not isinstance(loaders, RequestLoaders):
        raise ConfigurationError(
            "this request has no loaders: serve the schema by MeshApp or GraphQLApp, or pass "
            "context_value=RequestContext() to execute()"
        )
    return loaders


# --- Entities by id -----------------------------------------------------------------------------


async def load_entity(
    loaders: RequestLoaders, adapter: DataProductAdapter, entity_id: str
) -> Entity | None:
    """Load one entity by id, batched with all others of the adapter; None if there is none."""

    async def batch(ids: list[str]) -> list[Entity | None]:
        found = await adapter.query_entities(EntityQuery(ids=tuple(ids)))
        by_id = {entity.id: entity for entity in found}
        return [by_id.get(wanted) for wanted in ids]

    entity: Entity | None = await loaders.get(("entity", id(adapter)), batch).load(entity_id)
    return entity


async def load_required_entity(
    loaders: RequestLoaders, adapter: DataProductAdapter, entity_id: str
) -> Entity:
    """The same, where there has to be one.

    Raises:
        EntityNotFoundError: in this slot only; the others of the batch get their entities.
    """
    entity = await load_entity(loaders, adapter, entity_id)
    if entity is None:
        raise EntityNotFoundError(adapter.data_product.entity_type, entity_id)
    return entity


async def load_entity_by_key(
    loaders: RequestLoaders,
    adapter: DataProductAdapter,
    key: tuple[str, ...],
    values: tuple[str, ...],
) -> Entity | None:
    """Load one entity by the fields of any of its keys; all asks of one key are one batch."""
    if key == adapter.get_schema().key:
        return await load_entity(loaders, adapter, id_of_key(values))
    exactly = len(key) > 1 and answers_references(adapter)

    async def batch(wanted: list[tuple[str, ...]]) -> list[Entity | None]:
        if exactly:
            pages = await adapter.query_by_reference(key, wanted, EntityQuery(limit=1))
            return [next(iter(pages.get(values, ())), None) for values in wanted]
        fields = {
            name: {"in": sorted({values[position] for values in wanted})}
            for position, name in enumerate(key)
        }
        found: Sequence[Entity] = await adapter.query_entities(EntityQuery(filter=fields))
        by_key = {tuple(str(entity.data.get(name)) for name in key): entity for entity in found}
        return [by_key.get(values) for values in wanted]

    entity: Entity | None = await loaders.get(("key", id(adapter), key), batch).load(values)
    return entity


def answers_references(adapter: DataProductAdapter) -> bool:
    """Whether the adapter's source answers many references at once, rather than one by one."""
    author = getattr(adapter, "adapter", adapter)
    return type(author).query_by_reference is not DataProductAdapter.query_by_reference


# --- Pages of many parents ----------------------------------------------------------------------

Pages = Mapping[tuple[str, ...], Sequence[Entity]]


async def load_page(
    loaders: RequestLoaders,
    identity: Hashable,
    ask: Callable[[Sequence[tuple[str, ...]]], Awaitable[Pages]],
    values: tuple[str, ...],
) -> Sequence[Entity]:
    """The page of one parent; `ask` answers those of all parents with an equal `identity`."""

    async def batch(wanted: list[tuple[str, ...]]) -> list[Sequence[Entity]]:
        pages = await ask(wanted)
        return [pages.get(each, ()) for each in wanted]

    page: Sequence[Entity] = await loaders.get(identity, batch).load(values)
    return page


# --- Anything by key ----------------------------------------------------------------------------


class BatchLoader(Generic[K, V, P]):
    """A batch function that resolvers ask key by key; make one with `@batch_loader`."""

    def __init__(
        self,
        function: Callable[Concatenate[Sequence[K], P], Awaitable[Mapping[K, V]]],
        missing: Callable[[], V] | None,
    ) -> None:
        self._function = function
        self._missing = missing
        self.__name__ = getattr(function, "__name__", "batch_loader")
        self.__doc__ = function.__doc__

    async def load(self, info: Info[Any, Any], key: K, *args: P.args, **kwargs: P.kwargs) -> V:
        """Return the value of `key`; the arguments are part of what is batched together.

        Raises:
            MissingKeyError: if the function gave none and the loader has no `missing` value.
        """

        async def batch(keys: list[K]) -> list[Any]:
            found = await self._function(keys, *args, **kwargs)
            return [found.get(wanted, _ABSENT) for wanted in keys]

        identity = (id(self), freeze(args), freeze(kwargs))
        value = await request_loaders(info).get(identity, batch).load(key)
        if value is _ABSENT:
            if self._missing is None:
                raise MissingKeyError(f"{self.__name__} has nothing for {key!r}")
            return self._missing()
        result: V = value
        return result


class BatchLoaderDecorator(Protocol):
    """Turns a batch function into a `BatchLoader`."""

    def __call__(
        self, function: Callable[Concatenate[Sequence[K], P], Awaitable[Mapping[K, V]]], /
    ) -> BatchLoader[K, V, P]:
        """Make the loader."""
        ...


def batch_loader(*, missing: Callable[[], Any] | None = None) -> BatchLoaderDecorator:
    """Make a loader of `async def function(keys, ...) -> {key: value}`.

        @batch_loader(missing=list)
        async def invoices_of(customer_ids: Sequence[str], limit: int) -> dict[str, list[Invoice]]:
            ...one query for all of them...

        class Customer:
            @strawberry.field
            async def invoices(self, info: Info, limit: int = 10) -> list[Invoice]:
                return await invoices_of.load(info, self.id, limit=limit)

    `missing` makes the value of a key that the result leaves out; without it that is an error in
    the key's slot.
    """

    def decorate(
        function: Callable[Concatenate[Sequence[K], P], Awaitable[Mapping[K, V]]],
    ) -> BatchLoader[K, V, P]:
        return BatchLoader(function, missing)

    return decorate


def freeze(value: Any) -> Hashable:
    """A hashable stand-in that is equal where the arguments are equal."""
    match value:
        case Mapping():
            return ("map", tuple(sorted((str(k), freeze(v)) for k, v in value.items())))
        case list() | tuple():
            return ("list", tuple(freeze(item) for item in value))
        case Hashable():
            return (type(value).__name__, value)
        case _:
            return ("repr", repr(value))
