"""The catalog's SQL that is longer than a line; `postgres.py` and `apply_event.py` run it."""

from __future__ import annotations

ENTITY_COLUMNS = (
    "entity_type, domain, source_system, source_entity_id, api_base_url, api_path_template,"
    " api_method, api_auth_type, schema_id, schema_version, availability_sla, latency_p99_ms,"
    " freshness_sla_seconds, contains_pii, data_classification, retention_days, status"
)

REGISTER_ENTITIES = f"""
INSERT INTO entity_catalog ({ENTITY_COLUMNS})
SELECT entity_type, domain, source_system, source_entity_id, api_base_url, api_path_template,
    api_method, api_auth_type, s.id, schema_version, availability_sla, latency_p99_ms,
    freshness_sla_seconds, contains_pii, data_classification, retention_days, status
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::numeric[], $11::int[], $12::int[], $13::bool[], $14::text[],
    $15::int[], $16::text[])
    AS n (entity_type, domain, source_system, source_entity_id, api_base_url, api_path_template,
    api_method, api_auth_type, schema_version, availability_sla, latency_p99_ms,
    freshness_sla_seconds, contains_pii, data_classification, retention_days, status)
LEFT JOIN (SELECT id, entity_type AS of_type, version FROM schemas) s
    ON s.of_type = n.entity_type AND s.version = n.schema_version
ORDER BY source_system, entity_type, source_entity_id -- one order of locks for all writers
ON CONFLICT (source_system, source_entity_id, entity_type) DO UPDATE SET
    domain = EXCLUDED.domain,
    api_base_url = EXCLUDED.api_base_url,
    api_path_template = EXCLUDED.api_path_template,
    api_method = EXCLUDED.api_method,
    api_auth_type = EXCLUDED.api_auth_type,
    schema_id = EXCLUDED.schema_id,
    schema_version = EXCLUDED.schema_version,
    availability_sla = EXCLUDED.availability_sla,
    latency_p99_ms = EXCLUDED.latency_p99_ms,
    freshness_sla_seconds = EXCLUDED.freshness_sla_seconds,
    contains_pii = EXCLUDED.contains_pii,
    data_classification = EXCLUDED.data_classification,
    retention_days = EXCLUDED.retention_days,
    status = EXCLUDED.status,
    updated_at = clock_timestamp(),
    last_seen_at = clock_timestamp()
RETURNING id, source_system, source_entity_id, entity_type
"""  # noqa: S608 - only constants of this module are put together

MISSING_SCHEMAS = """
SELECT DISTINCT entity_type, version FROM unnest($1::text[], $2::text[]) AS n (entity_type, version)
WHERE version IS NOT NULL AND NOT EXISTS (
    SELECT FROM schemas s WHERE s.entity_type = n.entity_type AND s.version = n.version)
"""

# An entity that becomes known by an event inherits from its data product's row, where there is one.
SEE_ENTITY = f"""
INSERT INTO entity_catalog ({ENTITY_COLUMNS})
SELECT $1, $2, $3, $4, coalesce(p.api_base_url, $5), coalesce(p.api_path_template, $6),
    coalesce(p.api_method, 'GET'), p.api_auth_type, p.schema_id, p.schema_version,
    p.availability_sla, p.latency_p99_ms, p.freshness_sla_seconds, coalesce(p.contains_pii, FALSE),
    p.data_classification, p.retention_days, $7
FROM (SELECT) AS one LEFT JOIN entity_catalog p
    ON p.source_system = $3 AND p.entity_type = $1 AND p.source_entity_id = $8
ON CONFLICT (source_system, source_entity_id, entity_type) DO UPDATE SET
    status = EXCLUDED.status, updated_at = clock_timestamp(), last_seen_at = clock_timestamp()
RETURNING id
"""  # noqa: S608 - only constants of this module are put together

RECORD_RELATIONSHIPS = """
INSERT INTO entity_relationships (
    subject_catalog_id, subject_entity_type, subject_entity_id, relationship_type,
    relationship_cardinality, object_catalog_id, object_entity_type, object_entity_id, valid_from,
    object_display_name, created_by_event_id)
SELECT $1, $2, $3, n.relationship_type, NULL, o.id, n.object_type, n.object_id, $9,
    n.display_name, $10
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
    AS n (relationship_type, object_type, object_id, source_system, display_name)
LEFT JOIN entity_catalog o ON o.source_system = n.source_system
    AND o.source_entity_id = n.object_id AND o.entity_type = n.object_type
ORDER BY relationship_type, object_type, object_id
ON CONFLICT (subject_entity_type, subject_entity_id, relationship_type,
             object_entity_type, object_entity_id) WHERE valid_to IS NULL
DO UPDATE SET
    subject_catalog_id = EXCLUDED.subject_catalog_id,
    object_catalog_id =
        coalesce(EXCLUDED.object_catalog_id, entity_relationships.object_catalog_id),
    object_display_name =
        coalesce(EXCLUDED.object_display_name, entity_relationships.object_display_name)
"""

