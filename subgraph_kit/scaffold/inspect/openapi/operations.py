"""What an API can be asked with GET: paths, their parameters, and the schema of the JSON answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from subgraph_kit.scaffold.inspect.openapi.references import Node, References

_PLACE = re.compile(r"\{([^{}/]+)\}")
_JSON_TYPE = re.compile(r"^(application|text)/([\w.+-]*\+)?json|^\*/\*|^application/\*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; `schema` is its schema's place."""

    name: str
    location: str
    required: bool
    schema: Node | None
    said: Mapping[str, Any]

    @property
    def description(self) -> str:
        """What the document says of it."""
        text = self.said.get("description")
        return text if isinstance(text, str) else ""


@dataclass(frozen=True)
class GetOperation:
    """One `GET`, with all that the path and the operation say."""

    path: str
    node: Node
    parameters: tuple[Parameter, ...]
    answer: Node | None
    """The schema of the JSON answer to success, if it has one."""
    headers: Mapping[str, Node] = field(default_factory=dict)
    """Headers of that answer, names in lower case."""
    has_other_answer: bool = False
    """Whether success is answered with something that is not JSON."""

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(part for part in self.path.split("/") if part)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The names of the path's parameters, in order."""
        return tuple(_PLACE.findall(self.path))

    @cached_property
    def static_segments(self) -> tuple[str, ...]:
        """The parts of the path that are no parameters."""
        return tuple(_PLACE.sub("", part) or "" for part in self.segments if _PLACE.sub("", part))

    @property
    def ends_in_place(self) -> bool:
        """Whether the path names one thing: its last part has exactly one parameter."""
        return bool(self.segments) and len(_PLACE.findall(self.segments[-1])) == 1

    @property
    def is_deprecated(self) -> bool:
        """Whether the document says so."""
        return self.node.mapping.get("deprecated") is True

    @cached_property
    def query(self) -> dict[str, Parameter]:
        """Query parameters by name."""
        return {each.name: each for each in self.parameters if each.location == "query"}

    def place(self, name: str) -> Parameter | None:
        """The declaration of a path parameter; some documents forget it."""
        for parameter in self.parameters:
            if parameter.location == "path" and parameter.name == name:
                return parameter
        return None


def get_operations(references: References) -> dict[str, GetOperation]:
    """All operations with GET, by path, in the order of the document."""
    paths = references.root.get("paths")
    found: dict[str, GetOperation] = {}
    for path in paths.mapping if paths is not None else ():
        if paths is None or not path.startswith("/"):
            continue
        item = references.resolve(paths[path])
        operation = item.get("get") if item is not None else None
        if item is None or operation is None or not operation.mapping:
            continue
        # What follows `#` or `?` tells operations of one address apart; it is no part of it.
        plain = path.split("#")[0].split("?")[0]
        if plain in found:
            continue
        schema, headers, other = _answer(references, operation)
        found[plain] = GetOperation(
            plain,
            operation,
            _parameters(references, item, operation),
            schema,
            headers,
            other,
        )
    return found


def _parameters(references: References, item: Node, operation: Node) -> tuple[Parameter, ...]:
    found: dict[tuple[str, str], Parameter] = {}
    for owner in (item, operation):
        several = owner.get("parameters")
        if several is None or not isinstance(several.value, list):
            continue
        for index in range(len(several.value)):
            node = references.resolve(several[index])
            said = node.mapping if node is not None else {}
            name, location = said.get("name"), said.get("in")
            if node is None or not isinstance(name, str) or not isinstance(location, str):
                continue
            found[location, name] = Parameter(
                name,
                location,
                location == "path" or said.get("required") is True,
                node.get("schema") or _content_schema(references, node),
                said,
            )
    return tuple(found.values())


def _answer(references: References, operation: Node) -> tuple[Node | None, dict[str, Node], bool]:
    responses = operation.get("responses")
    codes = [str(code) for code in (responses.mapping if responses is not None else ())]
    success = [c for c in ("200", "203", "206", "2XX", "2xx", "201", "default") if c in codes]
    for code in success:
        key: Any = code if responses is not None and code in responses.mapping else int(code)
        response = references.resolve(responses[key]) if responses is not None else None
        if response is None:
            continue
        headers = response.get("headers")
        named = {
            str(name).lower(): header
            for name in (headers.mapping if headers is not None else ())
            if headers is not None and (header := references.resolve(headers[name])) is not None
        }
        schema = _content_schema(references, response)
        if schema is not None:
            return schema, named, False
        if response.get("content") is not None:
            return None, named, True
    return None, {}, False


def _content_schema(references: References, node: Node) -> Node | None:
    content = node.get("content")
    if content is None:
        return None
    for media_type in content.mapping:
        if _JSON_TYPE.match(str(media_type).lower()):
            found = references.resolve(content[media_type])
            if found is not None and found.get("schema") is not None:
                return found.get("schema")
    return None
