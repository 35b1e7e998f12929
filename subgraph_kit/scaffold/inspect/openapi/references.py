"""Follow `$ref`: from a node with a place to the node that it stands for, with its own place.

Nothing here raises for a bad reference: a broken one resolves to nothing, and is noted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from subgraph_kit.scaffold.inspect.openapi.document import (
    Documents,
    join_reference,
    place_text,
    pointer_text,
)
from subgraph_kit.scaffold.model import Note

_MAX_CHAIN = 50
"""References to references: more are a circle, or might as well be one."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document, and where it is: the identity of schemas that have no name."""

    value: Any
    uri: str
    pointer: str

    def __getitem__(self, token: str | int) -> Node:
        return Node(self.value[token], self.uri, self.pointer + pointer_text(token))

    def get(self, token: str) -> Node | None:
        """The member of this name, or None where this is no mapping or has none."""
        if isinstance(self.value, dict) and token in self.value:
            return self[token]
        return None

    @property
    def key(self) -> tuple[str, str]:
        """Equal for two nodes exactly if they are the same place."""
        return self.uri, self.pointer

    @property
    def last_token(self) -> str:
        """The last part of the pointer: the name of a component."""
        token = self.pointer.rpartition("/")[2]
        return token.replace("~1", "/").replace("~0", "~")

    @property
    def mapping(self) -> dict[str, Any]:
        """The value if it is a mapping, else an empty one."""
        return self.value if isinstance(self.value, dict) else {}


class References:
    """Resolves references in a set of documents, and gathers notes for all readers of them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._notes: dict[tuple[str, str], Note] = {}

    @property
    def root(self) -> Node:
        """The document that was asked for."""
        return Node(self._documents.tree, self._documents.root, "")

    @cached_property
    def is_31(self) -> bool:
        """Whether the document speaks 3.1 or later, where schemas are JSON Schema 2020-12."""
        return not self._documents.version.startswith(("2", "3.0"))

    @property
    def notes(self) -> list[Note]:
        """What was noted so far, each once, in order of first notice."""
        return list(self._notes.values())

    def note(self, node: Node, message: str, level: str = "unclear") -> None:
        """Say something of a place of the source."""
        place = place_text(self._documents.root, node.uri, node.pointer)
        self._notes.setdefault(
            (place, message),
            Note(place, message, level),  # type: ignore[arg-type]
        )

    def resolve(self, node: Node | None) -> Node | None:
        """The node after all references; None if it leads nowhere, which is noted."""
        first = node
        for _ in range(_MAX_CHAIN):
            if node is None or not isinstance(node.value, dict):
                return node
            reference = node.value.get("$ref")
            if not isinstance(reference, str):
                return node
            following = self._target(node, reference)
            if following is None:
                return None
            node = following
        if first is not None:
            self.note(first, "the reference leads in a circle; it is read as JSON")
        return None

    def _target(self, node: Node, reference: str) -> Node | None:
        try:
            uri, pointer = join_reference(node.uri, reference)
        except (ValueError, OSError):
            self.note(node, "the reference is no URI; it is read as JSON")
            return None
        if uri not in self._documents.trees:
            reason = self._documents.unread.get(uri, "the file was not found")
            self.note(node, f"the reference cannot be followed: {reason}")
            return None
        value = self._documents.trees[uri]
        if pointer and not pointer.startswith("/"):
            found = self._anchor(value, pointer)
            if found is None:
                self.note(node, "the reference's anchor is nowhere; it is read as JSON")
                return None
            return Node(found, uri, f"/{pointer}")
        for token in pointer.split("/")[1:]:
            plain = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and plain in value:
                value = value[plain]
            elif isinstance(value, list) and plain.isdecimal() and int(plain) < len(value):
                value = value[int(plain)]
            else:
                self.note(node, "the reference leads to nothing; it is read as JSON")
                return None
        return Node(value, uri, pointer)

    def _anchor(self, tree: Any, name: str) -> Any:
        """A schema under `components.schemas` with this `$anchor` (3.1) or name."""
        components = tree.get("components", {}) if isinstance(tree, dict) else {}
        schemas = components.get("schemas", {}) if isinstance(components, dict) else {}
        if isinstance(schemas, dict):
            for schema_name, schema in schemas.items():
                if isinstance(schema, dict) and name in (schema.get("$anchor"), schema_name):
                    return schema
        return None
