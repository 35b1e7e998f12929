"""`@override`: which subgraph a field has left, and whether it left for good.

The result says for each subgraph whether it still resolves the field. With a label both do: the
gateway decides per request.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from supergraph.definitions import FieldDefinition, TypeKind
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.context import MergeContext, Source

_LABEL = re.compile(r"^[a-zA-Z][a-zA-Z0-9_\-:./]*$")
_PERCENT = re.compile(r"^percent\((\d{1,2}(\.\d{1,8})?|100(\.0{1,8})?)\)$")


@dataclass(slots=True)
class Overrides:
    """Subgraph names: `overridden` no longer resolve the field; `used` of them still refer to it.

    `labels` maps both sides of a progressive override to its label.
    """

    overridden: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)


def resolve_overrides(
    context: MergeContext,
    coordinate: str,
    sources: Sequence[Source[FieldDefinition]],
    kinds: dict[str, TypeKind],
    interface_objects: Container[str] = (),
) -> Overrides:
    """Read all `@override` of a field.

    `kinds` is the parent's kind by subgraph, `interface_objects` where it is an interface object.
    """
    result = Overrides()
    by_name = {source.subgraph.name: source for source in sources}
    overriding = {
        name: source for name, source in by_name.items() if source.element.has("override")
    }
    for name, source in overriding.items():
        directive = source.element.applied("override")[0]
        origin = directive.text("from") or ""
        from_source = by_name.get(origin)
        if name in interface_objects:
            context.error(
                ErrorCode.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
                "@override is not yet supported on fields of @interfaceObject types: cannot be "
                f'used on field "{coordinate}" on subgraph "{name}".',
                [source],
                coordinate,
            )
        elif kinds[name] is TypeKind.INTERFACE:
            context.error(
                ErrorCode.OVERRIDE_ON_INTERFACE,
                f'@override cannot be used on field "{coordinate}" on subgraph "{name}": @override '
                "is not supported on interface type fields.",
                [source],
                coordinate,
            )
        elif _is_external(context, coordinate, source):
            continue
        elif origin == name:
            context.error(
                ErrorCode.OVERRIDE_FROM_SELF_ERROR,
                f'Source and destination subgraphs "{name}" are the same for overridden field '
                f'"{coordinate}"',
                [source],
                coordinate,
            )
        elif not any(subgraph.name == origin for subgraph in context.subgraphs):
            _unknown_origin(context, coordinate, source, origin)
        elif from_source is None:
            context.hint(
                HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                f'Field "{coordinate}" on subgraph "{name}" no longer exists in the from subgraph. '
                "The @override directive can be removed.",
                [source],
                coordinate,
            )
        elif origin in overriding:
            context.error(
                ErrorCode.OVERRIDE_SOURCE_HAS_OVERRIDE,
                f'Field "{coordinate}" on subgraph "{name}" is also marked with directive '
                f'@override in subgraph "{origin}". Only one @override directive is allowed per '
                "field.",
                [source, from_source],
                coordinate,
            )
        elif from_source.element.has("external"):
            context.hint(
                HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
                f'Field "{coordinate}" on subgraph "{name}" is not resolved anymore by the from '
                f'subgraph (it is marked "@external" in "{origin}"). The @override directive can '
                "be removed.",
                [source],
                coordinate,
            )
        else:
            _apply(context, coordinate, source, from_source, directive.text("label"), result)
    return result


def _is_external(context: MergeContext, coordinate: str, source: Source[FieldDefinition]) -> bool:
    """Whether the overriding subgraph does not resolve the field itself: that is an error."""
    name = source.subgraph.name
    if not source.element.has("external"):
        return False
    context.error(
        ErrorCode.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
        f'@override cannot be used on field "{coordinate}" on subgraph "{name}" since '
        f'"{coordinate}" on "{name}" is marked with directive "@external"',
        [source],
        coordinate,
    )
    return True


def _unknown_origin(
    context: MergeContext, coordinate: str, source: Source[FieldDefinition], origin: str
) -> None:
    known = [subgraph.name for subgraph in context.subgraphs]
    close = difflib.get_close_matches(origin, known, n=1, cutoff=0.5)
    suggestion = f' Did you mean "{close[0]}"?' if close else ""
    context.hint(
        HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST,
        f'Source subgraph "{origin}" for field "{coordinate}" on subgraph '
        f'"{source.subgraph.name}" does not exist.{suggestion}',
        [source],
        coordinate,
    )


def _apply(
    context: MergeContext,
    coordinate: str,
    source: Source[FieldDefinition],
    from_source: Source[FieldDefinition],
    label: str | None,
    result: Overrides,
) -> None:
    name, origin = source.subgraph.name, from_source.subgraph.name
    if label:
        result.labels[name] = result.labels[origin] = label
        if not (_LABEL.match(label) or _PERCENT.match(label)):
            context.error(
                ErrorCode.OVERRIDE_LABEL_INVALID,
                f'Invalid @override label "{label}" on field "{coordinate}" on subgraph "{name}": '
                "labels must start with a letter and after that may contain alphanumerics, "
                "underscores, minuses, colons, periods, or slashes. Alternatively, labels may be "
                'of the form "percent(x)" where x is a float between 0-100 inclusive.',
                [source],
                coordinate,
            )
            return
        context.hint(
            HintCode.OVERRIDE_MIGRATION_IN_PROGRESS,
            f'Field "{coordinate}" is currently being migrated with progressive @override. Once '
            f'the migration is complete, remove the field from subgraph "{origin}".',
            [source],
            coordinate,
        )
        return
    result.overridden.add(origin)
    type_name, _, field_name = coordinate.partition(".")
    if context.usages[origin].is_used((type_name, field_name)):
        result.used.add(origin)
        context.hint(
            HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
            f'Field "{coordinate}" on subgraph "{origin}" is overridden. It is still used in some '
            "federation directive(s) (@key, @requires, and/or @provides) and/or to satisfy "
            "interface constraint(s), but consider marking it @external explicitly or removing it "
            "along with its references.",
            [from_source],
            coordinate,
        )
    else:
        context.hint(
            HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
            f'Field "{coordinate}" on subgraph "{origin}" is overridden. Consider removing it.',
            [from_source],
            coordinate,
        )
