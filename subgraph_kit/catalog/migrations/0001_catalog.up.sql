-- The metadata catalog: what exists where, how it relates, which schemas it has, how data flows
-- between systems, what happened, and what is cached.

-- Schema registry: versioned schemas of all entities and events.
CREATE TABLE schemas (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    entity_type VARCHAR(100) NOT NULL,
    version VARCHAR(50) NOT NULL,
    schema_format VARCHAR(50) NOT NULL
        CHECK (schema_format IN ('avro', 'json_schema', 'protobuf')),
    schema_definition JSONB NOT NULL,

    -- Compatibility with the version before
    backward_compatible BOOLEAN DEFAULT TRUE,
    forward_compatible BOOLEAN DEFAULT FALSE,

    -- Lifecycle
    published_at TIMESTAMPTZ DEFAULT NOW(),
    deprecated_at TIMESTAMPTZ,
    retired_at TIMESTAMPTZ,

    UNIQUE (entity_type, version)
);

-- The number a schema has in the Confluent wire format: four bytes, given once, never reused.
CREATE TABLE schema_wire_ids (
    wire_id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_id UUID NOT NULL UNIQUE REFERENCES schemas (id)
);

-- Entity registry: every entity of every system.
CREATE TABLE entity_catalog (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    entity_type VARCHAR(100) NOT NULL,
    domain VARCHAR(100) NOT NULL,
    source_system VARCHAR(100) NOT NULL,
    source_entity_id VARCHAR(255) NOT NULL,

    -- API access
    api_base_url TEXT NOT NULL,
    api_path_template TEXT NOT NULL,
    api_method VARCHAR(10) DEFAULT 'GET',
    api_auth_type VARCHAR(50),

    -- Schema reference
    schema_id UUID REFERENCES schemas (id),
    schema_version VARCHAR(50),

    -- Lifecycle
    created_at TIMESTAMPTZ DEFAULT NOW(),
    updated_at TIMESTAMPTZ DEFAULT NOW(),
    last_seen_at TIMESTAMPTZ DEFAULT NOW(),
    status VARCHAR(50) DEFAULT 'active'
        CHECK (status IN ('active', 'deprecated', 'archived')),

    -- Service level
    availability_sla DECIMAL(5,4),
    latency_p99_ms INTEGER,
    freshness_sla_seconds INTEGER,

    -- Classification
    contains_pii BOOLEAN DEFAULT FALSE,
    data_classification VARCHAR(50)
        CHECK (data_classification IN ('public', 'internal', 'confidential', 'restricted')),
    retention_days INTEGER,

    UNIQUE (source_system, source_entity_id, entity_type)
);

CREATE INDEX idx_entity_type ON entity_catalog (entity_type);
CREATE INDEX idx_domain ON entity_catalog (domain);
CREATE INDEX idx_source_system ON entity_catalog (source_system);
-- Locating one entity: the unique index starts with the system, which the caller does not know.
CREATE INDEX idx_entity_location ON entity_catalog (entity_type, source_entity_id);

-- Relationship graph across systems.
CREATE TABLE entity_relationships (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),

    -- Subject (from)
    subject_catalog_id UUID REFERENCES entity_catalog (id),
    subject_entity_type VARCHAR(100),
    subject_entity_id VARCHAR(255),

    -- Predicate
    relationship_type VARCHAR(100),
    relationship_cardinality VARCHAR(20),

    -- Object (to)
    object_catalog_id UUID REFERENCES entity_catalog (id),
    object_entity_type VARCHAR(100),
    object_entity_id VARCHAR(255),

    -- Temporal validity
    valid_from TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    valid_to TIMESTAMPTZ,

    -- Denormalized display fields
    subject_display_name VARCHAR(255),
    object_display_name VARCHAR(255),

    relationship_metadata JSONB,

    -- Lineage
    created_by_event_id VARCHAR(255),
    created_at TIMESTAMPTZ DEFAULT NOW(),

    CONSTRAINT temporal_validity CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX idx_subject ON entity_relationships (subject_entity_type, subject_entity_id);
CREATE INDEX idx_object ON entity_relationships (object_entity_type, object_entity_id);
CREATE INDEX idx_relationship_type ON entity_relationships (relationship_type);
CREATE INDEX idx_temporal ON entity_relationships (valid_from, valid_to)
    WHERE valid_to IS NULL; -- current relationships
-- The upsert of the current row needs to find it: at most one per subject, predicate and object.
CREATE UNIQUE INDEX idx_current_relationship ON entity_relationships
    (subject_entity_type, subject_entity_id, relationship_type,
     object_entity_type, object_entity_id)
    WHERE valid_to IS NULL;
-- Walking the graph by catalog id.
CREATE INDEX idx_subject_catalog ON entity_relationships (subject_catalog_id);

