"""YAML to plain values, fast and by YAML 1.2's core schema.

`yaml.safe_load` reads YAML 1.1: the country `NO` becomes false, `2020-01-01` a date, and a document
of 50 MB takes minutes. This builds values from the C parser's events: no nodes, no recursion, so a
hostile depth is no danger either. Aliases share what they stand for; what a document would have
written out is bounded (a "billion laughs" document ends in an error).
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined] # not in its stubs

_MAX_VALUES = 30_000_000
"""How many values a document may have with its aliases written out; 50 MB have 5 million."""

_MAX_DEPTH = 500
"""libyaml takes the square of the depth; a hundred is much for a document."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OTHER_INTEGER = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_NUMBER_START = frozenset("+-.0123456789")
_NON_STRINGS = _NULLS | _TRUE | _FALSE
_STRING_TAG = "tag:yaml.org,2002:str"


class YamlError(Exception):
    """The text is no YAML, or none that is read; the text of the error says where and why."""


def read_yaml(text: bytes) -> Any:
    """The value of a document; the first one, where there are several.

    Raises:
        YamlError: with line and column, never with a part of the text.
    """
    try:
        return _read(CParser(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "the start"
        raise YamlError(f"{error.problem or error.context} at {at}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise YamlError("it is no text in UTF-8 or UTF-16") from None


class _Open:
    """A mapping or sequence that is being filled. `key` waits for its value."""

    __slots__ = ("anchor", "has_key", "key", "size", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.has_key = False
        self.key = ""
        self.size = 1


def _read(parser: Any) -> Any:
    anchors: dict[str, tuple[Any, int]] = {}
    stack: list[_Open] = []
    root: Any = None
    get_event = parser.get_event
    while True:
        event = get_event()
        kind = type(event)
        size = 1
        if kind is yaml.ScalarEvent:
            if event.implicit[0]:  # plain, without a tag
                value = _scalar(event.value)
            elif event.tag in (None, _STRING_TAG, "!"):
                value = event.value
            else:
                value = _tagged(event.tag, event.value)
            if event.anchor is not None:
                anchors[event.anchor] = (value, 1)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(stack) >= _MAX_DEPTH:
                raise YamlError(f"it is nested more than {_MAX_DEPTH} deep")
            stack.append(_Open({} if kind is yaml.MappingStartEvent else [], event.anchor))
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = stack.pop()
            value, size = done.value, done.size
            if done.anchor is not None:
                anchors[done.anchor] = (value, size)
        elif kind is yaml.AliasEvent:
            if event.anchor not in anchors:
                line = event.start_mark.line + 1
                raise YamlError(f"the alias at line {line} stands for nothing that is before it")
            value, size = anchors[event.anchor]
        elif kind is yaml.DocumentEndEvent or kind is yaml.StreamEndEvent:
            return root
        else:
            continue
        if not stack:
            root = value
            continue
        _put(stack[-1], value, size)


def _put(into: _Open, value: Any, size: int) -> None:
    into.size += size
    if into.size > _MAX_VALUES:
        raise YamlError(f"it has more than {_MAX_VALUES:,} values, aliases written out")
    target = into.value
    if isinstance(target, list):
        target.append(value)
    elif not into.has_key:
        into.key, into.has_key = _key(value), True
    else:
        into.has_key = False
        if into.key == "<<":
            _merge(target, value)
        else:
            target[into.key] = value


def _merge(target: dict[str, Any], value: Any) -> None:
    """YAML 1.1's merge key, which published documents use; own members win."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for key, member in each.items():
                target.setdefault(key, member)


def _key(value: Any) -> str:
    """A key as JSON would have it: status codes are written as numbers."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() | float():
            return str(value)
        case _:
            raise YamlError("a key of a mapping is itself a mapping or a list")


def _scalar(text: str) -> Any:
    if not text:
        return None
    if text[0] in _NUMBER_START:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _OTHER_INTEGER.fullmatch(text):
            return int(text[2:], 8 if text[1] == "o" else 16)
        return text
    if text in _NON_STRINGS:
        return None if text in _NULLS else text in _TRUE
    return text


def _tagged(tag: str, text: str) -> Any:
    """`!!int "7"` and the like; an application's own tag leaves the text."""
    short = tag.removeprefix("tag:yaml.org,2002:")
    return _scalar(text) if short in ("int", "float", "bool", "null") else text
