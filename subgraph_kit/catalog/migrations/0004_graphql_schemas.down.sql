DELETE FROM schema_wire_ids USING schemas
    WHERE schemas.id = schema_wire_ids.schema_id AND schemas.schema_format = 'graphql';
DELETE FROM schemas WHERE schema_format = 'graphql';
ALTER TABLE schemas DROP CONSTRAINT schemas_schema_format_check;
ALTER TABLE schemas ADD CONSTRAINT schemas_schema_format_check
    CHECK (schema_format IN ('avro', 'json_schema', 'protobuf'));
