"""Whether a new schema version fits the one before, for every format of `schemas` (rows 31, 47)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from subgraph_kit.catalog.base import Compatibility, SchemaFormat, SchemaVersion
from subgraph_kit.errors import ConfigurationError, IncompatibleSchemaError
from subgraph_kit.events.compatibility import avro_incompatibilities

Definition = Mapping[str, Any]


def check_successor(
    subject: str, schema_format: SchemaFormat, previous: Definition, new: Definition
) -> Compatibility:
    """Return how `new` relates to `previous`.

    Raises:
        IncompatibleSchemaError: if `new` is not backward compatible; the text names each place.
    """
    problems = incompatibilities(schema_format, previous, new)
    if problems:
        raise IncompatibleSchemaError(
            f"the new schema of {subject!r} cannot read what the current one wrote: "
            + "; ".join(problems[:10])
        )
    return Compatibility(True, not incompatibilities(schema_format, new, previous))


def same_schema(
    existing: SchemaVersion, schema_format: SchemaFormat, definition: Mapping[str, Any]
) -> SchemaVersion:
    """Return the existing version if it is the same.

    Raises:
        IncompatibleSchemaError: if it is another; a published version never changes.
    """
    if (existing.schema_format, existing.definition) != (schema_format, dict(definition)):
        raise IncompatibleSchemaError(
            f"version {existing.version!r} of {existing.entity_type!r} is published with another"
            " definition; give the changed schema a new version"
        )
    return existing


def compare_with_latest(
    latest: SchemaVersion | None,
    entity_type: str,
    schema_format: SchemaFormat,
    definition: Mapping[str, Any],
    told: Compatibility | None = None,
) -> Compatibility:
    """Return how a new version relates to the latest; the first fits anything.

    What somebody `told` who compared them is taken as it is.
    """
    if schema_format == "graphql" and told is None:
        raise ConfigurationError(
            f"{entity_type!r}: a GraphQL schema is published with its compatibility, by "
            "`dictamesh supergraph publish`"
        )
    if latest is None:
        return told or Compatibility(backward=True, forward=False)
    if latest.schema_format != schema_format:
        raise IncompatibleSchemaError(
            f"{entity_type!r} has schemas in format {latest.schema_format!r}, not {schema_format!r}"
        )
    if told is not None:
        return told
    return check_successor(entity_type, schema_format, latest.definition, definition)


def incompatibilities(
    schema_format: SchemaFormat, writer: Definition, reader: Definition
) -> list[str]:
    """Return what keeps `reader` from reading data of `writer`."""
    match schema_format:
        case "avro":
            return avro_incompatibilities(writer, reader)
        case "json_schema":
            return _json_schema(writer, reader, "")
        case "protobuf":
            return _protobuf(writer, reader)
        case "graphql":
            return [] if writer == reader else ["whoever publishes GraphQL schemas compares them"]


def _json_schema(writer: Definition, reader: Definition, path: str) -> list[str]:
    """Compare by the keywords that entity schemas use; what is not there allows everything."""
    where = path or "the document"
    problems = []
    allowed, written = _types(reader), _types(writer)
    if allowed is not None and (written is None or not written <= allowed):
        gone = "any type" if written is None else ", ".join(sorted(written - allowed))
        problems.append(f"{where}: {gone} is not allowed any more")
    if "enum" in reader:
        lost = [v for v in writer.get("enum", ["anything"]) if v not in reader["enum"]]
        if lost:
            problems.append(f"{where}: values {', '.join(map(str, lost))} are not allowed any more")
    new_required = set(reader.get("required", ())) - set(writer.get("required", ()))
    problems += [f"{path}.{n}".lstrip(".") + ": became required" for n in sorted(new_required)]
    known = reader.get("properties", {})
    for name, schema in writer.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        if name in known:
            problems += _json_schema(schema, known[name], inner)
        elif reader.get("additionalProperties") is False:
            problems.append(f"{inner}: is not allowed any more")
    if "items" in reader:
        problems += _json_schema(writer.get("items", {}), reader["items"], f"{path}[]")
    return problems


def _types(schema: Definition) -> set[str] | None:
    """The types a schema allows, None for all; an integer is a number too."""
    found = schema.get("type")
    if found is None:
        return None
    types = {found} if isinstance(found, str) else set(found)
    return types | {"integer"} if "number" in types else types


def _protobuf(writer: Definition, reader: Definition) -> list[str]:
    """Compare file descriptors in their JSON form: what matters is each field's number."""
    problems = []
    new = {m.get("name"): m for m in reader.get("messageType", ())}
    for message in writer.get("messageType", ()):
        name = message.get("name")
        if name not in new:
            problems.append(f"message {name} is gone")
            continue
        fields = {f.get("number"): f for f in message.get("field", ())}
        for field in new[name].get("field", ()):
            old = fields.get(field.get("number"))
            if old is None and field.get("label") == "LABEL_REQUIRED":
                problems.append(f"{name}.{field.get('name')}: new field is required")
            elif old is not None and old.get("type") != field.get("type"):
                problems.append(f"{name}.{field.get('name')}: type of its number changed")
    return problems
