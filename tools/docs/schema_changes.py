"""Writes docs/schema-changes.md: every kind of schema change, graded and explained.

The texts are those of `supergraph/checks/kind_texts/`. `make docs` runs this; a test says when the
page is stale.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from supergraph.checks.kinds import ENTRIES, ChangeKind

PAGE = Path(__file__).parents[2] / "docs" / "schema-changes.md"

_HEAD = """\
# Kinds of schema change

<!-- Written by tools/docs/schema_changes.py (`make docs`) from supergraph/checks/kind_texts/. -->

`dictamesh supergraph diff OLD NEW` lists what changed between two schemas. Each change has a kind,
and a grade: **breaking** if an operation that worked may fail, **dangerous** if it may answer
otherwise than its client expects, or something else is put at risk, **safe** if neither.
Kinds that other tools know, too, have the names they have there. What is graded otherwise than by
those tools, and why, is in `tests/supergraph/checks/corpus/disagreements.json`.

From Python:

```python
from supergraph import diff

for change in diff("type Query { a: Int b: Int }", "type Query { a: Int! }"):
    print(change.criticality, change.kind, change.path, change.message)
```

Two plain schemas are compared as they are. Of two supergraphs the API schemas are compared, and
what those do not show is added (the sections "Federation"). Of two versions of a subgraph the
directives of federation are compared for what they mean; `subgraph_changes` of
`supergraph.checks.federation` takes the supergraph they are part of, too, and knows by it what
other subgraphs depend on.

Definitions that are written alike in both texts are not read at all: comparing is quick, and
mistakes in them do not show. The command reads NEW as a whole before.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for section, items in groupby(ENTRIES, lambda item: item.section):
        parts.append(f"## {section}\n")
        parts += [_entry(item) for item in items]
    return "\n".join(parts)


def _entry(item: ChangeKind) -> str:
    anchors = "".join(f'<a id="{name.lower()}"></a>' for name in item.names)
    names = ", ".join(item.names)
    return (
        f"{anchors}\n### {names}\n\n{item.means}\n\n**Grade:** {item.grade}\n\n"
        f"**Safely:** {item.safely}\n"
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
