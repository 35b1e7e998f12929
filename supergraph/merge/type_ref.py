"""The type of a field or argument that subgraphs write differently.

Values that go out may be told less precisely than one subgraph knows (`Int!` and `Int` give `Int`),
values that come in must satisfy everyone (`Int` and `Int!` give `Int!`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from graphql import ListTypeNode, NonNullTypeNode, TypeNode

from supergraph.definitions import FieldDefinition, InputValueDefinition, base_name, type_text
from supergraph.errors import ErrorCode
from supergraph.hints import HintCode
from supergraph.merge.context import MergeContext, Source, describe_groups, group_by

TypedT = TypeVar("TypedT", FieldDefinition, InputValueDefinition)


def is_subtype(sub: TypeNode, sup: TypeNode, supertypes: Mapping[str, set[str]]) -> bool:
    """Whether every value of `sub` is a value of `sup`; equal types are subtypes."""
    if isinstance(sup, NonNullTypeNode):
        return isinstance(sub, NonNullTypeNode) and is_subtype(sub.type, sup.type, supertypes)
    if isinstance(sub, NonNullTypeNode):
        return is_subtype(sub.type, sup, supertypes)
    if isinstance(sup, ListTypeNode):
        return isinstance(sub, ListTypeNode) and is_subtype(sub.type, sup.type, supertypes)
    if isinstance(sub, ListTypeNode):
        return False
    return base_name(sub) == base_name(sup) or base_name(sup) in supertypes.get(base_name(sub), ())


def merge_types(
    context: MergeContext, coordinate: str, sources: Sequence[Source[TypedT]], *, is_input: bool
) -> TypeNode:
    """The type all sources agree on; an error and the first type if there is none."""
    types = {type_text(source.element.type): source.element.type for source in sources}
    candidates = list(types.values())
    if len(candidates) == 1:
        return candidates[0]
    chosen = _choose(candidates, context.supertypes, is_input=is_input)
    is_argument = coordinate.endswith(":)")
    noun = "argument" if is_argument else "field"
    if chosen is None:
        groups = group_by(
            (f'type "{type_text(source.element.type)}"', source.subgraph.name) for source in sources
        )
        context.error(
            ErrorCode.FIELD_ARGUMENT_TYPE_MISMATCH
            if is_argument
            else ErrorCode.FIELD_TYPE_MISMATCH,
            f'Type of {noun} "{coordinate}" is incompatible across subgraphs: '
            f"{describe_groups(groups)}",
            sources,
            coordinate,
        )
        return candidates[0]
    _hint(context, coordinate, sources, chosen, noun, "supertype" if is_input else "subtype")
    return chosen


def _choose(
    candidates: Sequence[TypeNode], supertypes: Mapping[str, set[str]], *, is_input: bool
) -> TypeNode | None:
    for candidate in candidates:
        if all(
            is_subtype(candidate, other, supertypes)
            if is_input
            else is_subtype(other, candidate, supertypes)
            for other in candidates
        ):
            return candidate
    return None


def _hint(
    context: MergeContext,
    coordinate: str,
    sources: Sequence[Source[TypedT]],
    chosen: TypeNode,
    noun: str,
    relation: str,
) -> None:
    groups = dict(group_by((type_text(s.element.type), s.subgraph.name) for s in sources))
    text = type_text(chosen)
    used = describe_groups([("", groups.pop(text))], "").replace(" in ", "from ", 1)
    others = describe_groups(
        [(f'{relation} "{other}"', names) for other, names in groups.items()],
        f'"{coordinate}" has ',
    )
    context.hint(
        HintCode.INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE
        if noun == "argument"
        else HintCode.INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE,
        f'Type of {noun} "{coordinate}" is inconsistent but compatible across subgraphs: will use '
        f'type "{text}" ({used}) in supergraph but {others}.',
        sources,
        coordinate,
    )
