"""A contract: the same supergraph with a smaller API schema.

One graph serves several audiences, and not all may see all of it. Subgraphs tag what belongs
together (`@tag(name: "partner")`), a contract includes and excludes tags. What it leaves out
becomes `@inaccessible`: clients do not see it, while the planner still uses it as key or
requirement. So a gateway runs a contract like any other supergraph.

The steps are those of Apollo's contracts, and each is a module here: what is hidden (`filter.py`),
what clients cannot reach any more (`reachable.py`), the marks on the supergraph (`mark.py`). What
remains must be a whole schema; the rules of `@inaccessible` say where it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from graphql import print_ast

from supergraph.collection import collection_paused
from supergraph.contracts.filter import find_hidden, hide, tags_of, walk
from supergraph.contracts.mark import mark_inaccessible
from supergraph.contracts.reachable import unreachable_types
from supergraph.definitions import quoted_list
from supergraph.errors import CompositionError, ErrorCode
from supergraph.extraction.definitions import read_definitions
from supergraph.links import linked_specs
from supergraph.load import parse_supergraph, read_supergraph
from supergraph.merge.context import MergeContext
from supergraph.model import InvalidSupergraphError
from supergraph.rules.inaccessible import check_inaccessible
from supergraph.subgraph.model import Subgraph

_QUOTED = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """What a contract shows.

    With `include`, only what has one of these tags, itself or from what it stands in; without,
    everything. What has a tag of `exclude` is hidden either way, with all that is in it.
    `hide_unreachable` also hides types that no query can reach any more.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    hide_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class ContractResult:
    """The contract's supergraph, or why there is none.

    `supergraph_sdl` is None exactly if there are `errors`; their places are lines of the
    supergraph. `hidden` are the schema coordinates that the contract hides; `unknown_tags` are
    tags of the filter that nothing in the supergraph has, often a misspelling.
    """

    supergraph_sdl: str | None
    errors: tuple[CompositionError, ...] = ()
    hidden: tuple[str, ...] = ()
    unknown_tags: tuple[str, ...] = field(default=())


def apply_contract(
    supergraph_sdl: str, contract: ContractFilter, file: str | None = None
) -> ContractResult:
    """Hide from clients what a contract leaves out; `file` is only named in errors.

    Raises:
        InvalidSupergraphError: if the text is no supergraph.
    """
    with collection_paused():
        return _apply(supergraph_sdl, contract, file)


def _apply(supergraph_sdl: str, contract: ContractFilter, file: str | None) -> ContractResult:
    document = parse_supergraph(supergraph_sdl, no_location=False)
    read_supergraph(supergraph_sdl, document)
    specs = linked_specs(document)
    schema = read_definitions(document, specs).schema
    unknown = _unknown_tags(contract, {tag for _, item in walk(schema) for tag in tags_of(item)})
    hidden = find_hidden(schema, contract.include, contract.exclude)
    hide(schema, hidden)
    if contract.hide_unreachable:
        unreachable = dict.fromkeys(unreachable_types(schema), "no query can reach it")
        hide(schema, unreachable)
        hidden |= unreachable
    view = Subgraph(types=schema.types, name="supergraph", file=file, sdl=supergraph_sdl)
    context = MergeContext((view,), {}, merged=schema)
    errors = tuple(_explained(error, hidden) for error in check_inaccessible(context))
    if errors:
        return ContractResult(None, errors, tuple(hidden), unknown)
    marked = mark_inaccessible(document, specs, hidden)
    sdl = print_ast(marked) + "\n"
    try:
        read_supergraph(sdl, marked)
    except InvalidSupergraphError as error:
        invalid = CompositionError(ErrorCode.INVALID_GRAPHQL, error.message)
        return ContractResult(None, (invalid,), tuple(hidden), unknown)
    return ContractResult(sdl, (), tuple(hidden), unknown)


def _unknown_tags(contract: ContractFilter, known: set[str]) -> tuple[str, ...]:
    return tuple(sorted((contract.include | contract.exclude) - known))


def _explained(error: CompositionError, hidden: dict[str, str]) -> CompositionError:
    """Add why the contract hides what the message speaks of."""
    named = [name for name in dict.fromkeys(_QUOTED.findall(error.message)) if name in hidden]
    if not named:
        return error
    reasons = "; ".join(f'it hides "{name}" because {hidden[name]}' for name in named)
    message = f"{error.message.rstrip('.')}. This comes from the contract: {reasons}."
    return replace(error, message=message)


def describe(contract: ContractFilter) -> str:
    """The filter in words, for people."""
    parts = []
    if contract.include:
        parts.append(f"includes {quoted_list(sorted(contract.include), 'tag')}")
    if contract.exclude:
        parts.append(f"excludes {quoted_list(sorted(contract.exclude), 'tag')}")
    if contract.hide_unreachable:
        parts.append("hides what no query can reach")
    return ", ".join(parts) or "changes nothing"


__all__ = ["ContractFilter", "ContractResult", "apply_contract", "describe"]
