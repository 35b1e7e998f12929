"""The contract between a source and the mesh: `DataProductAdapter` (rows 1 to 9).

An adapter serves one entity type of one source. It says what it has (`data_product`), reads it
(`get_entity`, `query_entities`), and tells what changes (`stream_changes`). Tracing, caching,
breaker, retries, catalog and events are put around it by registration (`app.py`); an adapter
contains none of that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from subgraph_kit.data_product import (
    AdapterMetrics,
    DataProduct,
    Entity,
    EntityChange,
    EntityQuery,
    EntitySchema,
    HealthStatus,
    LineageEdge,
    ServiceLevelAgreement,
)


class DataProductAdapter(ABC):
    """Serves one entity type of one source.

    Subclasses set `data_product` and implement `get_entity`, `query_entities` and
    `health_check`; the other methods have defaults that read `data_product`.
    """

    data_product: DataProduct
    supports_polling: bool = False
    """Whether `stream_changes` finds changes by itself, without webhooks."""
    max_batch_size: int | None = None
    """The most ids the source takes in one batch; None means any number, so one call."""

    @abstractmethod
    async def get_entity(self, entity_id: str) -> Entity:
        """Fetch one entity from the source.

        Raises:
            EntityNotFoundError: if the source has none with this id.
            RetriableError: if the source cannot answer now.
        """

    @abstractmethod
    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        """Fetch entities by ids (any order, missing ones left out) or a page of the list.

        A batch by ids costs as few source calls as the source allows, usually one.
        """

    async def query_by_reference(
        self, fields: tuple[str, ...], values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """For each of `values`, a page of the entities whose `fields` equal it.

        This is the far side of a reference: the invoices of many customers, a page of each.
        `query` has the filter, order, limit and offset of every page. The default asks for one
        page after the other; a source that can do better overrides it.
        """
        pages: dict[tuple[str, ...], Sequence[Entity]] = {}
        for value in values:
            equal = dict(zip(fields, value, strict=True))
            pages[value] = await self.query_entities(
                replace(query, ids=None, filter={**query.filter, **equal})
            )
        return pages

    async def query_by_link(
        self, link: str, values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        """For each of `values`, a page of the entities that `link` pairs with it.

        `values` are keys of the entities on the link's other side: the tags of many articles. What
        a link is, the adapter knows; the default knows none.

        Raises:
            ConfigurationError: if there is no such link.
        """
        from subgraph_kit.errors import ConfigurationError

        raise ConfigurationError(f"the adapter of {self.data_product.entity_type} has no {link!r}")

    @abstractmethod
    async def health_check(self) -> HealthStatus:
        """Ask the source whether it can serve; never raises."""

    def get_schema(self) -> EntitySchema:
        """The canonical form of the entity type."""
        return self.data_product.schema

    def get_sla(self) -> ServiceLevelAgreement:
        """What consumers may rely on."""
        return self.data_product.sla

    def get_lineage(self) -> tuple[LineageEdge, ...]:
        """Where the data comes from."""
        return self.data_product.lineage

    def get_metrics(self) -> AdapterMetrics:
        """Counts since the process started. Registration wraps the adapter and counts for it."""
        return AdapterMetrics()

    async def stream_changes(self, cursor: str | None) -> AsyncIterator[tuple[EntityChange, str]]:
        """Yield changes found by polling since `cursor`, each with the cursor to go on from.

        Endless: sleeps between polls. The caller stores the cursor once it holds the change
        durably. `cursor` None means "from now on". The default yields nothing, ever.
        """
        return
        yield  # makes this an async generator

    def parse_webhook(self, body: bytes) -> Sequence[EntityChange]:
        """Read a webhook body that was authenticated already.

        Raises:
            InvalidEventError: if the body is not what the source sends.
        """
        from subgraph_kit.errors import InvalidEventError

        raise InvalidEventError(f"{self.data_product.source_system} sends no webhooks")

    async def close(self) -> None:  # noqa: B027 - nothing to release is a fine default
        """Release the connections to the source."""
