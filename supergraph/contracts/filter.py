"""Which elements a contract's tags hide.

Tags go down: a type's tags are those of its fields, input fields and enum values too, a field's
those of its arguments. Including looks at all of them, excluding at an element's own, as what
stands in an excluded element is hidden with it. A type that is not included itself stays as the
place of members that are; a type that keeps no member goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from supergraph.definitions import (
    AppliedDirective,
    Element,
    SchemaDefinitions,
    TypeDefinition,
    TypeKind,
    quoted_list,
)

Reasons = dict[str, str]
"""Schema coordinates of what is hidden, each with the reason, a clause about "it"."""


def tags_of(element: Element) -> set[str]:
    """The names of the tags that the element has itself."""
    return {name for item in element.applied("tag") if (name := item.text("name")) is not None}


def walk(schema: SchemaDefinitions) -> Iterator[tuple[str, Element]]:
    """Every element that can have a tag, with its coordinate."""
    for definition in schema.types.values():
        yield definition.name, definition
        for child in definition.children():
            yield f"{definition.name}.{child.name}", child
        for field in definition.fields.values():
            for argument in field.arguments.values():
                yield f"{definition.name}.{field.name}({argument.name}:)", argument


def hide(schema: SchemaDefinitions, coordinates: Iterable[str]) -> None:
    """Mark elements `@inaccessible` in the definitions."""
    wanted = set(coordinates)
    for coordinate, element in walk(schema):
        if coordinate in wanted and not element.has("inaccessible"):
            element.directives.append(AppliedDirective("inaccessible", {}, "inaccessible"))


def find_hidden(
    schema: SchemaDefinitions, include: frozenset[str], exclude: frozenset[str]
) -> Reasons:
    """What including and excluding tags hides; what is `@inaccessible` already is left out."""
    found: Reasons = {}
    search = _Search(include, exclude)
    for definition in schema.types.values():
        if not definition.has("inaccessible"):
            found |= search.in_type(definition)
    for definition in schema.types.values():
        if definition.kind is TypeKind.UNION and definition.name not in found:
            members = [schema.types[name] for name in definition.members if name in schema.types]
            if all(item.name in found or item.has("inaccessible") for item in members):
                found[definition.name] = "it hides all its members"
    return found


class _Search:
    """One filter, applied to type after type."""

    def __init__(self, include: frozenset[str], exclude: frozenset[str]) -> None:
        self._include = include
        self._exclude = exclude

    def in_type(self, definition: TypeDefinition) -> Reasons:
        """What is hidden of a type: the type, or some of its members."""
        name = definition.name
        tags = tags_of(definition)
        if reason := self._excluded(definition):
            return {name: reason}
        children = [child for child in definition.children() if not child.has("inaccessible")]
        if not children:
            return {} if self._is_included(tags) else {name: self._not_included()}
        found: Reasons = {}
        for child in children:
            coordinate = f"{name}.{child.name}"
            if reason := self._excluded(child):
                found[coordinate] = reason
            elif not self._is_included(tags | tags_of(child)):
                found[coordinate] = self._not_included()
        if len(found) == len(children):
            return {name: self._left_empty(found.values())}
        for field in definition.fields.values():
            for argument in field.arguments.values():
                if f"{name}.{field.name}" not in found and (reason := self._excluded(argument)):
                    found[f"{name}.{field.name}({argument.name}:)"] = reason
        return found

    def _excluded(self, element: Element) -> str | None:
        excluded = sorted(tags_of(element) & self._exclude)
        return f"it has the excluded {quoted_list(excluded, 'tag')}" if excluded else None

    def _is_included(self, tags: set[str]) -> bool:
        return not self._include or bool(tags & self._include)

    def _not_included(self) -> str:
        tags = quoted_list(sorted(self._include), "tag")
        return f"it has {'none of ' if len(self._include) > 1 else 'not '}the included {tags}"

    def _left_empty(self, reasons: Iterable[str]) -> str:
        if self._include and set(reasons) == {self._not_included()}:
            return f"{self._not_included()}, and neither has any of its members"
        return "it hides all its members"


__all__ = ["Reasons", "find_hidden", "hide", "tags_of", "walk"]
