"""One text for the key of an entity, also where the key has several fields.

Events, caches and catalog know an entity by one id. A key of one field is its own text; several
become their texts, percent-encoded, with commas between: `("a,b", 7)` is `a%2Cb,7`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote


def entity_id(values: Sequence[object]) -> str:
    """The id of the entity whose key has these values, in the order of the key's fields."""
    if len(values) == 1:
        return str(values[0])
    return ",".join(quote(str(value), safe="") for value in values)


def key_values(id_text: str, count: int) -> tuple[str, ...] | None:
    """The `count` values of the key behind an id, or None if it is not the id of such a key."""
    if count == 1:
        return (id_text,)
    parts = id_text.split(",")
    return tuple(map(unquote, parts)) if len(parts) == count else None
