"""Each case of the corpus gets the verdict, codes and supergraph the reference gave to it.

`corpus/CODE.txt` holds the cases whose first error in the reference is CODE, COMPOSES those without
errors; `recorded.json` what `@apollo/composition` answered, written by `record.mjs`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.model import SubgraphInput
from tests.supergraph.meaning import meaning

CORPUS = Path(__file__).parent / "corpus"
LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible",
  "@tag", "@interfaceObject", "@extends"])
"""

DISAGREEMENTS = {
    "COMPOSES: 39 external": "whether the reference accepts depends on the order in which it meets "
    "the type; `{ t { n } }` has no plan",
    "COMPOSES: 46 import renames": "the supergraph has @tag under its own name, whatever a "
    "subgraph calls it",
    "COMPOSES: 65 extend kinds": "extending a type as another kind is invalid GraphQL",
    "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: 1": "the reference stops at the first collision",
    "INVALID_GRAPHQL: 7 oneOf": "the reference runs on a GraphQL library without @oneOf",
    "INVALID_GRAPHQL: 8 link renamed": "the link specification allows to rename @link",
    "INVALID_GRAPHQL: 10 disallowed": "another error of the same schema is found first",
    "INVALID_LINK_DIRECTIVE_USAGE: 3 link v2": "the code for an unknown version is clearer",
    "REFERENCE_FAILS: 1": "the reference throws a TypeError",
    "REFERENCE_FAILS: 2": "the reference throws an internal error",
    "REFERENCE_FAILS: 3 req cycle": "the reference overflows its stack",
    "REFERENCE_FAILS: 4 overridden label": "the reference throws an internal error",
    "REQUIRES_DIRECTIVE_IN_FIELDS_ARG: 1": "one error per field set: the rest of it is not read",
    "TYPE_KIND_MISMATCH: 2 kind": "what follows from the mismatch is not reported again",
}
"""Cases in which this composer differs on purpose, with the reason."""


def _cases() -> dict[str, list[SubgraphInput]]:
    cases = {}
    for path in sorted(CORPUS.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            subgraphs = []
            for part in re.split(r"^--- ", body, flags=re.MULTILINE)[1:]:
                heading, _, sdl = part.partition("\n")
                name = heading.replace(" (federation 1)", "").strip()
                is_linked = "(federation 1)" in heading or re.search(r"@li?nk\b", sdl)
                subgraphs.append(
                    SubgraphInput(name, f"http://{name}", sdl if is_linked else LINK + sdl)
                )
            cases[f"{path.stem}: {title.strip()}"] = subgraphs
    return cases


CASES = _cases()
RECORDED = json.loads((CORPUS / "recorded.json").read_text())


def test_every_case_was_recorded() -> None:
    assert CASES.keys() == RECORDED.keys()
    assert DISAGREEMENTS.keys() <= CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_the_reference(name: str) -> None:
    result = compose(CASES[name])
    expected = RECORDED[name]
    codes = sorted({str(error.code) for error in result.errors})
    if name in DISAGREEMENTS:
        ours, theirs = result.supergraph_sdl, expected["sdl"]
        agrees = codes == expected["errors"] and (
            ours == theirs or (ours and theirs and meaning(ours) == meaning(theirs))
        )
        assert not agrees, "this case agrees by now"
        return
    assert codes == expected["errors"]
    assert (result.supergraph_sdl is None) == (expected["sdl"] is None)
    if result.supergraph_sdl is not None:
        assert meaning(result.supergraph_sdl) == meaning(expected["sdl"])
        assert sorted({str(hint.code) for hint in result.hints}) == expected["hints"]
        load_supergraph(result.supergraph_sdl)


@pytest.mark.parametrize("name", [name for name in CASES if RECORDED[name]["errors"]])
def test_every_error_names_its_place(name: str) -> None:
    for error in compose(CASES[name]).errors:
        assert error.message.strip()
        if error.code not in ("NO_QUERIES", "INVALID_SUBGRAPH_NAME"):
            assert error.locations, error
        for place in error.locations:
            assert place.line >= 1
            assert place.column >= 1
            assert place.subgraph in {item.name for item in CASES[name]}
