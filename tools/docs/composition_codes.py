"""Writes docs/composition-codes.md: every error code and hint of composition, explained.

The texts are those of `supergraph/explanations/`, which `dictamesh supergraph explain` prints, too.
`make docs` runs this; a test says when the page is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from supergraph.explain import EXAMPLE_VERSION, Explanation, RemarkKind, explanations
from supergraph.hints import HintCode

PAGE = Path(__file__).parents[2] / "docs" / "composition-codes.md"

_HEAD = f"""\
# Error codes and hints of composition

<!-- Written by tools/docs/composition_codes.py (`make docs`) from supergraph/explanations/. -->

`dictamesh supergraph compose` reports what is wrong with subgraphs as errors, and what may surprise
as hints. Codes are those of Apollo's composition. Each is explained here: when it occurs, an
example, and how to mend it; `dictamesh supergraph explain CODE` prints the same.

Examples leave out what they do not need. Where they link no specification, think of a link to
`https://specs.apollo.dev/federation/{EXAMPLE_VERSION}` that imports the directives they use. A test
composes each of them and sees the code come out.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD, "## Contents\n"]
    for section, items in _sections():
        codes = ", ".join(f"[{item.code}](#{_anchor(item)})" for item in items)
        parts.append(f"- **{section}**: {codes}")
    parts.append("")
    for section, items in _sections():
        parts.append(f"## {section}\n")
        parts += [_entry(item) for item in items]
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, list[Explanation]]]:
    for section, items in groupby(explanations(), lambda item: item.section):
        yield section, list(items)


def _anchor(item: Explanation) -> str:
    return item.code.lower() + ("-hint" if item.kind is RemarkKind.HINT else "")


def _entry(item: Explanation) -> str:
    levels = {hint.value: hint.level.value for hint in HintCode}
    title = f'<a id="{_anchor(item)}"></a>\n### {item.code}\n'
    lines = [title]
    if item.kind is RemarkKind.HINT and item.code in levels:
        lines.append(f"Level {levels[item.code]}. {item.when}\n")
    else:
        lines.append(f"{item.when}\n")
    if item.no_example:
        lines.append(f"No example: {item.no_example[0].lower()}{item.no_example[1:]}\n")
    for name, sdl in item.example:
        lines.append(f"```graphql\n# {name}\n{sdl}```\n")
    lines.append(f"**To mend it:** {item.mend}\n")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