# valid_from stays: a relationship that is confirmed has not begun anew.
RECORD_RELATIONSHIP = """
INSERT INTO entity_relationships (
    subject_catalog_id, subject_entity_type, subject_entity_id, relationship_type,
    relationship_cardinality, object_catalog_id, object_entity_type, object_entity_id,
    subject_display_name, object_display_name, relationship_metadata, created_by_event_id,
    valid_from)
VALUES (
    (SELECT id FROM entity_catalog WHERE entity_type = $1 AND source_entity_id = $2
     ORDER BY last_seen_at DESC LIMIT 1),
    $1, $2, $3, $4,
    (SELECT id FROM entity_catalog WHERE entity_type = $5 AND source_entity_id = $6
     ORDER BY last_seen_at DESC LIMIT 1),
    $5, $6, $7, $8, $9, $10, clock_timestamp())
ON CONFLICT (subject_entity_type, subject_entity_id, relationship_type,
             object_entity_type, object_entity_id) WHERE valid_to IS NULL
DO UPDATE SET
    subject_catalog_id =
        coalesce(EXCLUDED.subject_catalog_id, entity_relationships.subject_catalog_id),
    object_catalog_id =
        coalesce(EXCLUDED.object_catalog_id, entity_relationships.object_catalog_id),
    relationship_cardinality = EXCLUDED.relationship_cardinality,
    subject_display_name =
        coalesce(EXCLUDED.subject_display_name, entity_relationships.subject_display_name),
    object_display_name =
        coalesce(EXCLUDED.object_display_name, entity_relationships.object_display_name),
    relationship_metadata = EXCLUDED.relationship_metadata
RETURNING id
"""

END_RELATIONSHIP = """
UPDATE entity_relationships
SET valid_to = greatest(clock_timestamp(), valid_from + INTERVAL '1 microsecond')
WHERE subject_entity_type = $1 AND subject_entity_id = $2 AND relationship_type = $3
  AND object_entity_type = $4 AND object_entity_id = $5 AND valid_to IS NULL
RETURNING id
"""

# An event that names relationships of a kind names all of that kind: the others have ended.
END_OTHER_RELATIONSHIPS = """
UPDATE entity_relationships r
SET valid_to = greatest($6, valid_from + INTERVAL '1 microsecond')
WHERE subject_entity_type = $1 AND subject_entity_id = $2 AND valid_to IS NULL
  AND relationship_type = ANY($3::text[]) AND NOT EXISTS (
    SELECT FROM unnest($3::text[], $4::text[], $5::text[]) AS n (kind, object_type, object_id)
    WHERE n.kind = r.relationship_type AND n.object_type = r.object_entity_type
      AND n.object_id = r.object_entity_id)
"""

END_ALL_RELATIONSHIPS = """
UPDATE entity_relationships
SET valid_to = greatest($3, valid_from + INTERVAL '1 microsecond')
WHERE valid_to IS NULL AND (
    (subject_entity_type = $1 AND subject_entity_id = $2)
    OR (object_entity_type = $1 AND object_entity_id = $2))
"""

# UNION, not UNION ALL, and no path in the rows: a relationship appears once per depth however many
# ways lead to it, so a dense graph costs its size times the depth and a cycle ends. The next step
# starts where type and id fit, or, for rows that name no type and id, where the catalog id fits.
RELATIONSHIP_GRAPH = """
WITH RECURSIVE graph AS (
    (SELECT r.id, 1 AS depth, r.object_catalog_id, r.object_entity_type, r.object_entity_id
     FROM entity_relationships r
     WHERE r.subject_entity_type = $1 AND r.subject_entity_id = $2
       AND r.valid_from <= $4 AND (r.valid_to IS NULL OR r.valid_to > $4)
     UNION
     SELECT r.id, 1, r.object_catalog_id, r.object_entity_type, r.object_entity_id
     FROM entity_catalog c JOIN entity_relationships r ON r.subject_catalog_id = c.id
     WHERE c.entity_type = $1 AND c.source_entity_id = $2
       AND r.valid_from <= $4 AND (r.valid_to IS NULL OR r.valid_to > $4))
    UNION
    SELECT r.id, g.depth + 1, r.object_catalog_id, r.object_entity_type, r.object_entity_id
    FROM graph g JOIN entity_relationships r
      ON (r.subject_entity_type = g.object_entity_type
          AND r.subject_entity_id = g.object_entity_id)
      OR r.subject_catalog_id = g.object_catalog_id
    WHERE g.depth < $3 AND r.valid_from <= $4 AND (r.valid_to IS NULL OR r.valid_to > $4)
),
nearest AS (
    SELECT id, min(depth) AS depth
    FROM (SELECT id, depth FROM graph LIMIT $5 * 20) AS bounded GROUP BY id
)
SELECT n.depth, r.subject_entity_type, r.subject_entity_id, r.relationship_type,
    r.object_entity_type, r.object_entity_id, r.subject_display_name, r.object_display_name
FROM nearest n JOIN entity_relationships r ON r.id = n.id
ORDER BY n.depth, r.relationship_type, r.object_entity_type, r.object_entity_id,
    r.subject_entity_type, r.subject_entity_id
LIMIT $5
"""

