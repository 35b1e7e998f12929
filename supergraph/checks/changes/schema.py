"""The schema itself: its root types, its description, what is applied to it."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.description import compare_description
from supergraph.checks.changes.found import BREAKING, SAFE, Found
from supergraph.definitions import ROOT_NAMES, SchemaDefinitions


def compare_schema(found: Found, old: SchemaDefinitions, new: SchemaDefinitions) -> None:
    """SCHEMA_*, and directives of the schema."""
    for operation in ROOT_NAMES:
        before, after = old.roots.get(operation), new.roots.get(operation)
        if before == after:
            continue
        if before is None:
            grade, message = SAFE, f'The schema has the {operation} type "{after}" now.'
        elif after is None:
            grade, message = BREAKING, f"The schema has no {operation} type any more."
        else:
            grade = BREAKING
            message = f'The {operation} type is "{after}" now, it was "{before}".'
        at = new.schema if new.schema.nodes else new.types.get(after or "")
        found.add(f"SCHEMA_{operation.upper()}_TYPE_CHANGED", grade, "schema", message, at)
    compare_description(found, "SCHEMA", "The schema", "schema", old.schema, new.schema)
    compare_applied(found, "SCHEMA", "schema", old.schema, new.schema)
