"""Ask for everything once: merge equal fields, and equal fragments that stand side by side.

The response has its keys in the order in which the client's selections first name them
(specification, "CollectFields"), whatever the variables and runtime types. So two selections are
merged only where no selection between them could come in between.
"""

from __future__ import annotations

from graphql import GraphQLSchema

from gateway.operation.model import (
    Conditions,
    FieldSelection,
    InlineFragment,
    Selection,
    SelectionSet,
)
from gateway.operation.normalize.apply_types import possible_types
from gateway.operation.normalize.field_key import FieldKey, field_key
from gateway.operation.schema_lookup import composite_type


def merge_selections(schema: GraphQLSchema, selections: SelectionSet) -> SelectionSet:
    """Merge within `selections` and everything below; what remains is in the client's order."""
    merged: list[Selection] = []
    last_mention: dict[str, int] = {}
    keys: dict[int, FieldKey] = {}
    for selection in selections:
        match selection:
            case FieldSelection():
                key = field_key(selection)
                at = last_mention.get(selection.response_name)
                if at is not None and keys.get(at) == key:
                    extra = selection.conditions - merged[at].conditions
                    if merged[at].conditions <= selection.conditions:
                        merged[at] = _with_more(merged[at], selection.selections, extra)
                        continue
                keys[len(merged)] = key
                last_mention[selection.response_name] = len(merged)
                merged.append(selection)
            case InlineFragment():
                at = _mergeable_fragment(schema, merged, selection)
                if at is None:
                    at = len(merged)
                    merged.append(selection)
                else:
                    merged[at] = _with_more(merged[at], selection.selections)
                for name in _response_names(selection):
                    last_mention[name] = at
    return tuple(_merge_below(schema, selection) for selection in merged)


def _merge_below(schema: GraphQLSchema, selection: Selection) -> Selection:
    if not selection.selections:
        return selection
    return with_selections(selection, merge_selections(schema, selection.selections))


def _with_more(
    selection: Selection, more: SelectionSet, conditions: Conditions = frozenset()
) -> Selection:
    if not more:
        return selection
    if conditions:
        more = (InlineFragment(None, more, conditions),)
    return with_selections(selection, selection.selections + more)


def with_selections(selection: Selection, selections: SelectionSet) -> Selection:
    """Return the selection with other selections below it."""
    match selection:
        case FieldSelection():
            return FieldSelection(
                selection.name,
                selection.alias,
                selection.arguments,
                selections,
                selection.conditions,
                selection.directives,
            )
        case InlineFragment():
            return InlineFragment(selection.type_condition, selections, selection.conditions)


def _mergeable_fragment(
    schema: GraphQLSchema, merged: list[Selection], fragment: InlineFragment
) -> int | None:
    """Find an equal fragment with nothing between that can apply to the same object."""
    for index in range(len(merged) - 1, -1, -1):
        other = merged[index]
        if not isinstance(other, InlineFragment):
            return None
        if (
            other.type_condition == fragment.type_condition
            and other.conditions == fragment.conditions
        ):
            return index
        if not _disjoint(schema, other.type_condition, fragment.type_condition):
            return None
    return None


def _disjoint(schema: GraphQLSchema, left: str | None, right: str | None) -> bool:
    if left is None or right is None or left == right:
        return False
    left_types = possible_types(schema, composite_type(schema, left))
    return left_types.isdisjoint(possible_types(schema, composite_type(schema, right)))


def _response_names(fragment: InlineFragment) -> list[str]:
    names: list[str] = []
    for selection in fragment.selections:
        if isinstance(selection, FieldSelection):
            names.append(selection.response_name)
        else:
            names.extend(_response_names(selection))
    return names
