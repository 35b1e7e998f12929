"""The GraphQL text of one fetch, collected field by field.

A subgraph validates what it is sent. Two object types may use one response name with types that
fit in the supergraph but not in this subgraph (`String` and `String!`, say); such a field gets an
internal alias here and its own name back by an output rewrite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    ListTypeNode,
    ListValueNode,
    NonNullTypeNode,
    ObjectValueNode,
    TypeNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from gateway.operation.model import Condition, Conditions
from gateway.plan.nodes import FieldSegment, RenameKeyRewrite, RewritePath
from gateway.planner.selections import TYPENAME
from supergraph.api_schema import type_name as named_type
from supergraph.model import TypeName


@dataclass(slots=True, eq=False)
class DocumentField:
    """A field of the document; `type` is its type in the subgraph, None for `__typename`."""

    response_name: str
    name: str
    arguments: tuple[tuple[str, ValueNode], ...]
    arguments_text: str
    directives: tuple[DirectiveNode, ...]
    conditions: Conditions
    type: TypeNode | None
    is_composite: bool
    is_internal: bool
    selection: DocumentSelection | None = None


FieldKey = tuple[str, str, str, str, Conditions]


@dataclass(slots=True, eq=False)
class DocumentSelection:
    """A selection set of the document, on objects the subgraph declares as `type_name`.

    `asks_type` adds `__typename`: the executor has to know the types of abstract values. With
    `is_executed` the order of its fields means something: they are a mutation's root fields.
    """

    type_name: TypeName
    asks_type: bool = False
    is_executed: bool = False
    fields: dict[FieldKey, DocumentField] = field(default_factory=dict)
    fragments: dict[TypeName, DocumentSelection] = field(default_factory=dict)

    def on(self, type_name: TypeName) -> DocumentSelection:
        """The part for objects of `type_name`."""
        if type_name == self.type_name:
            return self
        return self.fragments.setdefault(type_name, DocumentSelection(type_name))

    def add(self, new: DocumentField) -> DocumentField:
        """Add a field, or find the equal one that is there."""
        directives = ""
        if new.directives:
            directives = " ".join(print_ast(item) for item in new.directives)
        key = (new.response_name, new.name, new.arguments_text, directives, new.conditions)
        known = self.fields.setdefault(key, new)
        known.is_internal = known.is_internal and new.is_internal
        return known

    def absorb(self, other: DocumentSelection) -> None:
        """Add all that another selection set on the same type asks for."""
        self.asks_type = self.asks_type or other.asks_type
        for item in other.fields.values():
            known = self.add(item)
            if known is item or item.selection is None:
                continue
            if known.selection is None:
                known.selection = item.selection
            else:
                known.selection.absorb(item.selection)
        for name, fragment in other.fragments.items():
            self.on(name).absorb(fragment)

    def all_fields(self) -> Iterator[DocumentField]:
        """The fields here and in all fragments."""
        yield from self.fields.values()
        for fragment in self.fragments.values():
            yield from fragment.all_fields()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.fields and all(part.is_empty for part in self.fragments.values())


@dataclass(slots=True)
class DocumentText:
    """A selection set as text, with what its writing brought to light."""

    body: str
    variables: frozenset[str]
    rewrites: tuple[RenameKeyRewrite, ...]


def write_selection(selection: DocumentSelection, decided: Conditions) -> DocumentText:
    """Write a selection set with its braces, leaving out conditions `decided` elsewhere."""
    aliases: dict[int, str] = {}
    rewrites: list[RenameKeyRewrite] = []
    _resolve_conflicts([selection], (), aliases, rewrites)
    writer = _Writer(decided, aliases)
    body = writer.selection(selection)
    return DocumentText(body, frozenset(writer.variables), tuple(rewrites))


def _resolve_conflicts(
    selections: list[DocumentSelection],
    path: RewritePath,
    aliases: dict[int, str],
    rewrites: list[RenameKeyRewrite],
) -> None:
    """Find aliases for fields that the subgraph's validation would not let share a name."""
    by_name: dict[str, list[DocumentField]] = {}
    for selection in selections:
        for item in selection.all_fields():
            by_name.setdefault(item.response_name, []).append(item)
    for name, items in by_name.items():
        if len(items) == 1:
            if items[0].selection is not None:
                below = [items[0].selection]
                _resolve_conflicts(below, (*path, FieldSegment(name)), aliases, rewrites)
            continue
        by_shape: dict[str, list[DocumentField]] = {}
        for item in items:
            by_shape.setdefault(_shape(item), []).append(item)
        for index, group in enumerate(by_shape.values()):
            final = name
            if index:
                final = f"_{name}_{index}"
                while final in by_name:
                    final = f"_{final}"
                for item in group:
                    aliases[id(item)] = final
            here = (*path, FieldSegment(final))
            below = [item.selection for item in group if item.selection is not None]
            if below:
                _resolve_conflicts(below, here, aliases, rewrites)
            if index:
                rewrites.append(RenameKeyRewrite(here, name))


