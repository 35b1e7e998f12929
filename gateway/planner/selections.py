"""What has to be known at a position, as the search sees it.

Fragments are gone: each field carries the object types and the conditions it applies to. Equal
selections, wherever they stand in the operation, become one shared `Selections` object, so that a
fragment used at fifty places is planned once. Field sets of keys and requirements take the same
form; a key is a small query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from graphql import DirectiveNode, ValueNode, print_ast

from gateway.operation.model import Conditions, FieldSelection, InlineFragment, SelectionSet
from gateway.planner.errors import RESERVED_ALIAS, PlanningError
from supergraph.api_schema import type_name as named_type
from supergraph.contexts import NO_VALUES, ContextValues
from supergraph.federation.field_set import FieldSet, FieldSetField, FieldSetFragment
from supergraph.model import TypeKind, TypeName
from supergraph.query_graph import QueryGraph

TYPENAME = "__typename"
MAX_DEPTH = 100
"""Levels of nested selections; deeper ones would exhaust Python's stack."""
MAX_FIELDS = 5_000
"""Fields of one operation, fragments expanded; each costs time and memory in every stage."""

TypeNames = frozenset[TypeName]

_RUNTIME_TYPE = FieldSetField(TYPENAME)
"""Added to field sets for the subgraph that is sent them; they do not say so themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One field to know. `types` are the object types it applies to; None means all at hand.

    `contexts` are those set above a field that has contextual arguments. `context` marks a value
    that is here for such a field below, not for the client. `carried` are values that fields below
    take from further up than the object that has this field (see `contexts.py`).
    """

    name: str
    response_name: str
    arguments: tuple[tuple[str, ValueNode], ...]
    arguments_text: str
    directives: tuple[DirectiveNode, ...]
    conditions: Conditions
    types: TypeNames | None
    children: Selections | None
    contexts: frozenset[str] = frozenset()
    context: object | None = None
    carried: ContextValues = NO_VALUES
    is_if_known: bool = False
    """A runtime type that is worth no call of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Selections:
    """What to know about an object of static type `type_name`; equal ones are identical.

    `ambiguous_names` are response names of different fields, for different object types. `size`
    counts the fields here and below, shared ones as often as they are asked for.
    """

    uid: int
    type_name: TypeName
    items: tuple[Item, ...]
    ambiguous_names: frozenset[str] = frozenset()
    size: int = 0


@dataclass(slots=True)
class _Draft:
    """An item whose children are still being collected."""

    name: str
    response_name: str
    arguments: tuple[tuple[str, ValueNode], ...]
    directives: tuple[DirectiveNode, ...]
    conditions: Conditions
    types: TypeNames | None
    static_type: TypeName
    children: list[SelectionSet | FieldSet] = field(default_factory=list)
    is_if_known: bool = False


class SelectionPool:
    """Makes `Selections`, each distinct one once. A pool lives as long as one planning."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self._types = graph.supergraph.types
        self._interned: dict[tuple[object, ...], Selections] = {}
        self._seen: dict[tuple[object, ...], tuple[Selections, tuple[object, ...]]] = {}

    def selections(
        self,
        parts: Sequence[SelectionSet | FieldSet],
        type_name: TypeName,
        depth: int = 0,
        present: TypeNames | None = None,
    ) -> Selections:
        """The selections of all `parts` together, on an object of static type `type_name`.

        `present` are the types that the object can have, None for all of the static type's.

        Raises:
            PlanningError: if there are too many, or they are nested too deeply.
        """
        if depth > MAX_DEPTH:
            raise PlanningError(f"The operation is nested deeper than {MAX_DEPTH} levels.")
        drafts: dict[tuple[object, ...], _Draft] = {}
        same = (type_name, present, *map(id, parts))
        if (seen := self._seen.get(same)) is not None:
            return seen[0]
        for part in parts:
            self._collect(part, type_name, type_name, None, frozenset(), drafts, present)
        items: list[Item] = []
        size = 0
        keys: list[object] = [type_name]
        for key, draft in drafts.items():
            children = self._children(draft, depth, present)
            keys.append((key, children.uid if children else -1, draft.is_if_known))
            size += 1 + (children.size if children else 0)
            if size > MAX_FIELDS:
                raise PlanningError(
                    f"The operation asks for more than {MAX_FIELDS} fields, fragments expanded."
                )
            items.append(
                Item(
                    name=draft.name,
                    response_name=draft.response_name,
                    arguments=draft.arguments,
                    arguments_text=str(key[2]),
                    directives=draft.directives,
                    conditions=draft.conditions,
                    types=draft.types,
                    children=children,
                    is_if_known=draft.is_if_known,
                )
            )
        interned = self._interned.get(tuple(keys))
        if interned is None:
            interned = Selections(
                len(self._interned), type_name, tuple(items), _ambiguous_names(items), size
            )
            self._interned[tuple(keys)] = interned
        # The parts are kept with the answer: an id means something while its object lives only.
        self._seen[same] = (interned, tuple(parts))
        return interned

    def field_set(self, field_set: FieldSet, type_name: TypeName) -> tuple[Item, ...]:
        """The items of a field set on the type."""
        return self.selections((field_set,), type_name).items

    def rebuilt(self, selections: Selections, items: tuple[Item, ...]) -> Selections:
        """Selections like these with other items; never the same as any made before."""
        key = ("rebuilt", len(self._interned))
        found = replace(selections, uid=len(self._interned), items=items)
        self._interned[key] = found
        return found

    def _children(self, draft: _Draft, depth: int, present: TypeNames | None) -> Selections | None:
        if not draft.children:
            return None
        field_type = self.field_type(draft)
        concerned = self._graph.possible_types(draft.static_type)
        for types in (draft.types, present):
            concerned = concerned if types is None else concerned & types
        below = self._graph.value_types(concerned, draft.name, field_type)
        return self.selections(draft.children, field_type, depth + 1, below)

    def field_type(self, draft: _Draft) -> TypeName:
        """The named type of a field in the supergraph."""
        definition = self._types[draft.static_type].fields.get(draft.name)
        if definition is None:
            raise PlanningError(
                f'"{draft.static_type}" has no field "{draft.name}".',
                "QUERY_PLAN_INVALID_OPERATION",
            )
        return TypeName(named_type(definition.type))

    def _collect(
        self,
        part: SelectionSet | FieldSet,
        position_type: TypeName,
        static_type: TypeName,
        types: TypeNames | None,
        conditions: Conditions,
        drafts: dict[tuple[object, ...], _Draft],
        present: TypeNames | None,
    ) -> None:
        for selection in part:
            match selection:
                case InlineFragment() | FieldSetFragment():
                    condition = TypeName(selection.type_condition or static_type)
                    narrowed = self._narrow(position_type, types, condition)
                    if narrowed is not None and not (
                        narrowed if present is None else narrowed & present
                    ):
                        continue  # no object is of that type
                    own = (
                        selection.conditions
                        if isinstance(selection, InlineFragment)
                        else frozenset()
                    )
                    self._collect(
                        selection.selections,
                        position_type,
                        condition,
                        narrowed,
                        conditions | own,
                        drafts,
                        present,
                    )
                case FieldSelection() | FieldSetField():
                    draft = self._draft(selection, static_type, types, conditions)
                    text = written_arguments(draft.arguments)
                    applied = ""
                    if draft.directives:
                        applied = " ".join(print_ast(item) for item in draft.directives)
                    key = (
                        draft.response_name,
                        draft.name,
                        text,
                        applied,
                        types,
                        draft.conditions,
                        None if draft.name == TYPENAME else static_type,
                    )
                    draft.is_if_known = selection is _RUNTIME_TYPE
                    known = drafts.setdefault(key, draft)
                    known.is_if_known = known.is_if_known and draft.is_if_known
                    if selection.selections:
                        known.children.append(selection.selections)
                        if isinstance(selection, FieldSetField):
                            self._add_runtime_type(known)

    def _draft(
        self,
        selection: FieldSelection | FieldSetField,
        static_type: TypeName,
        types: TypeNames | None,
        conditions: Conditions,
    ) -> _Draft:
        if isinstance(selection, FieldSetField):
            return _Draft(
                selection.name,
                selection.name,
                selection.arguments,
                (),
                conditions,
                types,
                static_type,
            )
        if selection.response_name == TYPENAME and selection.name != TYPENAME:
            raise PlanningError('The alias "__typename" is reserved.', RESERVED_ALIAS)
        return _Draft(
            selection.name,
            selection.response_name,
            selection.arguments,
            selection.directives,
            conditions | selection.conditions,
            types,
            static_type,
        )

    def _add_runtime_type(self, draft: _Draft) -> None:
        """A subgraph that is sent an object of an abstract type is told its type where it is known.

        An interface object does not know it, and to find out would be a call of its own.
        """
        definition = self._types.get(self.field_type(draft))
        if definition is not None and definition.kind is not TypeKind.OBJECT:
            draft.children.append((_RUNTIME_TYPE,))

    def _narrow(
        self, position_type: TypeName, types: TypeNames | None, condition: TypeName
    ) -> TypeNames | None:
        possible = self._graph.possible_types(condition)
        everything = self._graph.possible_types(position_type)
        if types is None:
            # Where the type may be unknown, even a condition that always holds has to be checked:
            # normalization left only those for which the runtime type has to be looked at.
            always = everything <= possible and not self._may_lack_type(position_type)
            return None if always else everything & possible
        return types & possible

    def _may_lack_type(self, type_name: TypeName) -> bool:
        definition = self._types.get(type_name)
        return definition is not None and any(j.is_interface_object for j in definition.joins)


def _ambiguous_names(items: list[Item]) -> frozenset[str]:
    meanings: dict[str, tuple[str, str]] = {}
    return frozenset(
        item.response_name
        for item in items
        if meanings.setdefault(item.response_name, (item.name, item.arguments_text))
        != (item.name, item.arguments_text)
    )


def written_arguments(arguments: tuple[tuple[str, ValueNode], ...]) -> str:
    """Arguments as text, sorted by name."""
    if not arguments:
        return ""
    return ", ".join(f"{name}: {print_ast(value)}" for name, value in sorted_arguments(arguments))


def sorted_arguments(
    arguments: tuple[tuple[str, ValueNode], ...],
) -> list[tuple[str, ValueNode]]:
    """Arguments by name: their order has no meaning."""
    return sorted(arguments, key=lambda item: item[0])
