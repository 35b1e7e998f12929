"""Values from above: what `@fromContext` takes from an object that `@context` marks on the way.

A field's contextual arguments are filled from the nearest object above it whose type sets the
context. Which object that is follows from the operation, so it is decided before the search: the
selections of that object get the value as one more item (`Item.context`), and fields below carry
the contexts that are set above them (`Item.contexts`). The search places such an item like any
other; `fill_contexts.py` asks for it when a call uses it, and lets the call wait for it.

A field that takes a value is asked by an entity call, which sends it as a variable: by one for the
field's own object, or by one for an object above it that is below the one that sets the context.
So the items on the way say which values they carry (`Item.carried`), and the search knows where
a call can be sent them (`Arrival.values`).

Where only some of an object's possible types set the context, the ones further up stand in for
the others: the executor takes the first that is there.

What a context selects, and what a field requires, is fetched apart from what the client asks for:
arguments in such a field set are filled from objects in it, and from none above it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from gateway.planner.errors import PlanningError
from gateway.planner.selections import Item, SelectionPool, Selections
from supergraph.contexts import ContextValue, value_of
from supergraph.federation.field_set import FieldSet, FieldSetFragment, parse_field_set
from supergraph.model import JoinContextArgument, SubgraphName, SupergraphType, TypeKind, TypeName
from supergraph.query_graph import FieldEdge, QueryGraph

Contexts = frozenset[str]


class ContextFacts:
    """What a supergraph says about contexts; made once per supergraph."""

    def __init__(self, graph: QueryGraph) -> None:
        self._graph = graph
        self._types = graph.supergraph.types

    @cached_property
    def names(self) -> dict[tuple[SubgraphName, TypeName, str, str], str]:
        """The variable of each contextual argument, by subgraph, type, field and argument.

        Empty where no field has any. The names are those of Apollo's planner: number of the
        subgraph, number of the argument in it.
        """
        found: dict[tuple[SubgraphName, TypeName, str, str], str] = {}
        numbers = {
            name: number for number, name in enumerate(sorted(self._graph.supergraph.graphs))
        }
        counts: dict[SubgraphName, int] = {}
        for type_name, definition in sorted(self._types.items()):
            for field_name, field in sorted(definition.fields.items()):
                for join in field.joins:
                    for argument in join.context_arguments:
                        count = counts.get(join.graph, 0)
                        counts[join.graph] = count + 1
                        key = (join.graph, type_name, field_name, argument.name)
                        found[key] = f"contextualArgument_{numbers[join.graph] + 1}_{count}"
        return found

    @cached_property
    def set_by(self) -> dict[TypeName, Contexts]:
        """What each object type sets: by itself, or by an interface or union that it belongs to."""
        found: dict[TypeName, set[str]] = {}
        for definition in self._types.values():
            for name in self._graph.possible_types(definition.name):
                found.setdefault(name, set()).update(definition.contexts)
        return {name: frozenset(contexts) for name, contexts in found.items() if contexts}

    def setters(self, context: str, types: frozenset[TypeName]) -> frozenset[TypeName]:
        """Those of the object types that set the context."""
        return frozenset(name for name in types if context in self.set_by.get(name, ()))

    def values(
        self, item: Item, types: frozenset[TypeName], seen_as: TypeName
    ) -> list[ContextValue]:
        """What a field may need from above, whatever the type of its object."""
        names = {seen_as, *types}
        for name in types:
            names |= {implemented.interface for implemented in self._types[name].implements}
        found: dict[ContextValue, None] = {}
        for name in sorted(names):
            definition = self._types.get(name)
            field = definition.fields.get(item.name) if definition else None
            for join in field.joins if field else ():
                found |= dict.fromkeys(map(value_of, join.context_arguments))
        return list(found)

    def variable(self, edge: FieldEdge, argument: JoinContextArgument) -> str:
        """The variable that carries an argument."""
        tail = edge.tail
        return self.names[tail.subgraph, tail.type_name, edge.field_name, argument.name]


_Rebuilt = tuple[Selections, tuple[ContextValue, ...]]


class ContextPass:
    """Adds to an operation's selections what contexts need."""

    def __init__(self, graph: QueryGraph, facts: ContextFacts, pool: SelectionPool) -> None:
        self._graph = graph
        self._facts = facts
        self._pool = pool
        self._known: dict[tuple[Selections, Contexts], _Rebuilt] = {}
        self._making: list[tuple[ContextValue, TypeName, frozenset[TypeName]]] = []

    def apply(self, selections: Selections) -> Selections:
        """The same selections, with values for contexts and with contexts noted; or the same."""
        if not self._facts.names:
            return selections
        return self._rebuild(selections, frozenset())[0]

    def field_set(self, field_set: FieldSet, type_name: TypeName) -> tuple[Item, ...]:
        """The items of a field set on the type, with what contexts need that are set within it."""
        return self.apply(self._pool.selections((field_set,), type_name)).items

    def _rebuild(self, selections: Selections, above: Contexts) -> _Rebuilt:
        """The selections, and what is needed from further up."""
        key = (selections, above)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._make(selections, above)
        return known

    def _make(self, selections: Selections, above: Contexts) -> _Rebuilt:
        here = self._graph.possible_types(selections.type_name)
        items: list[Item] = []
        upwards: dict[ContextValue, None] = {}
        given: dict[ContextValue, set[TypeName]] = {}
        for item in selections.items:
            concerned = here if item.types is None else item.types
            own = self._facts.values(item, concerned, selections.type_name)
            if own and above:
                upwards |= dict.fromkeys(value for value in own if value.context in above)
                item = replace(item, contexts=above)
            if item.children is not None:
                always = (self._facts.set_by.get(name, frozenset()) for name in concerned)
                below = above | frozenset.intersection(*always) if concerned else above
                children, needed = self._rebuild(item.children, below)
                carried: set[ContextValue] = set()
                for value in needed:
                    setters = self._facts.setters(value.context, concerned)
                    given.setdefault(value, set()).update(setters)
                    if setters != concerned:
                        upwards[value] = None
                    if not setters:
                        carried.add(value)
                if children is not item.children or carried:
                    item = replace(item, children=children, carried=frozenset(carried))
            items.append(item)
        for value, types in given.items():
            items += self._items_for(value, selections.type_name, frozenset(types))
        if all(a is b for a, b in zip(items, selections.items, strict=False)) and len(items) == len(
            selections.items
        ):
            return selections, tuple(upwards)
        return self._pool.rebuilt(selections, tuple(items)), tuple(upwards)

    def _items_for(
        self, value: ContextValue, type_name: TypeName, setters: frozenset[TypeName]
    ) -> list[Item]:
        field_set: FieldSet = parse_field_set(value.selection)
        definition: SupergraphType | None = self._graph.supergraph.types.get(type_name)
        if definition is not None and definition.kind is not TypeKind.OBJECT:
            field_set = tuple(FieldSetFragment(name, field_set) for name in sorted(setters))
        elif not setters:
            return []
        making = (value, type_name, setters)
        if making in self._making:
            raise PlanningError(f'What the context "{value.context}" selects needs itself.')
        self._making.append(making)
        items = self.field_set(field_set, type_name)
        self._making.pop()
        return [
            item if item.context is not None else replace(item, context=value)
            for item in items
            if item.types is None or item.types
        ]
