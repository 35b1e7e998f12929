"""What each error code and hint means: when it occurs, an example, how to mend it.

The texts stand in `explanations/*.txt`, in the order of the page made of them. A line `=== CODE`
starts an explanation, `when:` and `mend:` are its sentences (`why:` tells why it has no example),
`--- NAME` starts the SDL of a subgraph of the example. `# Title` starts a section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from supergraph.federation.directives import DIRECTIVES, FEDERATION_IDENTITY
from supergraph.subgraph.model import SubgraphInput

HINTS_SECTION = "Hints"
EXAMPLE_VERSION = "v2.9"
"""The federation version that examples link where they do not say."""

_DIRECTIVE = re.compile(r"@(\w+)")
_FEDERATION_1 = " (federation 1)"


class RemarkKind(StrEnum):
    """Whether composition fails with it."""

    ERROR = "error"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained.

    `example` is SDL by subgraph; where there is none, `no_example` says why.
    """

    kind: RemarkKind
    code: str
    section: str
    when: str
    mend: str
    example: tuple[tuple[str, str], ...] = ()
    no_example: str | None = None

    def subgraphs(self) -> tuple[SubgraphInput, ...]:
        """The example as input of `compose`.

        SDL without a link gets one that imports what the SDL uses, unless the name of the subgraph
        says that it is of Federation 1.
        """
        return tuple(
            SubgraphInput(
                name.removesuffix(_FEDERATION_1),
                f"http://{name.removesuffix(_FEDERATION_1)}",
                sdl if name.endswith(_FEDERATION_1) or "@link" in sdl else f"{_link(sdl)}\n{sdl}",
            )
            for name, sdl in self.example
        )


def _link(sdl: str) -> str:
    used = sorted({f'"@{name}"' for name in _DIRECTIVE.findall(sdl) if name in DIRECTIVES})
    imported = f", import: [{', '.join(used)}]" if used else ""
    return f'extend schema @link(url: "{FEDERATION_IDENTITY}/{EXAMPLE_VERSION}"{imported})'


@lru_cache(maxsize=1)
def explanations() -> tuple[Explanation, ...]:
    """Every explanation, in the order of the page."""
    directory = resources.files("supergraph") / "explanations"
    texts = sorted((item.name, item) for item in directory.iterdir() if item.name.endswith(".txt"))
    found = []
    section = ""
    for _, item in texts:
        for block in re.split(r"^(?==== |# )", item.read_text("utf-8"), flags=re.MULTILINE):
            if block.startswith("# "):
                section = block.removeprefix("# ").strip()
            elif block.strip():
                found.append(_parse(block, section))
    return tuple(found)


def explain(code: str) -> tuple[Explanation, ...]:
    """The explanations of a code: usually one; a name may be that of an error and of a hint."""
    return tuple(item for item in explanations() if item.code == code.upper())


def _parse(block: str, section: str) -> Explanation:
    head, *parts = re.split(r"^--- ", block, flags=re.MULTILINE)
    lines = dict(_sentences(head))
    return Explanation(
        kind=RemarkKind.HINT if section == HINTS_SECTION else RemarkKind.ERROR,
        code=head.partition("\n")[0].removeprefix("=== ").strip(),
        section=section,
        when=lines["when"],
        mend=lines["mend"],
        example=tuple(
            (name.strip(), f"{sdl.strip()}\n")
            for name, _, sdl in (part.partition("\n") for part in parts)
        ),
        no_example=lines.get("why"),
    )


def _sentences(head: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines()[1:]:
        key, separator, text = line.partition(": ")
        if separator:
            yield key, text.strip()


__all__ = ["Explanation", "RemarkKind", "explain", "explanations"]
