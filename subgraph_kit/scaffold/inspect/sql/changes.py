"""The column that tells when a row changed last, and the one that marks it deleted."""

from __future__ import annotations

from subgraph_kit.scaffold.inspect.sql.catalog import Column, Table
from subgraph_kit.scaffold.model import ChangeCursor
from subgraph_kit.scaffold.names import words

_CHANGED = (
    "updated at", "modified at", "changed at", "last updated at", "last modified at", "updated on",
    "modified on", "changed on", "last updated", "last modified", "last changed", "last update",
    "update time", "updated time", "modification time", "updated date", "modified date",
    "date modified", "date updated", "updated", "modified", "mtime", "update date",
    "geaendert am", "aktualisiert am", "actualizado en", "fecha actualizacion", "modifie le",
    "atualizado em",
)  # fmt: skip
"""Best first."""
_DELETED = (
    "deleted at", "deleted on", "deletion time", "deleted time", "date deleted", "is deleted",
    "deleted", "removed at", "is removed", "deleted flag", "geloescht am", "geloescht",
    "eliminado en", "supprime le",
)  # fmt: skip
_MOMENTS = ("timestamp", "timestamptz")
_FLAGS = ("boolean", "smallint", "integer")


def change_cursor(table: Table) -> ChangeCursor | None:
    """How changes of the table can be found by polling, or None."""
    changed = _first(table, _CHANGED, _MOMENTS)
    if changed is None:
        return None
    deleted = _first(table, _DELETED, (*_MOMENTS, "date", *_FLAGS))
    return ChangeCursor(changed.name, deleted.name if deleted else None)


def _first(table: Table, phrases: tuple[str, ...], kinds: tuple[str, ...]) -> Column | None:
    by_words = {" ".join(words(column.name)): column for column in reversed(table.columns)}
    for phrase in phrases:
        column = by_words.get(phrase)
        if column is not None and column.type.kind in kinds and not column.type.array:
            return column
    return None
