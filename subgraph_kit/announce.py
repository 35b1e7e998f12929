"""Make a data product known: its catalog rows, its topic, the system topic (rows 15, 23)."""

from __future__ import annotations

from dataclasses import replace

import structlog

from subgraph_kit.backends import MeshBackends
from subgraph_kit.catalog.base import PRODUCT_ROW_ID, EntityRegistration
from subgraph_kit.data_product import DataProduct
from subgraph_kit.errors import KitError, RetriableError
from subgraph_kit.events.topics import config_for, entity_topic
from subgraph_kit.json_schema import json_schema
from subgraph_kit.registration import RegisteredAdapter

_log = structlog.get_logger(__name__)


async def register_product(backends: MeshBackends, adapter: RegisteredAdapter) -> None:
    """Write one data product's rows and announce it; doing it again changes nothing."""
    product = adapter.data_product
    registration = product_registration(product)
    catalog = backends.catalog
    try:
        # Before the row that names this version.
        await catalog.register_schema(
            product.entity_type,
            product.schema.version,
            "json_schema",
            json_schema(adapter.get_schema()),
        )
    except RetriableError:
        raise
    except KitError as error:
        # The subgraph still serves; whoever changed the schema reads what to do about it.
        _log.error("the entity schema was not published", error=str(error))
        registration = replace(registration, schema_version=None)
    await catalog.register_entity(registration)
    for edge in adapter.get_lineage():
        await catalog.track_lineage(
            edge.upstream_system,
            edge.downstream_system,
            edge.transformation_type,
            transformation_logic=edge.transformation_logic,
        )
    topic = entity_topic(product.domain, product.source_system, tenant=backends.publisher.tenant)
    await backends.bus.ensure_topic(topic, config_for(topic))
    await backends.publisher.announce_entities([registration])
    await backends.publisher.announce_lineage(adapter.get_lineage())


def product_registration(product: DataProduct) -> EntityRegistration:
    """The catalog row that stands for the whole data product."""
    return EntityRegistration(
        entity_type=product.entity_type,
        domain=product.domain,
        source_system=product.source_system,
        source_entity_id=PRODUCT_ROW_ID,
        api_base_url=product.access.base_url,
        api_path_template=product.access.path_template,
        api_method=product.access.method,
        api_auth_type=product.access.auth_type,
        schema_version=product.schema.version,
        availability_sla=product.sla.availability,
        latency_p99_ms=product.sla.latency.p99_ms,
        freshness_sla_seconds=product.sla.freshness_seconds,
        contains_pii=product.schema.contains_pii,
        data_classification=product.classification,
        retention_days=product.retention_days,
    )
