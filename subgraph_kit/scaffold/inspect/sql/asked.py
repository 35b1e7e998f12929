"""What the user says about names and keys, held against what there is."""

from __future__ import annotations

import re
from collections import Counter

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql.catalog import Catalog
from subgraph_kit.scaffold.model import Note
from subgraph_kit.scaffold.names import RESERVED_TYPES
from subgraph_kit.scaffold.options import InspectOptions

_NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")


def check_options(catalog: Catalog, options: InspectOptions) -> list[Note]:
    """Notes on tables that are not there: they may have gone since the answers were given.

    Raises:
        ConfigurationError: if a name cannot be one of GraphQL, or is given twice.
    """
    for source, name in (*options.entities.items(), *options.renames.items()):
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{source!r} cannot be called {name!r}: names of GraphQL have letters, digits and "
                "underscores, and begin with no digit and no two underscores"
            )
    for name, times in Counter(options.entities.values()).items():
        if times > 1 or name in RESERVED_TYPES:
            why = "several tables are" if times > 1 else "GraphQL or the kit has a type"
            raise ConfigurationError(f"{why} called {name!r}; choose another type name")
    known = {table.source_name for table in catalog.tables}
    known |= {note.place for note in catalog.notes}
    asked = sorted({*options.entities, *options.keys} - known)
    return [Note(name, "there is no such table among those included", "unclear") for name in asked]
