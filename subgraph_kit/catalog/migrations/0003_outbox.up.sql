-- The outbox: changes that were accepted and still have to reach catalog, topic and caches.

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id VARCHAR(255) NOT NULL UNIQUE,
    domain VARCHAR(100) NOT NULL,
    source_system VARCHAR(100) NOT NULL,
    entity_type VARCHAR(100) NOT NULL,
    entity_id VARCHAR(255) NOT NULL,
    change JSONB NOT NULL,
    trace JSONB,

    accepted_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    completed TEXT[] NOT NULL DEFAULT '{}', -- actions that need not be done again
    reason TEXT, -- why the last attempt failed
    done_at TIMESTAMPTZ,
    parked_at TIMESTAMPTZ
);

-- What is still to do, per entity in order. Finished rows are not in the index.
CREATE INDEX idx_outbox_pending ON outbox (source_system, entity_type, entity_id, id)
    WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX idx_outbox_due ON outbox (id) WHERE done_at IS NULL AND parked_at IS NULL;
CREATE INDEX idx_outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX idx_outbox_parked ON outbox (id) WHERE parked_at IS NOT NULL;

-- How far polling a source has come; moves in the transaction that accepts what was found.
CREATE TABLE change_cursors (
    domain VARCHAR(100) NOT NULL,
    source_system VARCHAR(100) NOT NULL,
    cursor TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    PRIMARY KEY (domain, source_system)
);
