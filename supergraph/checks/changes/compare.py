"""Two schemas compared, whole: directives, the schema itself, types."""

from __future__ import annotations

from supergraph.checks.changes.directive import compare_directives
from supergraph.checks.changes.found import Found
from supergraph.checks.changes.schema import compare_schema
from supergraph.checks.changes.type import compare_types
from supergraph.definitions import SchemaDefinitions


def compare_definitions(found: Found, old: SchemaDefinitions, new: SchemaDefinitions) -> None:
    """Note every difference of two schemas, each of which may lack what both have alike."""
    compare_directives(found, old.directives, new.directives)
    compare_schema(found, old, new)
    compare_types(found, old.types, new.types)
