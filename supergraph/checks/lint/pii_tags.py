from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from supergraph.checks.lint.rule import LintFinding, LintGraph, LintRule, RuleOptions
from supergraph.contracts.filter import tags_of
from supergraph.definitions import base_name

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class PiiOptions(RuleOptions):
    """What personal data looks like, and how it is marked."""

    tag: str = Field(default="pii", min_length=1)
    """The tag that marks personal data."""
    names: tuple[str, ...] = (
        "email", "e mail", "phone", "phone number", "mobile", "ssn", "social security number",
        "birth date", "date of birth", "birthday", "first name", "last name", "full name",
        "surname", "family name", "given name", "street", "postal code", "zip code", "passport",
        "passport number", "iban", "credit card", "card number", "tax id", "ip address",
        "national id", "driver license",
    )  # fmt: skip
    """Names of fields, in words; a field's name that ends with one of them is meant."""


class PiiTags(LintRule):
    """A field that looks like personal data is tagged, on itself or its type."""

    name = "pii-tags"
    options_model = PiiOptions

    def check(self, graph: LintGraph, options: PiiOptions) -> Iterator[LintFinding]:
        """Look at leaf fields by their names."""
        wanted: dict[str, list[list[str]]] = {}  # by the last word, which few fields' names have
        for name in options.names:
            if name.strip():
                words = name.lower().split()
                wanted.setdefault(words[-1], []).append(words)
        for subgraph, item, field in graph.fields():
            words = [word.lower() for word in _WORDS.findall(field.name)]
            candidates = wanted.get(words[-1], ()) if words else ()
            if not any(words[-len(candidate) :] == candidate for candidate in candidates):
                continue
            type_name = base_name(field.type)
            target = subgraph.types.get(type_name)
            if target is not None and target.is_composite:
                continue
            tags = tags_of(field) | tags_of(item)
            if options.tag in tags or type_name in ("Int", "Float", "Boolean"):
                continue
            coordinate = f"{item.name}.{field.name}"
            message = (
                f'"{coordinate}" looks like personal data; mark it with '
                f'@tag(name: "{options.tag}").'
            )
            yield graph.of_element(subgraph, coordinate, field, message)
