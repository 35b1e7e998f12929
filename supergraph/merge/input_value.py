"""Arguments and input fields: only what every subgraph accepts can be offered."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import (
    FieldDefinition,
    InputValueDefinition,
    quoted_list,
    value_text,
)
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.applied import merge_applied
from supergraph.merge.context import MergeContext, Source, describe_groups, group_by, names
from supergraph.merge.description import merge_description
from supergraph.merge.type_ref import merge_types


def merge_arguments(
    context: MergeContext, coordinate: str, sources: Sequence[Source[FieldDefinition]]
) -> dict[str, InputValueDefinition]:
    """The arguments common to all subgraphs that resolve the field."""
    merged: dict[str, InputValueDefinition] = {}
    argument_names = dict.fromkeys(name for source in sources for name in source.element.arguments)
    for name in argument_names:
        having = [
            Source(source.subgraph, source.element.arguments[name])
            for source in sources
            if name in source.element.arguments
        ]
        if any(source.element.has("fromContext") for source in having):
            _report_not_contextual(context, f"{coordinate}({name}:)", having)
        elif len(having) < len(sources):
            missing = [source for source in sources if name not in source.element.arguments]
            _report_absence(context, f"{coordinate}({name}:)", having, missing)
        else:
            merged[name] = merge_input_value(context, f"{coordinate}({name}:)", name, having)
    return merged


def _report_not_contextual(
    context: MergeContext, coordinate: str, having: Sequence[Source[InputValueDefinition]]
) -> None:
    """A gateway fills the argument where it is contextual, and clients cannot give it elsewhere."""
    contextual = [source for source in having if source.element.has("fromContext")]
    plain = [source for source in having if not source.element.has("fromContext")]
    requiring = [source for source in plain if source.element.is_required]
    if requiring:
        context.error(
            ErrorCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Argument "{coordinate}" is contextual in {names(contextual)} but in '
            f"{names(requiring)} it does not have @fromContext, is not nullable and has no default "
            "value.",
            [*contextual, *requiring],
            coordinate,
        )
    elif plain:
        context.hint(
            HintCode.CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS,
            f'Contextual argument "{coordinate}" will not be included in the supergraph since it '
            f"is contextual in {names(contextual)} but not in {names(plain)}.",
            [*contextual, *plain],
            coordinate,
        )


def _report_absence(
    context: MergeContext,
    coordinate: str,
    having: Sequence[Source[InputValueDefinition]],
    missing: Sequence[Source[FieldDefinition]],
) -> None:
    requiring = [source for source in having if source.element.is_required]
    if requiring:
        context.error(
            ErrorCode.REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH,
            f'Argument "{coordinate}" is required in some subgraphs but does not appear in all '
            f"subgraphs: it is required in {names(requiring)} but does not appear in "
            f"{names(missing)}",
            requiring,
            coordinate,
        )
        return
    context.hint(
        HintCode.INCONSISTENT_ARGUMENT_PRESENCE,
        f'Optional argument "{coordinate}" will not be included in the supergraph as it does not '
        f"appear in all subgraphs: it is defined in {names(having)} but not in {names(missing)}.",
        having,
        coordinate,
    )


def merge_input_value(
    context: MergeContext,
    coordinate: str,
    name: str,
    sources: Sequence[Source[InputValueDefinition]],
) -> InputValueDefinition:
    """One argument or input field of all its sources."""
    merged = InputValueDefinition(
        name=name,
        description=merge_description(context, coordinate, sources),
        directives=merge_applied(context, coordinate, sources),
        nodes=[node for source in sources for node in source.element.nodes],
        type=merge_types(context, coordinate, sources, is_input=True),
    )
    _merge_default(context, coordinate, merged, sources)
    return merged


def _merge_default(
    context: MergeContext,
    coordinate: str,
    merged: InputValueDefinition,
    sources: Sequence[Source[InputValueDefinition]],
) -> None:
    with_default = [source for source in sources if source.element.default is not None]
    if not with_default:
        return
    is_argument = coordinate.endswith(":)")
    noun = "Argument" if is_argument else "Input field"
    groups = group_by(
        (f"default value {value_text(source.element.default)}", source.subgraph.name)
        for source in with_default
    )
    if len(groups) > 1:
        context.error(
            ErrorCode.FIELD_ARGUMENT_DEFAULT_MISMATCH
            if is_argument
            else ErrorCode.INPUT_FIELD_DEFAULT_MISMATCH,
            f'{noun} "{coordinate}" has incompatible default values across subgraphs: '
            f"{describe_groups(groups)}",
            with_default,
            coordinate,
        )
        return
    if len(with_default) == len(sources):
        merged.default = with_default[0].element.default
        return
    without = [source.subgraph.name for source in sources if source.element.default is None]
    context.hint(
        HintCode.INCONSISTENT_DEFAULT_VALUE_PRESENCE,
        f'{noun} "{coordinate}" has a default value in only some subgraphs: will not use a default '
        f"in the supergraph (there is no default in {quoted_list(without)}) but "
        + describe_groups(groups, f'"{coordinate}" has ')
        + ".",
        sources,
        coordinate,
    )
