"""Keeps what was made of an operation's text: the most recently used ones, bounded in size.

Parsing, validating and planning cost milliseconds, looking up costs a microsecond, and clients send
the same few documents over and over. What is refused is kept too, so that a client that repeats a
bad document does not pay in validation each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
_Key = tuple[str, str | None, frozenset[str]]


class OperationCache(Generic[Value]):
    """Maps (document, operation name, labels) to a value; evicts the least recently used."""

    def __init__(self, *, max_entries: int, max_characters: int) -> None:
        self._max_entries = max_entries
        self._max_characters = max_characters
        self._characters = 0
        self._entries: OrderedDict[_Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(
        self, document: str, operation_name: str | None, labels: frozenset[str] = frozenset()
    ) -> Value | None:
        """Return what is kept for this document, or None."""
        key = (document, operation_name, labels)
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def recent(self, most: int, wanted: Callable[[Value], bool]) -> list[tuple[str, str | None]]:
        """The documents and operation names used last of the values `wanted`, the last at the end.

        Looking does not count as use.
        """
        found: dict[tuple[str, str | None], None] = {}
        for (document, operation_name, _), (value, _) in reversed(self._entries.items()):
            if len(found) >= most:
                break
            if wanted(value):
                found[document, operation_name] = None
        return [*found][::-1]

    def put(
        self,
        document: str,
        operation_name: str | None,
        value: Value,
        labels: frozenset[str] = frozenset(),
    ) -> None:
        """Keep `value`, unless the document alone is larger than the cache may be."""
        size = len(document) + len(operation_name or "")
        if size > self._max_characters:
            return
        key = (document, operation_name, labels)
        previous = self._entries.pop(key, None)
        if previous is not None:
            self._characters -= previous[1]
        self._entries[key] = (value, size)
        self._characters += size
        while len(self._entries) > self._max_entries or self._characters > self._max_characters:
            _, (_, evicted) = self._entries.popitem(last=False)
            self._characters -= evicted
