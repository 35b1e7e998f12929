"""The names of what is derived: root fields, filter inputs, Python attributes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from subgraph_kit.errors import ConfigurationError

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_RANGE = ("gt", "gte", "lt", "lte")
_TAKEN = ("from_entity", "resolve_reference", "is_type_of", "self", "info", "root")
"""Attributes that have a meaning to Strawberry or to the kit."""
_TEXT = ("contains", "starts_with")


def check_name(name: str) -> str:
    """Return the name if GraphQL takes it.

    Raises:
        ConfigurationError: else.
    """
    if not _NAME.fullmatch(name) or name.startswith("__"):
        raise ConfigurationError(
            f"{name[:80]!r} cannot be a name in GraphQL: use letters, digits and '_'"
        )
    return name


def attribute_name(name: str) -> str:
    """The Python attribute for a GraphQL name; `class` becomes `class_`."""
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name


def lower_first(name: str) -> str:
    """`OrderLine` → `orderLine`."""
    return name[:1].lower() + name[1:]


def upper_first(name: str) -> str:
    """`orderLine` → `OrderLine`."""
    return name[:1].upper() + name[1:]


def plural(name: str) -> str:
    """The plural by the common rules, for a declaration that names none."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def filter_input_name(type_name: str, operators: Collection[str]) -> str:
    """`StringTextFilter`: the scalar and what can be asked of it.

    Equal names stand for equal inputs, so that subgraphs made apart compose: an input's fields
    are those that all subgraphs have.
    """
    parts: list[str] = []
    equality = [operator for operator in ("eq", "in") if operator in operators]
    if len(equality) < 2:
        parts += equality or ["only"]
    if "neq" in operators:
        parts.append("neq")
    for all_of, word in ((_RANGE, "range"), (_TEXT, "text")):
        found = [operator for operator in all_of if operator in operators]
        parts += [word] if len(found) == len(all_of) else found
    words = "".join(word.title().replace("_", "") for word in parts)
    return f"{type_name}{words}Filter"
