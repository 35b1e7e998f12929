"""From the document's nodes to selections without named fragments.

A spread becomes an inline fragment with the fragment's type condition. A fragment is converted
once, however often it is spread: its selections are frozen and shared. Literal `@skip` and
`@include` are decided on the way, because a selection that never applies has no form in the model.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.operation.model import FieldSelection, InlineFragment, Selection, SelectionSet
from gateway.operation.normalize.conditions import conditions_of, without_conditions


def inline_fragments(document: DocumentNode, operation: OperationDefinitionNode) -> SelectionSet:
    """Convert the operation's selections; the document is valid, so fragments have no cycles."""
    return _Converter(document).selection_set(operation.selection_set)


class _Converter:
    def __init__(self, document: DocumentNode) -> None:
        self.definitions = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.converted: dict[str, SelectionSet] = {}

    def selection_set(self, node: SelectionSetNode | None) -> SelectionSet:
        if node is None:
            return ()
        found: list[Selection] = []
        for selection in node.selections:
            directives: Sequence[DirectiveNode] = selection.directives or ()
            conditions = conditions_of(directives)
            if conditions is None:
                continue
            match selection:
                case FieldNode():
                    alias = selection.alias.value if selection.alias else None
                    found.append(
                        FieldSelection(
                            name=selection.name.value,
                            alias=None if alias == selection.name.value else alias,
                            arguments=tuple(
                                (argument.name.value, argument.value)
                                for argument in selection.arguments or ()
                            ),
                            selections=self.selection_set(selection.selection_set),
                            conditions=conditions,
                            directives=without_conditions(directives),
                        )
                    )
                case InlineFragmentNode():
                    on = selection.type_condition.name.value if selection.type_condition else None
                    nested = self.selection_set(selection.selection_set)
                    found.append(InlineFragment(on, nested, conditions))
                case FragmentSpreadNode():
                    name = selection.name.value
                    on = self.definitions[name].type_condition.name.value
                    found.append(InlineFragment(on, self.fragment(name), conditions))
                case _:  # pragma: no cover - the grammar has no fourth kind
                    raise AssertionError(selection.kind)
        return tuple(found)

    def fragment(self, name: str) -> SelectionSet:
        if name not in self.converted:
            self.converted[name] = self.selection_set(self.definitions[name].selection_set)
        return self.converted[name]
