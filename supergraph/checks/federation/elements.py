"""The elements that are on both sides, in pairs: what directives on them are compared over."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import TypeVar

from supergraph.definitions import Element, SchemaDefinitions

ElementT = TypeVar("ElementT", bound=Element)


def element_pairs(
    old: SchemaDefinitions, new: SchemaDefinitions
) -> Iterator[tuple[str, Element, Element]]:
    """Coordinate, old and new element of all types, members and arguments on both sides.

    Those that no directive stands on, on neither side, are left out.
    """
    for name, after in new.types.items():
        before = old.types.get(name)
        if before is None:
            continue
        yield from _pair(name, before, after)
        was = {child.name: child for child in before.children()}
        for child in after.children():
            if child.name in was:
                yield from _pair(f"{name}.{child.name}", was[child.name], child)
        for member in after.fields.values():
            if member.name in before.fields:
                arguments = before.fields[member.name].arguments
                for argument in member.arguments.values():
                    if argument.name in arguments:
                        path = f"{name}.{member.name}({argument.name}:)"
                        yield from _pair(path, arguments[argument.name], argument)


def _pair(path: str, old: Element, new: Element) -> Iterator[tuple[str, Element, Element]]:
    if old.directives or new.directives:
        yield path, old, new


def without_directives(element: ElementT, names: Container[str]) -> ElementT:
    """The element without directives of these local names."""
    if not element.directives:
        return element
    return replace(element, directives=[i for i in element.directives if i.name not in names])
