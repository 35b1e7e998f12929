"""One description of many: the one most subgraphs give, the first of equals."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import quoted_list
from supergraph.hints import HintCode
from supergraph.merge.context import ElementT, MergeContext, Source


def merge_description(
    context: MergeContext, coordinate: str, sources: Sequence[Source[ElementT]]
) -> str | None:
    """The description for the supergraph; subgraphs without one have no say."""
    groups: dict[str, list[Source[ElementT]]] = {}
    for source in sources:
        if source.element.description:
            groups.setdefault(source.element.description, []).append(source)
    if not groups:
        return None
    chosen = max(groups, key=lambda text: len(groups[text]))
    if len(groups) > 1:
        rest = "\n".join(
            f"In {_names(group)}, the description is:\n{_block(text)}"
            for text, group in groups.items()
            if text != chosen
        )
        context.hint(
            HintCode.INCONSISTENT_DESCRIPTION,
            f'Element "{coordinate}" has inconsistent descriptions across subgraphs. The '
            f"supergraph will use description (from {_names(groups[chosen])}):\n"
            f"{_block(chosen)}\n{rest}",
            [source for group in groups.values() for source in group],
            coordinate,
        )
    return chosen


def _names(group: Sequence[Source[ElementT]]) -> str:
    return quoted_list([source.subgraph.name for source in group])


def _block(text: str) -> str:
    lines = "\n".join(f"  {line}" for line in text.split("\n"))
    return f'  """\n{lines}\n  """'
