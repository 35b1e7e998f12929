"""The cases of the corpus of changes, as `corpus/README.md` describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from supergraph import SchemaChange, SubgraphInput, compose, diff, load_supergraph
from supergraph.checks.federation import subgraph_changes
from supergraph.checks.regrade import simplify
from tests.supergraph.corpus_cases import link

CORPUS = Path(__file__).parent / "corpus"
LINK = link((2, 9))
FEDERATION_1 = " (federation 1)"


@dataclass(slots=True)
class Case:
    """A pair of schemas, and the changes expected between them: `grade KIND coordinate` each.

    `old` and `new` are SDL by subgraph; the name is empty for plain schemas. `graph` is what else
    is in the graph of a subgraph that is compared alone. Of an upgrade, `old` is of Federation 1.
    """

    old: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    graph: dict[str, str] = field(default_factory=dict)
    expected: list[str] = field(default_factory=list)
    is_subgraph: bool = False
    is_upgrade: bool = False
    _changes: list[SchemaChange] | None = None

    def changes(self) -> list[SchemaChange]:
        """What is found, without what additions bring along."""
        if self._changes is None:
            self._changes = simplify(self._found())
        return self._changes

    def _found(self) -> list[SchemaChange]:
        if self.is_subgraph:
            (name,) = self.old
            old, new = self.old[name], LINK + self.new[name]
            if not self.is_upgrade:
                old = LINK + old
            whole = load_supergraph(composed(self.old | self.graph)) if self.graph else None
            return subgraph_changes(name, old, new, supergraph=whole)
        if "" in self.old:
            return diff(self.old[""], self.new[""])
        return diff(composed(self.old), composed(self.new))


def composed(subgraphs: dict[str, str]) -> str:
    """The supergraph of the subgraphs; a URL stands in a comment on the first line."""
    given = []
    for name, sdl in subgraphs.items():
        url = re.match(r"# (http\S+)", sdl)
        given.append(SubgraphInput(name, url[1] if url else f"http://{name}", LINK + sdl))
    result = compose(given)
    assert result.supergraph_sdl is not None, result.errors
    return result.supergraph_sdl


def read_cases() -> dict[str, Case]:
    """All cases by `FILE: title`."""
    cases = {}
    for path in sorted(CORPUS.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            case = Case(is_subgraph=path.stem.startswith("subgraph"))
            for part in re.split(r"^--- ", body, flags=re.MULTILINE)[1:]:
                heading, _, text = part.partition("\n")
                _add(case, heading.strip(), text.strip())
            cases[f"{path.stem}: {title.strip()}"] = case
    return cases


def _add(case: Case, heading: str, text: str) -> None:
    what, _, name = heading.partition(" ")
    case.is_upgrade |= name.endswith(FEDERATION_1)
    name = name.removesuffix(FEDERATION_1)
    if what == "changes":
        case.expected = text.splitlines()
    elif what == "graph":
        case.graph[name] = text
    else:
        if what in ("old", "both"):
            case.old[name] = text
        if what in ("new", "both"):
            case.new[name] = text


def shown(changes: list[SchemaChange]) -> list[str]:
    """Changes as the corpus writes them."""
    return [f"{item.criticality} {item.kind} {item.path}" for item in changes]
