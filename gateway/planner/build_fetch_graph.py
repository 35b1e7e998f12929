"""From the solutions of the search to fetch groups.

`build_fetch_graph` walks the solutions and writes every field into the group that asks for it.
Whatever is needed before a call (key, runtime type, requirements) is written into the groups that
supply it, and these become the call's parents. Fields are written when something below them is
used, so a subgraph that was considered and not needed is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from graphql import (
    ListTypeNode,
    NonNullTypeNode,
    OperationType,
    TypeNode,
)

from gateway.operation.model import Conditions, Operation
from gateway.plan.nodes import (
    FieldSegment,
    FlattenPath,
    ListSegment,
    RenameKeyRewrite,
    RewritePath,
    SetValueRewrite,
    TypeConditionSegment,
    UnresolvableField,
)
from gateway.planner.contexts import ContextFacts
from gateway.planner.document import DocumentField, DocumentSelection
from gateway.planner.errors import PlanningError
from gateway.planner.fetch_graph import FetchGraph, FetchGroup, RequiredNode, wait_for
from gateway.planner.fill_contexts import ContextFiller
from gateway.planner.load import Load
from gateway.planner.names import NameScope
from gateway.planner.place import Place
from gateway.planner.positions import (
    Asked,
    CallToMake,
    FieldToWrite,
    Needed,
    Position,
    Target,
    ValueAbove,
)
from gateway.planner.query_tree import PlacedItem, Placement, Solution, Source, Visit
from gateway.planner.selections import TYPENAME, Item, written_arguments
from supergraph.model import SubgraphName, TypeKind, TypeName
from supergraph.query_graph import FieldEdge, Node, QueryGraph

MAX_WRITTEN_FIELDS = 8_000
"""Fields in all documents of one plan; each costs time and memory while the plan is made."""


def build_fetch_graph(
    graph: QueryGraph, operation: Operation, root: Solution, contexts: ContextFacts | None = None
) -> FetchGraph:
    """The calls that carry out the solution of an operation's root.

    Mutations keep the order of their root fields: neighbours in one subgraph share a call, unless
    the first of them needs further calls, which then belong before the second.
    """
    builder = _Builder(graph, operation, root, contexts or ContextFacts(graph))
    builder.names.claim_all(root.selections)
    for item in root.items:
        if item.item.context is None:
            builder.add_root_item(item)
    _want_suppliers(builder.groups)
    return FetchGraph(builder.groups, builder.unresolvable)


def _want_suppliers(groups: list[FetchGroup]) -> None:
    """A call has to be made whenever one is made that waits for it."""
    pending = list(groups)
    while pending:
        group = pending.pop()
        for parent in group.parents:
            before = parent.conditions
            parent.wanted_under(group.decided)
            if parent.conditions != before:
                pending.append(parent)


_Key: TypeAlias = tuple[object, ...]


class _Builder:
    def __init__(
        self, graph: QueryGraph, operation: Operation, root: Solution, contexts: ContextFacts
    ) -> None:
        self._graph = graph
        self._kind = operation.kind
        self._root = root
        names = {item.variable.name.value for item in operation.variables}
        self._contexts = ContextFiller(graph, contexts, names)
        self._apart_below: dict[Solution, frozenset[SubgraphName]] = {}
        self._index: dict[_Key, FetchGroup] = {}
        self._ways: dict[_Key, int] = {}
        self._loads: dict[_Key, Load] = {}
        self._visited: dict[tuple[object, ...], FetchGroup] = {}
        self._needed: dict[tuple[object, ...], Needed] = {}
        self._inputs: dict[tuple[FetchGroup, Visit, Position], RequiredNode] = {}
        self._top = Place()
        self._step = 0
        self._written = 0
        self.groups: list[FetchGroup] = []
        self.unresolvable: list[UnresolvableField] = []
        self.names = NameScope()

    # --- Positions -------------------------------------------------------------------------

    def add_root_item(self, item: PlacedItem) -> None:
        """Write a root field, and for mutations decide whether a new step begins."""
        way = self._way(self._top, frozenset(), 0, self._root)
        position = Position(self._top, self.names, (), frozenset(), {}, way, solution=self._root)
        if self._kind is OperationType.MUTATION and item.item.name != TYPENAME:
            subgraphs = {s.node.subgraph for p in item.placements for s in p.sources}
            of_step = [group for group in self.groups if group.step == self._step]
            if of_step and (len(of_step) > 1 or {g.subgraph for g in of_step} != subgraphs):
                self._step += 1
        self._add_item(item, position, None)

    def _add_item(self, placed: PlacedItem, position: Position, needed: Needed | None) -> None:
        item = placed.item
        if placed.failed_types and needed is None:
            self._note_unresolvable(item, placed, position)
        wrap = placed.types is not None or len(placed.placements) > 1
        for placement in placed.placements:
            below = needed
            if needed is not None and wrap:
                fragment = needed.required.fragments.setdefault(placement.seen_as, RequiredNode())
                below = Needed(fragment, needed.suppliers, needed.renames)
            self.add_placement(
                placement,
                placed.types,
                position,
                below,
                position.conditions | position.demand | item.conditions,
            )

    def _way(self, place: Place, conditions: Conditions, depth: int, solution: Solution) -> int:
        """A number for how an object got to its place.

        An object that is reached under conditions may lack what another call requires. So may one
        that stands at the same place, but got there by other calls.
        """
        return self._ways.setdefault((place, conditions, depth, solution), len(self._ways))

    def _note_unresolvable(self, item: Item, placed: PlacedItem, position: Position) -> None:
        path = (*position.response_path, item.response_name)
        concerns_all = placed.types is None and not placed.placements
        failed = () if concerns_all else placed.failed_types
        if any(known.path == path and known.types == failed for known in self.unresolvable):
            return
        types = ", ".join(f'"{name}"' for name in placed.failed_types)
        self.unresolvable.append(
            UnresolvableField(
                path,
                f'No subgraph can be asked for the field "{item.name}" of {types} here'
                f"{self._reason(item, placed.failed_types)}.",
                failed,
            )
        )

    def _reason(self, item: Item, types: tuple[TypeName, ...]) -> str:
        """What more can be said about a field that has no source."""
        for type_name in types:
            definition = self._graph.supergraph.types.get(type_name)
            for subgraph in sorted(definition.graphs) if definition else ():
                node = self._graph.node(subgraph, type_name)
                edge = self._graph.field_edge(node, item.name) if node else None
                if edge is None:
                    continue
                if edge.context_arguments and not item.contexts:
                    return f': nothing above sets the context that subgraph "{subgraph}" needs'
                is_entered = any(e.node == edge.tail for e in self._graph.entries(type_name))
                if edge.conditions and not is_entered:
                    return (
                        f': "{type_name}" has no @key in subgraph "{subgraph}" by which it could '
                        "be sent what the field requires"
                    )
        return ""

    def add_placement(
        self,
        placement: Placement,
        types: frozenset[TypeName] | None,
        position: Position,
        needed: Needed | None,
        wanted: Conditions,
    ) -> None:
        """Write one placement; `wanted` are the conditions of whoever needs it."""
        item = placement.item
        self._written += 1
        if self._written > MAX_WRITTEN_FIELDS:
            raise PlanningError(
                f"The operation asks for more than {MAX_WRITTEN_FIELDS} fields, fragments expanded."
            )
        response_name = item.response_name
        # A root field of a mutation that is a value for fields below is executed when they are
        # wanted, and never in place of the client's own, whose turn is another.
        is_executed = self._is_executed(position)
        if needed is not None and item.name != TYPENAME:
            response_name = position.names.internal_name(item, is_apart=is_executed)
        guard = wanted if needed is None or is_executed else position.conditions
        asked = Asked(placement, response_name, position, guard, wanted, needed is not None)
        if placement.below is None:
            self._add_leaf(asked, needed)
        else:
            self._add_composite(asked, placement.below, types, needed)

    def _add_leaf(self, asked: Asked, needed: Needed | None) -> None:
        (source,), (edge,) = asked.placement.sources, asked.placement.edges
        group, _ = self._write_field(_to_write(asked, source, edge))
        if needed is None:
            return
        needed.required.fields.setdefault(asked.response_name, RequiredNode())
        needed.suppliers[group] = None
        name = asked.placement.item.name
        if asked.response_name != name:
            needed.renames.append(((FieldSegment(asked.response_name),), name))

    def _add_composite(
        self,
        asked: Asked,
        solution: Solution,
        types: frozenset[TypeName] | None,
        needed: Needed | None,
    ) -> None:
        placement, position, wanted = asked.placement, asked.position, asked.wanted
        response_name, guard = asked.response_name, asked.guard
        targets = {
            edge.head if edge else source.node: _field_target(asked, source, edge)
            for source, edge in zip(placement.sources, placement.edges, strict=True)
        }
        if len(targets) == 1:
            self._make(next(iter(targets.values())))
        edge_type = next(edge.type for edge in placement.edges if edge is not None)
        segments: FlattenPath = () if types is None else (TypeConditionSegment(types),)
        segments += (FieldSegment(response_name), *_list_segments(edge_type))
        place = position.place.below(segments)
        depth = position.depth + placement.below_from
        child = Position(
            place=place,
            names=position.names.below(response_name),
            response_path=(*position.response_path, response_name),
            conditions=guard,
            targets=targets,
            way=self._way(place, guard, depth, solution),
            demand=wanted - guard,
            depth=depth,
            solution=solution,
            above=position,
            types_above=types,
            after=position.after,
            apart=self._apart(solution),
        )
        if types is not None:
            child.after = position.after | self.type_suppliers(position, wanted)
        below: Needed | None = None
        if needed is not None:
            node = needed.required.fields.setdefault(response_name, RequiredNode())
            below = Needed(node, needed.suppliers)
        for placed in solution.items:
            if placed.item.context is None:
                self._add_item(placed, child, below)
        if not any(target.made for target in targets.values()):
            self._make(next(iter(targets.values())))
        if needed is not None and below is not None:
            for target in targets.values():
                if target.made is not None:
                    needed.suppliers[target.made[0]] = None
            prefix: RewritePath = (FieldSegment(response_name),)
            needed.renames += [((*prefix, *path), name) for path, name in below.renames]
            if response_name != placement.item.name:
                needed.renames.append((prefix, placement.item.name))

    def _make(self, target: Target) -> tuple[FetchGroup, DocumentSelection]:
        """The call and the part of its document where a target's fields go."""
        if target.made is None:
            making = target.making
            if isinstance(making, FieldToWrite):
                target.made = self._write_field(making)
            else:
                target.made = self._make_call(making, target.node)
        return target.made

    def _write_field(self, field: FieldToWrite) -> tuple[FetchGroup, DocumentSelection]:
        """Write the field where its base is; returns where its own selections go."""
        asked, source, edge, base = field.asked, field.source, field.edge, field.base
        item = asked.placement.item
        arguments, arguments_text = item.arguments, item.arguments_text
        if edge is not None and edge.context_arguments:
            above = self._contexts.values_above(edge, asked.position, asked.wanted, self)
            field.values.extend(above)
        group, selection = self._make(base)
        if edge is not None and edge.context_arguments:
            arguments += self._contexts.fill(group, edge, field.values, asked.position)
            arguments_text = written_arguments(arguments)
        if not self._graph.facts(base.node).is_interface_object:
            selection = selection.on(source.node.type_name)
        written = selection.add(
            DocumentField(
                response_name=asked.response_name,
                name=item.name,
                arguments=arguments,
                arguments_text=arguments_text,
                directives=item.directives,
                conditions=asked.guard - base.settled,
                type=edge.type if edge else None,
                is_composite=item.children is not None,
                is_internal=asked.is_internal,
            )
        )
        group.wanted_under(asked.wanted)
        if edge is not None and edge.conditions and source.visit is not None:
            inputs = self._inputs.get((group, source.visit, asked.position), RequiredNode())
            of_field = (source.visit.seen_as, asked.response_name)
            group.inputs.setdefault(of_field, RequiredNode()).absorb(inputs)
        if item.children is None or edge is None:
            return group, selection
        if written.selection is None:
            written.selection = DocumentSelection(
                edge.head.type_name, self._asks_type(edge.head, item.children.type_name)
            )
        return group, written.selection

    def _asks_type(self, node: Node, static_type: TypeName) -> bool:
        facts = self._graph.facts(node)
        if facts.is_interface_object:
            return False
        definition = self._graph.supergraph.types.get(static_type)
        return facts.kind is not TypeKind.OBJECT or (
            definition is not None and definition.kind is not TypeKind.OBJECT
        )

    # --- Calls -----------------------------------------------------------------------------

    def _make_call(self, call: CallToMake, node: Node) -> tuple[FetchGroup, DocumentSelection]:
        before = {supplier: None for value in call.values for supplier in value.suppliers}
        group = self._visit(call.visit, call.position, call.wanted, call.apart, before)
        return group, group.selection.on(node.type_name)

    def _visit(
        self,
        visit: Visit,
        position: Position,
        wanted: Conditions,
        apart: TypeName | None,
        before: dict[FetchGroup, None],
    ) -> FetchGroup:
        """The group of a call for the object at this position, with all it waits for.

        It is none that the calls `before` wait for: these supply values from contexts, which no
        depth accounts for. Nor is it then one that any other supplier waits for.
        """
        if visit.entry is None or not visit.entry.is_interface_object:
            apart = None
        is_ambiguous = apart is not None
        if visit.entry is not None and visit.entry.is_interface_object:
            apart = visit.seen_as if visit.subgraph in position.apart else apart
        # Each field of the object comes here; and the same solution may stand at one path twice,
        # reached through different documents.
        asked = (visit, position, wanted, apart)
        if self._contexts.takes_values:
            # Calls that wait for values do so whatever their depths are.
            before = before | position.after
            for part in (
                visit.conditions[: visit.key_length],
                visit.conditions[visit.key_length :],
            ):
                before |= self._add_conditions(part, position, wanted).suppliers
        known = self._visited.get(asked)
        if known is not None and not wait_for(before, known):
            return known
        depth = position.depth + visit.depth
        place = (position.way, visit.subgraph, depth, self._step, apart)
        key = self._group_key(place, visit, position, before)
        group = self._index.get(key)
        if group is None:
            is_root = visit.entry is None
            root_type = visit.seen_as if is_root else TypeName("_Entity")
            group = self._index[key] = FetchGroup(
                subgraph=visit.subgraph,
                kind=OperationType.QUERY if position.place.path else self._kind,
                place=position.place,
                selection=DocumentSelection(root_type),
                step=self._step,
                is_apart=apart is not None,
                ways=frozenset({position.way}),
            )
            if self._is_executed(position):
                group.selection.is_executed = True
                group.parents.update(dict.fromkeys(self._executed_now()))
            self.groups.append(group)
        self._visited[asked] = group
        group.is_apart = group.is_apart and not is_ambiguous
        needed = self._add_conditions(visit.conditions[: visit.key_length], position, wanted)
        suppliers, renames = {**needed.suppliers, **position.after}, needed.renames
        if visit.entry is not None:
            group.keys.setdefault(visit.seen_as, RequiredNode()).absorb(needed.required)
            required = group.requires.setdefault(visit.seen_as, RequiredNode())
            required.absorb(needed.required)
            if visit.key_length < len(visit.conditions):
                of_field = visit.conditions[visit.key_length :]
                inputs = self._add_conditions(of_field, position, wanted)
                required.absorb(inputs.required)
                self._inputs[group, visit, position] = inputs.required
                suppliers |= inputs.suppliers
                renames = renames + inputs.renames
        for supplier in suppliers:
            if supplier is not group:
                group.parents[supplier] = None
        if visit.entry is None:
            return group  # root fields are asked for without a representation
        possible = self._graph.possible_types(visit.seen_as) | {visit.seen_as}
        condition = TypeConditionSegment(possible)
        for path, name in renames:
            group.rewrites[RenameKeyRewrite((condition, *path), name)] = None
        if visit.entry.is_interface_object:
            typename = (condition, FieldSegment(TYPENAME))
            group.rewrites[SetValueRewrite(typename, visit.entry.type_name)] = None
        return group

    def _is_executed(self, position: Position) -> bool:
        """Whether fields of the object are root fields of a mutation."""
        return self._kind is OperationType.MUTATION and not position.place.path

    def _executed_now(self) -> list[FetchGroup]:
        """The calls of this step that execute root fields of a mutation: one after the other."""
        return [group for group in self.groups if group.step == self._step and group.is_at_root]

    def _apart(self, solution: Solution) -> frozenset[SubgraphName]:
        """Subgraphs whose interface object has a field here that needs more than a key.

        Its document cannot tell types apart, so types that are sent the requirements and types
        that are not must not share a call.
        """
        known = self._apart_below.get(solution)
        if known is None:
            known = self._apart_below[solution] = frozenset(_with_requirements(solution))
        return known

    def type_suppliers(self, position: Position, wanted: Conditions) -> dict[FetchGroup, None]:
        """The calls that tell the object's type, where one of those that have it cannot."""
        needed = Needed()
        if position.solution is not None and any(
            self._graph.facts(node).hides_types for node in position.targets
        ):
            for placed in position.solution.items:
                if placed.item.name == TYPENAME:
                    for placement in placed.placements:
                        self.add_placement(placement, None, position, needed, wanted)
                    break
        return needed.suppliers

    def _add_conditions(
        self, conditions: tuple[Placement, ...], position: Position, wanted: Conditions
    ) -> Needed:
        """Write what has to be known before a call, once for all calls with the same key."""
        key = (conditions, position, wanted)
        needed = self._needed.get(key)
        if needed is None:
            needed = self._needed[key] = Needed()
            for placement in conditions:
                if placement.item.context is not None:
                    position.values.setdefault(placement.item.context, {})[placement] = None
            for placement in conditions:
                if placement.item.context is None:
                    self.add_placement(placement, None, position, needed, wanted)
        return needed

    def _group_key(
        self,
        place: tuple[object, ...],
        visit: Visit,
        position: Position,
        before: dict[FetchGroup, None],
    ) -> _Key:
        """The key of a group at a place that can send what the visit has to send, after others."""
        arrived = frozenset(position.targets)
        number = 0
        while (
            (known := self._index.get((*place, number))) is not None and wait_for(before, known)
        ) or not self._loads.setdefault((*place, number), Load()).take(visit, arrived):
            number += 1
        return (*place, number)


