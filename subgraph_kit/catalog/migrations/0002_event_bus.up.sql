-- The event bus on PostgreSQL: topics with partitions, consumer groups, committed offsets.

CREATE TABLE bus_topics (
    id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name VARCHAR(249) NOT NULL UNIQUE,
    partitions INTEGER NOT NULL CHECK (partitions > 0),
    replication_factor INTEGER NOT NULL,
    retention_days INTEGER,
    cleanup VARCHAR(10) NOT NULL CHECK (cleanup IN ('delete', 'compact')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- A writer locks this row until it commits. So offsets have no gaps and become visible in their
-- order: a reader that saw offset n can never find a smaller one later.
CREATE TABLE bus_partitions (
    topic_id INTEGER NOT NULL REFERENCES bus_topics (id) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    next_offset BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 50); -- updated with every write, so leave room on the page

CREATE TABLE bus_records (
    topic_id INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    record_key BYTEA NOT NULL,
    record_value BYTEA NOT NULL,
    headers BYTEA,
    published_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (topic_id, partition, record_offset)
);

-- Replay by time, and retention.
CREATE INDEX idx_bus_records_time ON bus_records
    (topic_id, published_at, partition, record_offset);

CREATE TABLE bus_offsets (
    group_name VARCHAR(255) NOT NULL,
    topic_id INTEGER NOT NULL REFERENCES bus_topics (id) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    committed BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (group_name, topic_id, partition)
);

CREATE TABLE bus_members (
    member_id UUID PRIMARY KEY,
    group_name VARCHAR(255) NOT NULL,
    topic_patterns TEXT[] NOT NULL,
    session_seconds DOUBLE PRECISION NOT NULL,
    joined_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX idx_bus_members_group ON bus_members (group_name);

-- Who reads a partition for its group. A member that leaves or dies takes its leases with it.
CREATE TABLE bus_leases (
    group_name VARCHAR(255) NOT NULL,
    topic_id INTEGER NOT NULL REFERENCES bus_topics (id) ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    member_id UUID NOT NULL REFERENCES bus_members (member_id) ON DELETE CASCADE,
    PRIMARY KEY (group_name, topic_id, partition)
);

CREATE INDEX idx_bus_leases_member ON bus_leases (member_id);

-- Which events a consumer group has processed, so that it processes each effectively once.
CREATE TABLE consumed_events (
    group_name VARCHAR(255) NOT NULL,
    event_id VARCHAR(255) NOT NULL,
    processed_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    PRIMARY KEY (group_name, event_id)
);

CREATE INDEX idx_consumed_events_time ON consumed_events (processed_at);
