from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule
from supergraph.definitions import Element

_CAMEL_CASE = re.compile(r"[a-z][A-Za-z0-9]*")


class FieldNames(LintRule):
    """Names of fields, input fields and arguments are in camelCase."""

    name = "field-names"

    def check(self, graph: LintGraph, options: Any) -> Iterator[LintFinding]:
        """Look at every field, input field and argument."""
        for subgraph, item in graph.types():
            named: list[tuple[str, str, Element]] = []
            for field in item.fields.values():
                if field.has("external"):
                    continue
                coordinate = f"{item.name}.{field.name}"
                named.append((coordinate, "field", field))
                named += [
                    (f"{coordinate}({argument.name}:)", "argument", argument)
                    for argument in field.arguments.values()
                ]
            named += [
                (f"{item.name}.{value.name}", "input field", value)
                for value in item.input_fields.values()
            ]
            for coordinate, what, element in named:
                if not _CAMEL_CASE.fullmatch(element.name):
                    message = f'The {what} "{coordinate}" is not named in camelCase.'
                    yield graph.of_element(subgraph, coordinate, element, message)