-- Event log: the immutable audit trail, partitioned by month.
--
-- As one would write it first (event_date generated AND the partition key, event_id UNIQUE alone)
-- PostgreSQL refuses it: a generated column cannot be a partition key, DATE(timestamptz) depends
-- on the session's time zone and so cannot be generated, and a unique constraint of a partitioned
-- table must contain the partition key. So: the partition key is event_timestamp, which event_date
-- is generated from in UTC; the keys contain event_timestamp; and event_log_ids keeps event_id
-- unique over all partitions.
CREATE TABLE event_log (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    event_id VARCHAR(255) NOT NULL,
    event_type VARCHAR(100) NOT NULL,

    catalog_id UUID REFERENCES entity_catalog (id),
    entity_type VARCHAR(100),
    entity_id VARCHAR(255),

    changed_fields TEXT[],
    event_payload JSONB, -- the full event, for replay

    -- Tracing
    trace_id VARCHAR(64),
    span_id VARCHAR(16),

    -- Time
    event_timestamp TIMESTAMPTZ NOT NULL,
    ingested_at TIMESTAMPTZ DEFAULT NOW(),
    event_date DATE GENERATED ALWAYS AS ((event_timestamp AT TIME ZONE 'UTC')::date) STORED,

    PRIMARY KEY (id, event_timestamp),
    UNIQUE (event_id, event_timestamp)
) PARTITION BY RANGE (event_timestamp);

CREATE INDEX idx_event_catalog ON event_log (catalog_id, event_timestamp DESC);
CREATE INDEX idx_event_type ON event_log (entity_type, entity_id, event_timestamp DESC);
CREATE INDEX idx_trace ON event_log (trace_id);
CREATE INDEX idx_event_timeline ON event_log (event_timestamp DESC);

CREATE TABLE event_log_ids (
    event_id VARCHAR(255) PRIMARY KEY,
    event_timestamp TIMESTAMPTZ NOT NULL,
    applied BOOLEAN NOT NULL DEFAULT FALSE -- whether catalog and relationships follow it
);

-- Events whose time cannot be right land here, so that they do not make partitions for ever.
CREATE TABLE event_log_other PARTITION OF event_log DEFAULT;

CREATE FUNCTION event_log_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'event_log is immutable: archive a month by detaching its partition';
END $$;

CREATE TRIGGER event_log_immutable BEFORE UPDATE OR DELETE ON event_log
    FOR EACH ROW EXECUTE FUNCTION event_log_is_immutable();

-- Make the partition of the month that `moment` is in, e.g. event_log_y2025m11, if it is missing.
CREATE FUNCTION ensure_event_log_partition(moment TIMESTAMPTZ) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    month_start TIMESTAMP := date_trunc('month', moment AT TIME ZONE 'UTC');
    partition_name TEXT := to_char(month_start, '"event_log_y"YYYY"m"MM');
BEGIN
    IF moment < NOW() - INTERVAL '20 years' OR moment > NOW() + INTERVAL '1 year' THEN
        RETURN; -- event_log_other takes it
    END IF;
    IF to_regclass(partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('event_log_partitions'));
    IF to_regclass(partition_name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
            partition_name,
            month_start AT TIME ZONE 'UTC',
            (month_start + INTERVAL '1 month') AT TIME ZONE 'UTC'
        );
    END IF;
EXCEPTION
    WHEN duplicate_table THEN
        RETURN; -- another session made it, and this one had not heard of it yet
    WHEN check_violation THEN
        RETURN; -- event_log_other already holds events of that month; it takes the rest as well
END $$;

-- Data lineage: how data flows and is transformed.
CREATE TABLE data_lineage (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),

    -- Upstream (source)
    upstream_catalog_id UUID REFERENCES entity_catalog (id),
    upstream_system VARCHAR(100),

    -- Downstream (derived)
    downstream_catalog_id UUID REFERENCES entity_catalog (id),
    downstream_system VARCHAR(100),

    -- Transformation
    transformation_type VARCHAR(50)
        CHECK (transformation_type IN ('direct_copy', 'aggregation', 'join', 'enrichment')),
    transformation_logic TEXT,

    -- Observability
    data_flow_active BOOLEAN DEFAULT TRUE,
    last_flow_at TIMESTAMPTZ,
    average_latency_ms INTEGER,

    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX idx_lineage_upstream ON data_lineage (upstream_catalog_id);
CREATE INDEX idx_lineage_downstream ON data_lineage (downstream_catalog_id);
-- Refreshing a flow must find it.
CREATE UNIQUE INDEX idx_lineage_flow ON data_lineage
    (upstream_system, downstream_system, transformation_type);

-- Cache status: how fresh what is cached is.
CREATE TABLE cache_status (
    entity_catalog_id UUID REFERENCES entity_catalog (id),
    entity_id VARCHAR(255),
    cache_layer VARCHAR(50) CHECK (cache_layer IN ('l1_memory', 'l2_redis', 'l3_postgres')),

    cached_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    cache_key VARCHAR(500),
    hit_count INTEGER DEFAULT 0,

    PRIMARY KEY (entity_catalog_id, entity_id, cache_layer)
);
