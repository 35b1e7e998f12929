"""The cases of the composition corpus, as `corpus/README.md` describes them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TypedDict

from supergraph.compose import CompositionResult, compose
from supergraph.federation.directives import Version, directives_of
from supergraph.subgraph.model import SubgraphInput

CORPUS = Path(__file__).parent / "corpus"
DEFAULT_VERSION: Version = (2, 9)
_MARK = re.compile(r" \((federation 1|v2\.(?P<minor>\d+))\)")


class Recorded(TypedDict):
    """What the reference answered: sorted codes without repetition, and the supergraph."""

    errors: list[str]
    hints: list[str]
    sdl: str | None


def link(version: Version) -> str:
    """A link that imports every directive of the version."""
    imports = ", ".join(f'"@{name}"' for name in directives_of(version))
    url = f"https://specs.apollo.dev/federation/v{version[0]}.{version[1]}"
    return f'extend schema @link(url: "{url}", import: [{imports}])\n'


def read_cases(directory: Path = CORPUS) -> dict[str, list[SubgraphInput]]:
    """All cases by `FILE: title`."""
    cases = {}
    for path in sorted(directory.glob("*.txt")):
        for block in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            parts = re.split(r"^--- ", body, flags=re.MULTILINE)[1:]
            cases[f"{path.stem}: {title.strip()}"] = [_subgraph(part) for part in parts]
    return cases


def _subgraph(part: str) -> SubgraphInput:
    heading, _, sdl = part.partition("\n")
    mark = _MARK.search(heading)
    name = _MARK.sub("", heading).strip()
    if mark is not None and mark["minor"]:
        sdl = link((2, int(mark["minor"]))) + sdl
    elif mark is None and not re.search(r"@li?nk\b", sdl):
        sdl = link(DEFAULT_VERSION) + sdl
    return SubgraphInput(name, f"http://{name}", sdl)


@cache
def composed(name: str) -> CompositionResult:
    """What composing a case of the corpus gives, computed once."""
    return compose(_all_cases()[name])


@cache
def _all_cases() -> dict[str, list[SubgraphInput]]:
    return read_cases()


def read_recorded(directory: Path = CORPUS) -> dict[str, Recorded]:
    """What the reference answered to each case."""
    recorded: dict[str, Recorded] = json.loads((directory / "recorded.json").read_text())
    return recorded


def read_disagreements(directory: Path = CORPUS) -> dict[str, str]:
    """Cases in which this composer differs on purpose, with the reason."""
    reasons: dict[str, str] = json.loads((directory / "disagreements.json").read_text())
    return reasons