ENTITY_LOCATION = """
SELECT source_system, api_base_url, api_path_template, api_method, api_auth_type, schema_version,
    contains_pii, data_classification
FROM entity_catalog
WHERE entity_type = $1 AND source_entity_id = $2 AND status = 'active'
ORDER BY last_seen_at DESC LIMIT 1
"""

# The average leans to the newest: a fifth of it.
TRACK_LINEAGE = """
INSERT INTO data_lineage (
    upstream_catalog_id, upstream_system, downstream_catalog_id, downstream_system,
    transformation_type, transformation_logic, last_flow_at, average_latency_ms)
VALUES (
    (SELECT id FROM entity_catalog WHERE source_system = $1 AND source_entity_id = $6
     ORDER BY created_at LIMIT 1),
    $1,
    (SELECT id FROM entity_catalog WHERE source_system = $2 AND source_entity_id = $6
     ORDER BY created_at LIMIT 1),
    $2, $3, $4, clock_timestamp(), $5)
ON CONFLICT (upstream_system, downstream_system, transformation_type) DO UPDATE SET
    upstream_catalog_id =
        coalesce(EXCLUDED.upstream_catalog_id, data_lineage.upstream_catalog_id),
    downstream_catalog_id =
        coalesce(EXCLUDED.downstream_catalog_id, data_lineage.downstream_catalog_id),
    transformation_logic =
        coalesce(EXCLUDED.transformation_logic, data_lineage.transformation_logic),
    data_flow_active = TRUE,
    last_flow_at = EXCLUDED.last_flow_at,
    average_latency_ms = CASE
        WHEN EXCLUDED.average_latency_ms IS NULL THEN data_lineage.average_latency_ms
        WHEN data_lineage.average_latency_ms IS NULL THEN EXCLUDED.average_latency_ms
        ELSE round(data_lineage.average_latency_ms * 0.8 + EXCLUDED.average_latency_ms * 0.2)
    END
RETURNING id
"""

# Where the entity has no row of its own yet, its data product's row stands for it.
RECORD_CACHE_STATUS = """
INSERT INTO cache_status
    (entity_catalog_id, entity_id, cache_layer, cached_at, expires_at, cache_key)
SELECT id, $2, $3, clock_timestamp(), $5, $4 FROM entity_catalog
WHERE entity_type = $1 AND source_entity_id IN ($2, $6)
ORDER BY source_entity_id = $6, last_seen_at DESC LIMIT 1
ON CONFLICT (entity_catalog_id, entity_id, cache_layer) DO UPDATE SET
    expires_at = EXCLUDED.expires_at,
    cache_key = EXCLUDED.cache_key,
    hit_count = cache_status.hit_count + 1,
    cached_at = CASE WHEN cache_status.expires_at <= clock_timestamp()
        THEN EXCLUDED.cached_at ELSE cache_status.cached_at END
"""

EXPIRE_CACHE_STATUS = """
UPDATE cache_status SET expires_at = clock_timestamp()
WHERE entity_id = $2 AND (expires_at IS NULL OR expires_at > clock_timestamp())
  AND entity_catalog_id IN (
      SELECT id FROM entity_catalog WHERE entity_type = $1 AND source_entity_id IN ($2, $3))
"""

APPEND_EVENT = """
INSERT INTO event_log (event_id, event_type, catalog_id, entity_type, entity_id, changed_fields,
    event_payload, trace_id, span_id, event_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

READ_EVENTS = """
SELECT event_payload FROM event_log
WHERE ($1::text IS NULL OR entity_type = $1) AND ($2::text IS NULL OR entity_id = $2)
  AND ($3::timestamptz IS NULL OR event_timestamp >= $3)
  AND ($4::timestamptz IS NULL OR event_timestamp < $4)
ORDER BY event_timestamp, ingested_at, event_id LIMIT $5
"""

SCHEMA_COLUMNS = """
SELECT s.id, w.wire_id, s.entity_type, s.version, s.schema_format, s.schema_definition,
    s.backward_compatible, s.forward_compatible, s.published_at
FROM schemas s JOIN schema_wire_ids w ON w.schema_id = s.id
"""

INSERT_SCHEMA = """
WITH new AS (
    INSERT INTO schemas (entity_type, version, schema_format, schema_definition,
        backward_compatible, forward_compatible, published_at)
    VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) RETURNING id
)
INSERT INTO schema_wire_ids (schema_id) SELECT id FROM new
"""
