"""How large an operation may be before it is refused.

Everything after parsing walks the operation with its fragments spread out, and fragments can make
a document of a kilobyte exponentially large. So the limits count what an operation is *after*
spreading, computed without spreading it (`measure.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

INTERNAL_NESTING_LIMIT = 150
"""Levels of selection sets, whatever makes them (fields, inline fragments, spreads).

Later stages recurse once per level; Python's stack of 1000 frames has room for several frames each.
"""


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """Limits of one operation. Exceeding one is a client error with a code of its own."""

    max_characters: int = 500_000
    """Length of the document's text; `MAX_SIZE_LIMIT`."""
    max_tokens: int = 15_000
    """Lexical tokens of the document; `MAX_TOKENS_LIMIT`."""
    max_depth: int = 50
    """Nested fields, the root field being 1; introspection is not counted; `MAX_DEPTH_LIMIT`."""
    max_aliases: int = 1_000
    """Aliased fields, fragments spread; `MAX_ALIASES_LIMIT`."""
    max_root_fields: int = 200
    """Fields at the root, fragments spread; `MAX_ROOT_FIELDS_LIMIT`."""
    max_selections: int = 20_000
    """Fields and fragments, fragments spread; `MAX_SELECTIONS_LIMIT`."""
    max_validation_errors: int = 20
    """Validation stops after this many errors."""
    introspection: bool = True
    """Whether `__schema` and `__type` are answered; `INTROSPECTION_DISABLED`."""
    suggestions: bool = True
    """Whether errors say 'Did you mean ...?', which tells names of the schema."""
