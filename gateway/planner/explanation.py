"""Explanations of a plan, as sentences and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.planner.explain import FetchExplanation


def display_explanation(fetches: Sequence[FetchExplanation]) -> str:
    """One paragraph per fetch, after a line that sums the plan up."""
    if not fetches:
        return "Nothing has to be fetched."
    depth: dict[int, int] = {}
    for fetch in fetches:
        depth[fetch.number] = 1 + max((depth[other] for other in fetch.waits_for), default=0)
    calls, chain = len(fetches), max(depth.values())
    lines = [f"{_count(calls, 'call')}, at most {chain} one after the other."]
    for fetch in fetches:
        lines += ["", *_paragraph(fetch)]
    return "\n".join(lines)


def _paragraph(fetch: FetchExplanation) -> Iterator[str]:
    place = f"for the objects at {', '.join(fetch.paths)}" if fetch.paths else "at the root"
    yield f'{fetch.number}. "{fetch.subgraph}", {place}'
    if fetch.wanted:
        yield f"   brings         {', '.join(fetch.wanted)}"
    if fetch.needed:
        yield f"   and for others {', '.join(fetch.needed)}"
    if fetch.entered_by:
        yield f"   is sent        {', '.join(fetch.entered_by)}"
    if fetch.from_above:
        yield f"   takes          {', '.join(fetch.from_above)}"
    if fetch.waits_for:
        yield f"   waits for      {', '.join(map(str, fetch.waits_for))}"
    else:
        yield "   waits for      nothing"
    if fetch.conditions:
        yield f"   only with      {' '.join(fetch.conditions)}"
    if fetch.elsewhere:
        others = [f"{name} is also in {', '.join(graphs)}" for name, graphs in fetch.elsewhere]
        yield f"   alternatives   {'; '.join(others)}: that would take more calls, or later ones"
    elif fetch.wanted:
        yield "   alternatives   none: no other subgraph has these fields"
    else:
        yield "   alternatives   this is the nearest way to what the calls after it are sent"


def display_mermaid(fetches: Sequence[FetchExplanation]) -> str:
    """A Mermaid flowchart: a box per fetch, an arrow from each to those that wait for it."""
    lines = ["flowchart TD", '  client(["operation"])']
    for fetch in fetches:
        place = ", ".join(fetch.paths) or "root"
        shown = [*fetch.wanted, *fetch.needed]
        rest = [f"and {len(shown) - 6} more"] if len(shown) > 6 else []
        text = "<br/>".join(_escaped(part) for part in (place, *shown[:6], *rest))
        lines.append(f'  f{fetch.number}["<b>{_escaped(fetch.subgraph)}</b><br/>{text}"]')
    for fetch in fetches:
        label = " ".join((*fetch.entered_by, *fetch.conditions))
        arrow = f'-->|"{_escaped(label)}"|' if label else "-->"
        starts = [f"f{number}" for number in fetch.waits_for] or ["client"]
        lines += [f"  {start} {arrow} f{fetch.number}" for start in starts]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, code)
    return text


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
