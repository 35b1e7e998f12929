"""Definitions of executable directives: what clients may write if every subgraph understands it."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import DirectiveDefinition, FieldDefinition, quoted_list
from supergraph.hints import HintCode
from supergraph.merge.context import MergeContext, Source, names
from supergraph.merge.description import merge_description
from supergraph.merge.input_value import merge_arguments

EXECUTABLE_LOCATIONS = (
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
)


def merge_directive_definitions(context: MergeContext) -> None:
    """Add the executable directives that all subgraphs define, and the composed ones."""
    found: dict[str, list[Source[DirectiveDefinition]]] = {}
    for subgraph in context.subgraphs:
        for definition in subgraph.directives.values():
            if _executable(definition) and definition.name not in context.composed.definitions:
                found.setdefault(definition.name, []).append(Source(subgraph, definition))
    for name, sources in found.items():
        having = {source.subgraph.name for source in sources}
        missing = [s.name for s in context.subgraphs if s.name not in having]
        if missing:
            context.hint(
                HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE,
                f'Executable directive "@{name}" will not be part of the supergraph as it does not '
                f"appear in all subgraphs: it is defined in {names(sources)} but not in "
                f"{quoted_list(missing)}.",
                sources,
                f"@{name}",
            )
        else:
            _merge(context, name, sources)
    context.merged.directives.update(context.composed.definitions)


def _executable(definition: DirectiveDefinition) -> tuple[str, ...]:
    return tuple(item for item in definition.locations if item in EXECUTABLE_LOCATIONS)


def _merge(
    context: MergeContext, name: str, sources: Sequence[Source[DirectiveDefinition]]
) -> None:
    common = [
        location
        for location in _executable(sources[0].element)
        if all(location in source.element.locations for source in sources)
    ]
    said = [
        f"{_plural(_executable(source.element))} in {quoted_list([source.subgraph.name])}"
        for source in sources
    ]
    if not common:
        context.hint(
            HintCode.NO_EXECUTABLE_DIRECTIVE_INTERSECTION,
            f'Executable directive "@{name}" has no location that is common to all subgraphs: it '
            f"will not appear in the supergraph as there is no intersection between "
            f"{' and '.join(said)}.",
            sources,
            f"@{name}",
        )
        return
    if any(set(_executable(source.element)) != set(common) for source in sources):
        context.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS,
            f'Executable directive "@{name}" has inconsistent locations across subgraphs and will '
            f"use {_plural(common)} (intersection of all subgraphs) in the supergraph, but has: "
            f"{' and '.join(said)}.",
            sources,
            f"@{name}",
        )
    repeatable = [source for source in sources if source.element.repeatable]
    if repeatable and len(repeatable) < len(sources):
        once = [source for source in sources if not source.element.repeatable]
        context.hint(
            HintCode.INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE,
            f'Executable directive "@{name}" will not be marked repeatable in the supergraph as it '
            f"is inconsistently marked repeatable in subgraphs: it is not repeatable in "
            f"{names(once)} but is repeatable in {names(repeatable)}.",
            sources,
            f"@{name}",
        )
    # Arguments merge like those of a field.
    as_fields = [
        Source(
            source.subgraph,
            FieldDefinition(
                name=name, nodes=source.element.nodes, arguments=source.element.arguments
            ),
        )
        for source in sources
    ]
    context.merged.directives[name] = DirectiveDefinition(
        name=name,
        description=merge_description(context, f"@{name}", sources),
        nodes=[node for source in sources for node in source.element.nodes],
        locations=tuple(common),
        repeatable=len(repeatable) == len(sources),
        arguments=merge_arguments(context, f"@{name}", as_fields),
    )


def _plural(locations: Sequence[str]) -> str:
    noun = "location" if len(locations) == 1 else "locations"
    return f'{noun} "{", ".join(locations)}"'