def _shape(item: DocumentField) -> str:
    """What `SameResponseShape` of the specification compares; composite types match any other."""
    if item.type is None:
        return TYPENAME
    wrapping = ""
    node = item.type
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        wrapping += "[" if isinstance(node, ListTypeNode) else "!"
        node = node.type
    return wrapping + ("{}" if item.is_composite else named_type(node))


class _Writer:
    def __init__(self, decided: Conditions, aliases: dict[int, str]) -> None:
        self._decided = decided
        self._aliases = aliases
        self.variables: set[str] = set()

    def selection(self, selection: DocumentSelection) -> str:
        return "{" + " ".join(self._parts(selection)) + "}"

    def _parts(self, selection: DocumentSelection) -> list[str]:
        parts: dict[str, None] = {}
        if selection.asks_type:
            parts[TYPENAME] = None
        fields: Iterable[DocumentField] = selection.fields.values()
        for item in fields if selection.is_executed else sorted(fields, key=_rank):
            remaining = item.conditions - self._decided
            if remaining and self._field(item, frozenset()) in parts:
                continue
            parts[self._conditional_field(item, remaining)] = None
        for fragment in selection.fragments.values():
            if not fragment.is_empty:
                parts[f"... on {fragment.type_name}{self.selection(fragment)}"] = None
        return list(parts) or [TYPENAME]

    def _conditional_field(self, item: DocumentField, conditions: Conditions) -> str:
        """`@skip` and `@include` may stand once each on a field; further ones go around it."""
        ordered = sorted(conditions, key=lambda c: (c.required, c.variable))
        on_field = {condition.required: condition for condition in reversed(ordered)}
        around = [condition for condition in ordered if condition not in on_field.values()]
        text = self._field(item, frozenset(on_field.values()))
        for condition in around:
            text = f"...{self._conditions((condition,))}{{{text}}}"
        return text

    def _field(self, item: DocumentField, conditions: Conditions) -> str:
        response_name = self._aliases.get(id(item), item.response_name)
        text = item.name if response_name == item.name else f"{response_name}:{item.name}"
        if item.arguments:
            text += f"({item.arguments_text})"
            for _, value in item.arguments:
                self.variables.update(variables_in(value))
        for directive in item.directives:
            text += f" {print_ast(directive)}"
            self.variables.update(variables_in(directive))
        text += self._conditions(sorted(conditions, key=lambda c: (c.required, c.variable)))
        if item.is_composite:
            below = self.selection(item.selection) if item.selection else f"{{{TYPENAME}}}"
            text += below
        return text

    def _conditions(self, conditions: Iterable[Condition]) -> str:
        text = ""
        for condition in conditions:
            self.variables.add(condition.variable)
            text += f" @{'include' if condition.required else 'skip'}(if: ${condition.variable})"
        return text


def _rank(item: DocumentField) -> tuple[int, int]:
    """Runtime type first, then what the gateway needs, then what the client asked for."""
    unconditional = 0 if not item.conditions else 1
    if item.name == TYPENAME and item.response_name == TYPENAME:
        return (0, unconditional)
    return (1 if item.is_internal else 2, 0)


def variables_in(node: ValueNode | DirectiveNode) -> set[str]:
    """Names of the variables used in a value or a directive."""
    if isinstance(node, VariableNode):
        return {node.name.value}
    parts: Iterable[ValueNode] = ()
    if isinstance(node, ListValueNode):
        parts = node.values
    elif isinstance(node, ObjectValueNode):
        parts = [field.value for field in node.fields]
    elif isinstance(node, DirectiveNode):
        parts = [argument.value for argument in node.arguments or ()]
    return {name for part in parts for name in variables_in(part)}
