DROP TABLE cache_status;
DROP TABLE data_lineage;
DROP TABLE event_log; -- with its partitions
DROP FUNCTION event_log_is_immutable();
DROP FUNCTION ensure_event_log_partition(TIMESTAMPTZ);
DROP TABLE event_log_ids;
DROP TABLE entity_relationships;
DROP TABLE entity_catalog;
DROP TABLE schema_wire_ids;
DROP TABLE schemas;
