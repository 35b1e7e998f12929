-- The schema registry keeps the GraphQL schemas of subgraphs, too: the definition is {"sdl": "..."}.
ALTER TABLE schemas DROP CONSTRAINT schemas_schema_format_check;
ALTER TABLE schemas ADD CONSTRAINT schemas_schema_format_check
    CHECK (schema_format IN ('avro', 'json_schema', 'protobuf', 'graphql'));
