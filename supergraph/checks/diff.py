"""`diff`: every difference between two schemas, graded.

What is compared depends on the texts. Two plain schemas are compared as they are. Of supergraphs
the API schemas are compared, as clients see nothing else, and the differences are added that the
API schema does not show (`federation/`). SDL of subgraphs is a plain schema with directives of
federation, which are compared for what they mean (`subgraph_changes`).
"""

from __future__ import annotations

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes.compare import compare_definitions
from supergraph.checks.changes.found import Found
from supergraph.checks.schema_text import definitions, parse_differing
from supergraph.checks.supergraph_text import client_view, is_supergraph, read_sides

OLD_NAME, NEW_NAME = "the old schema", "the new schema"


def diff(
    old_sdl: str,
    new_sdl: str,
    *,
    old_file: str | None = None,
    new_file: str | None = None,
) -> list[SchemaChange]:
    """Every difference between two schemas, in the order of the definitions.

    Definitions that are written alike in both are not read, so that mistakes in them do not show.
    The files are only named: in locations and errors.

    Raises:
        InvalidSchemaError: if one of the texts is no schema.
    """
    names = old_file or OLD_NAME, new_file or NEW_NAME
    found = Found(old_file, new_file)
    if is_supergraph(old_sdl) and is_supergraph(new_sdl):
        old, new = read_sides(old_sdl, new_sdl, names)
        compare_definitions(found, client_view(old), client_view(new))
        return found.changes
    documents = parse_differing(old_sdl, new_sdl, names)
    before, after = (
        definitions(sdl, document, lambda _: None)
        for sdl, document in zip((old_sdl, new_sdl), documents, strict=True)
    )
    compare_definitions(found, before, after)
    return found.changes


__all__ = ["diff"]
