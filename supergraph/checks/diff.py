"""`diff`: every difference between two schemas, graded.

What is compared depends on the texts. Two plain schemas are compared as they are. Of supergraphs
the API schemas are compared, as clients see nothing else, and the differences are added that the
API schema does not show (`federation/`). SDL of subgraphs is a plain schema with directives of
federation, which are compared for what they mean (`subgraph_changes`).
"""

from __future__ import annotations

from pathlib import Path

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes.compare import compare_definitions
from supergraph.checks.changes.found import Found
from supergraph.checks.federation.subgraph import is_subgraph, subgraph_changes
from supergraph.checks.federation.supergraphs import changes_of_supergraphs
from supergraph.checks.schema_text import definitions, parse_differing, parse_schema
from supergraph.checks.supergraph_text import (
    client_view,
    is_supergraph,
    read_side,
    read_sides,
)
from supergraph.definitions import SchemaDefinitions

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
        return changes_of_supergraphs(found, old, new, tuple(found.changes))
    if is_subgraph(old_sdl) and is_subgraph(new_sdl):
        name = Path(new_file).stem if new_file else "subgraph"
        return subgraph_changes(name, old_sdl, new_sdl, old_file=old_file, new_file=new_file)
    if is_supergraph(old_sdl) or is_supergraph(new_sdl):
        before, after = _seen(old_sdl, names[0]), _seen(new_sdl, names[1])
        compare_definitions(found, before, after)
        return found.changes
    documents = parse_differing(old_sdl, new_sdl, names)
    before, after = (
        definitions(sdl, document, lambda _: None)
        for sdl, document in zip((old_sdl, new_sdl), documents, strict=True)
    )
    compare_definitions(found, before, after)
    return found.changes


def _seen(sdl: str, name: str) -> SchemaDefinitions:
    """What clients see, where the other schema is of another form: nothing is written alike."""
    if is_supergraph(sdl):
        return client_view(read_side(sdl, name))
    return definitions(sdl, parse_schema(sdl, name), lambda _: None)


__all__ = ["diff"]
