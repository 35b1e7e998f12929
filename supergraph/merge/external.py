"""`@external` fields repeat what another subgraph declares; the repetition has to be faithful."""

from __future__ import annotations

from collections.abc import Sequence

from supergraph.definitions import (
    FieldDefinition,
    InputValueDefinition,
    type_text,
    value_text,
)
from supergraph.errors import ErrorCode
from supergraph.merge.context import MergeContext, Source, describe_groups, group_by, names
from supergraph.merge.type_ref import is_subtype


def check_external_declarations(
    context: MergeContext,
    coordinate: str,
    merged: FieldDefinition,
    resolving: Sequence[Source[FieldDefinition]],
    external: Sequence[Source[FieldDefinition]],
) -> None:
    """Codes EXTERNAL_TYPE_MISMATCH and EXTERNAL_ARGUMENT_*."""
    # Where the resolving subgraphs differ among themselves, a repetition may be as precise as any.
    is_one = len({type_text(source.element.type) for source in resolving}) == 1
    differing = [
        source
        for source in external
        if type_text(source.element.type) != type_text(merged.type)
        and (is_one or not is_subtype(source.element.type, merged.type, context.supertypes))
    ]
    if differing:
        groups = group_by(
            (f'type "{type_text(source.element.type)}"', source.subgraph.name)
            for source in (*resolving, *differing)
        )
        said = describe_groups((what, sorted(subgraphs)) for what, subgraphs in groups)
        context.error(
            ErrorCode.EXTERNAL_TYPE_MISMATCH,
            f'Type of field "{coordinate}" is incompatible across subgraphs (where marked '
            f"@external): {said}",
            [*resolving, *differing],
            coordinate,
        )
    for name, argument in merged.arguments.items():
        _check_argument(context, coordinate, argument, resolving, external)
        missing = [source for source in external if name not in source.element.arguments]
        if missing:
            context.error(
                ErrorCode.EXTERNAL_ARGUMENT_MISSING,
                f'Field "{coordinate}" is missing argument "{coordinate}({name}:)" in some '
                f'subgraphs where it is marked @external: argument "{coordinate}({name}:)" is '
                f"declared in {names(resolving)} but not in {names(missing)} (where "
                f'"{coordinate}" is @external).',
                missing,
                f"{coordinate}({name}:)",
            )


def _check_argument(
    context: MergeContext,
    coordinate: str,
    merged: InputValueDefinition,
    resolving: Sequence[Source[FieldDefinition]],
    external: Sequence[Source[FieldDefinition]],
) -> None:
    place = f"{coordinate}({merged.name}:)"
    declared = [
        Source(source.subgraph, source.element.arguments[merged.name])
        for source in resolving
        if merged.name in source.element.arguments
    ]
    repeated = [
        Source(source.subgraph, source.element.arguments[merged.name])
        for source in external
        if merged.name in source.element.arguments
    ]
    wrong_type = [
        source
        for source in repeated
        if not is_subtype(merged.type, source.element.type, context.supertypes)
    ]
    if wrong_type:
        groups = group_by(
            (f'type "{type_text(source.element.type)}"', source.subgraph.name)
            for source in (*declared, *wrong_type)
        )
        context.error(
            ErrorCode.EXTERNAL_ARGUMENT_TYPE_MISMATCH,
            f'Type of argument "{place}" is incompatible across subgraphs (where "{coordinate}" is '
            f"marked @external): {describe_groups(groups)}",
            [*declared, *wrong_type],
            place,
        )
    wrong_default = [source for source in repeated if _default(source) != _text(merged)]
    if wrong_default:
        groups = group_by(
            (_default(source), source.subgraph.name) for source in (*declared, *wrong_default)
        )
        context.error(
            ErrorCode.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
            f'Argument "{place}" has incompatible defaults across subgraphs (where "{coordinate}" '
            f"is marked @external): {describe_groups(groups)}",
            [*declared, *wrong_default],
            place,
        )


def _default(source: Source[InputValueDefinition]) -> str:
    return _text(source.element)


def _text(argument: InputValueDefinition) -> str:
    if argument.default is None:
        return "no default value"
    return f"default value {value_text(argument.default)}"