def _field_target(asked: Asked, source: Source, edge: FieldEdge | None) -> Target:
    """Where the field's own selections go; making it writes the field."""
    field = _to_write(asked, source, edge)
    return Target(edge.head if edge else source.node, asked.guard | field.base.settled, field)


def _to_write(asked: Asked, source: Source, edge: FieldEdge | None) -> FieldToWrite:
    """A field together with where it goes: at its object's place, or in a call of its own."""
    position, visit = asked.position, source.visit
    values: list[ValueAbove] = []
    if visit is None:
        if source.arrival is None:
            raise AssertionError("a source is an arrival or a visit")
        return FieldToWrite(asked, source, edge, position.targets[source.arrival], values)
    # Where a name means different fields for different types, each type has its own call.
    is_ambiguous = position.names.is_ambiguous(asked.response_name)
    apart = asked.placement.seen_as if is_ambiguous else None
    call = CallToMake(visit, position, asked.wanted, apart, values)
    node = visit.entry.node if visit.entry is not None else source.node
    return FieldToWrite(asked, source, edge, Target(node, frozenset(), call), values)


def _with_requirements(solution: Solution) -> Iterator[SubgraphName]:
    pending = [placement for item in solution.items for placement in item.placements]
    while pending:
        placement = pending.pop()
        for source, edge in zip(placement.sources, placement.edges, strict=True):
            visit = source.visit
            if visit is None:
                continue
            pending += visit.conditions
            is_interface_object = visit.entry is not None and visit.entry.is_interface_object
            if edge is not None and edge.conditions and is_interface_object:
                yield visit.subgraph


def _list_segments(node: TypeNode) -> tuple[ListSegment, ...]:
    found: tuple[ListSegment, ...] = ()
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        if isinstance(node, ListTypeNode):
            found += (ListSegment(),)
        node = node.type
    return found
