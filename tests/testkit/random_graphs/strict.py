"""Subgraphs that answer what they own and nothing else.

Each executes with its own schema, validates every document, and notes a violation when it is asked
for what no real subgraph could answer: a field that is external, overridden or was not promised,
an entity without a whole resolvable key, a computed field without its requirements or with wrong
ones. A violation fails the case even where the answer would be right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    GraphQLError,
    GraphQLResolveInfo,
    InlineFragmentNode,
    KnownArgumentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    SelectionSetNode,
    UniqueVariableNamesRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
    execute,
    parse,
    validate,
    value_from_ast_untyped,
)

from gateway.transport.base import SubgraphCallError, SubgraphRequest, SubgraphResponse
from tests.testkit.random_graphs.declared import DeclaredSubgraph, applied, argument, field_set
from tests.testkit.random_graphs.world import Thing, World, _hash

_RULES = (
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownArgumentNamesRule,
    KnownTypeNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    OverlappingFieldsCanBeMergedRule,
    PossibleFragmentSpreadsRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    UniqueVariableNamesRule,
    ValuesOfCorrectTypeRule,
    VariablesInAllowedPositionRule,
)
"""What a planner can break; the others cost time and concern what it never writes."""


class StrictSubgraphs:
    """A `SubgraphClient` over all subgraphs of a world.

    With `failing`, some fields fail to resolve and some calls get no answer at all.
    """

    def __init__(
        self,
        world: World,
        seed: int,
        labels: frozenset[str] = frozenset(),
        *,
        failing: bool = False,
    ) -> None:
        self.world = world
        self.seed = seed
        self.labels = labels
        self.failing = failing
        self.violations: list[str] = []
        self.mutations: list[str] = []
        self.requests: list[SubgraphRequest] = []
        self.failed_calls = 0
        self.is_voided = False
        """Whether a null went up to the top of an answer, and took with it what had not failed.

        A subgraph may promise more than the graph does (`String!` for `String`).
        """

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Answer one request."""
        self.requests.append(request)
        variables = json.loads(json.dumps(dict(request.variables)))
        subgraph = self.world.subgraphs[request.subgraph]
        document = self._document(subgraph, request.operation)
        if document is None:
            return SubgraphResponse(None, [{"message": "invalid document"}])
        if self.failing and _hash(self.seed, len(self.requests), request.operation) % 9 == 0:
            self.failed_calls += 1
            raise SubgraphCallError(
                subgraph.name, "SUBREQUEST_TIMEOUT", f'Subgraph "{subgraph.name}" timed out.'
            )

        def resolve(parent: Any, info: GraphQLResolveInfo[Any], /, **arguments: Any) -> Any:
            return self._resolve(subgraph, parent, info, arguments)

        def type_of(thing: Thing, *_: object) -> str:
            if thing.type_name in subgraph.types:
                return thing.type_name
            return next(
                (
                    declared.name
                    for declared in subgraph.types.values()
                    if declared.is_interface_object
                    and self.world.is_a(thing.type_name, declared.name)
                ),
                thing.type_name,
            )

        result = execute(
            subgraph.schema,
            document,
            variable_values=variables,
            field_resolver=resolve,
            type_resolver=type_of,
        )
        formatted = json.loads(json.dumps(result.formatted))  # type: ignore[union-attr]  # all is synchronous
        for error in formatted.get("errors", ()):
            if error["message"] != "failed" and not self.violations:
                self.violations.append(f"{subgraph.name} answered: {error['message']}")
        data = formatted.get("data")
        if data is None or None in data.get("_entities", ()):
            self.is_voided = True
        return SubgraphResponse(data, formatted.get("errors", ()))

    def _document(self, subgraph: DeclaredSubgraph, text: str) -> DocumentNode | None:
        try:
            document = parse(text, no_location=True)
        except GraphQLError as error:
            self.violations.append(f"{subgraph.name} was sent no document: {error.message}")
            return None
        errors = validate(subgraph.schema, document, _RULES, max_errors=1)
        if errors:
            self.violations.append(f"{subgraph.name}: {errors[0].message} in {text}")
            return None
        return document

    async def close(self) -> None:
        """Nothing is open."""

    def _refuse(self, message: str) -> GraphQLError:
        self.violations.append(message)
        return GraphQLError(message)

    def _resolve(
        self,
        subgraph: DeclaredSubgraph,
        parent: Any,
        info: GraphQLResolveInfo[Any],
        arguments: Mapping[str, Any],
    ) -> Any:
        name = info.field_name
        type_name = info.parent_type.name
        if name == "_entities":
            return [self._entity(subgraph, item) for item in arguments["representations"]]
        thing = parent if isinstance(parent, Thing) else Thing(type_name, 0)
        node = subgraph.types[type_name].fields[name]
        promised, below = self.world.selected(thing.provided, thing.type_name, name)
        if not subgraph.resolves(type_name, name) and not promised:
            raise self._refuse(f"{subgraph.name} does not resolve {type_name}.{name} here.")
        self._check_override(subgraph, type_name, name)
        for directive in applied(node.directives, "requires"):
            required = field_set(argument(directive, "fields") or "")
            self._check_sent(subgraph, thing, required, thing.sent)
        if type_name == "Mutation":
            self.mutations.append(f"{name} {json.dumps(arguments, sort_keys=True)}")
        if self.failing and self.world.fails(self.seed, thing, name):
            raise GraphQLError("failed")
        value = self.world.value(self.seed, thing, name, arguments)
        sets = below + tuple(
            field_set(argument(directive, "fields") or "")
            for directive in applied(node.directives, "provides")
        )
        return _with_provided(value, sets) if sets else value

    def _check_override(self, subgraph: DeclaredSubgraph, type_name: str, name: str) -> None:
        is_overridden, label = self.world.overridden(subgraph.name, type_name, name)
        if is_overridden and (label is None or label in self.labels):
            raise self._refuse(f"{type_name}.{name} has moved away from {subgraph.name}.")
        node = subgraph.types[type_name].fields[name]
        for directive in applied(node.directives, "override"):
            label = argument(directive, "label")
            if label is not None and label not in self.labels:
                raise self._refuse(f"{type_name}.{name} has not moved to {subgraph.name} yet.")

    def _entity(self, subgraph: DeclaredSubgraph, representation: Mapping[str, Any]) -> Thing:
        type_name = str(representation.get("__typename"))
        declared = subgraph.types.get(type_name)
        if declared is None:
            raise self._refuse(f"{subgraph.name} knows no type {type_name}.")
        keys = [selections for selections, is_resolvable in declared.own_keys() if is_resolvable]
        if not any(_is_complete(selections, representation) for selections in keys):
            raise self._refuse(
                f"{subgraph.name} got no whole key of {type_name}: {json.dumps(representation)}"
            )
        number = self.world.number_of(type_name, representation)
        if number is None:
            raise self._refuse(f"{json.dumps(representation)} identifies nothing.")
        siblings = self.world.siblings.get(type_name)
        if siblings:
            real = siblings[number % len(siblings)]
            if type_name != real and type_name not in self.world.implementers:
                raise self._refuse(f"number {number} is {real}, not {type_name}.")
            type_name = real
        return Thing(type_name, number, sent=representation)

    def _check_sent(
        self,
        subgraph: DeclaredSubgraph,
        thing: Thing,
        selections: SelectionSetNode,
        sent: Mapping[str, Any] | None,
    ) -> None:
        if sent is None:
            raise self._refuse(f"{subgraph.name} got no requirements of {thing.type_name}.")
        for selection in selections.selections:
            if isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.world.is_a(thing.type_name, condition.name.value):
                    self._check_sent(subgraph, thing, selection.selection_set, sent)
            elif isinstance(selection, FieldNode):
                name = selection.name.value
                where = f"the requirement {thing.type_name}.{name} of {subgraph.name}"
                if name not in sent:
                    raise self._refuse(f"{where} was not sent")
                if name == "__typename":
                    if sent[name] != thing.type_name:
                        raise self._refuse(f"{where} is {sent[name]} of {thing.type_name}")
                    continue
                if self.failing and self.world.fails(self.seed, thing, name):
                    raise self._refuse(f"{where} has failed, but was sent as {sent[name]!r}")
                arguments = self.world.defaults(thing.type_name, name) | {
                    item.name.value: value_from_ast_untyped(item.value)
                    for item in selection.arguments or ()
                }
                value = self.world.value_below(self.seed, thing, name, arguments)
                self._compare(subgraph, value, sent[name], selection.selection_set, where)

    def _compare(
        self,
        subgraph: DeclaredSubgraph,
        value: Any,
        sent: Any,
        below: SelectionSetNode | None,
        where: str,
    ) -> None:
        if isinstance(value, list) and isinstance(sent, list) and len(value) == len(sent):
            for one, other in zip(value, sent, strict=True):
                self._compare(subgraph, one, other, below, where)
        elif isinstance(value, Thing) and isinstance(sent, dict) and below is not None:
            self._check_sent(subgraph, value, below, sent)
        elif isinstance(value, list | Thing) or value != sent:
            raise self._refuse(f"{where} is {sent!r} instead of {value!r}")


def _with_provided(value: Any, sets: tuple[SelectionSetNode, ...]) -> Any:
    if isinstance(value, list):
        return [_with_provided(item, sets) for item in value]
    if isinstance(value, Thing):
        return Thing(value.type_name, value.number, sets)
    return value


def _is_complete(selections: SelectionSetNode, value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_complete(selections, item) for item in value)
    return isinstance(value, Mapping) and all(
        isinstance(selection, FieldNode)
        and value.get(selection.name.value) is not None
        and (
            selection.selection_set is None
            or _is_complete(selection.selection_set, value[selection.name.value])
        )
        for selection in selections.selections
    )
