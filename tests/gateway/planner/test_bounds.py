"""Hostile operations cost little, or end in an error that says so."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationType

from gateway.operation.limits import OperationLimits
from gateway.operation.model import FieldSelection, InlineFragment, Operation, SelectionSet
from gateway.operation.prepare import prepare_operation
from gateway.planner import PlanningError, QueryPlanner
from gateway.planner.best import THOROUGH_STEPS, BestSearch
from gateway.planner.errors import RESERVED_ALIAS, TOO_COMPLEX
from supergraph.load import load_supergraph
from tests.benchmarks.hostile_queries import hostile_operations
from tests.benchmarks.large_queries import (
    many_fields_query,
    many_subgraphs,
    overlapping_query,
    overlapping_subgraphs,
)
from tests.gateway.planner.graphs import supergraph
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import fetches, planner_for


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[BestSearch]:
    """The searches that are made during the test: they count their steps."""
    made: list[BestSearch] = []

    def recorded(*given: Any) -> BestSearch:
        made.append(BestSearch(*given))
        return made[-1]

    monkeypatch.setattr("gateway.planner.planner.BestSearch", recorded)
    return made


def spent(searches: list[BestSearch]) -> int:
    """All steps of the searches."""
    return sum(search.steps for search in searches)


def test_nesting_beyond_the_limit_is_refused() -> None:
    selections: SelectionSet = (FieldSelection("id"),)
    for _ in range(400):
        selections = (FieldSelection("related", selections=selections),)
    operation = Operation(
        OperationType.QUERY, None, "Query", (FieldSelection("items", selections=selections),)
    )
    with pytest.raises(PlanningError) as caught:
        planner_for(supergraph("abstract")).plan(operation)
    assert caught.value.code == TOO_COMPLEX
    assert "deep" in caught.value.message


@pytest.mark.parametrize("depth", [5, 30])
def test_fragments_that_double_at_every_level_end_in_an_error_or_a_plan(
    depth: int, searches: list[BestSearch]
) -> None:
    def selections(depth: int) -> SelectionSet:
        if depth == 0:
            return (FieldSelection("stars"),)
        below = selections(depth - 1)
        return (
            FieldSelection("related", selections=below),
            InlineFragment("Book", (FieldSelection("related", selections=below),)),
            InlineFragment("Film", (FieldSelection("related", selections=below),)),
        )

    operation = Operation(
        OperationType.QUERY, None, "Query", (FieldSelection("rated", selections=selections(depth)),)
    )
    if depth == 5:
        assert planner_for(supergraph("abstract")).plan(operation).node is not None
        assert spent(searches) < 100
        return
    with pytest.raises(PlanningError) as caught:
        planner_for(supergraph("abstract")).plan(operation)
    assert caught.value.code == TOO_COMPLEX
    assert spent(searches) == 0


def test_thousands_of_aliases_are_planned_as_one_call(searches: list[BestSearch]) -> None:
    aliases = " ".join(f"a{index}: plain" for index in range(3000))
    planner = planner_for(supergraph("requirements"))
    query = f"{{ products {{ {aliases} }} }}"
    limits = OperationLimits(max_aliases=3000)
    prepared = prepare_operation(planner.supergraph.api_schema, query, None, limits)
    assert not isinstance(prepared, list)
    plan = planner.plan(prepared.operation)
    assert spent(searches) < 10 * 3000
    assert len(list(fetches(plan.node))) == 2


def test_an_entity_in_many_subgraphs_takes_few_steps(searches: list[BestSearch]) -> None:
    subgraphs = {
        f"s{index}": f'type User @key(fields: "id") {{ id: ID! f{index}: Int }}'
        for index in range(40)
    }
    subgraphs["s0"] += " type Query { user: User }"
    planner = QueryPlanner(load_supergraph(compose_sdl(**subgraphs)))
    fields = " ".join(f"f{index}" for index in range(40))
    prepared = prepare_operation(planner.supergraph.api_schema, f"{{ user {{ {fields} }} }}")
    assert not isinstance(prepared, list)
    plan = planner.plan(prepared.operation)
    assert spent(searches) < 5 * 40
    assert len(list(fetches(plan.node))) == 40


def test_selections_shared_at_every_level_cost_no_more_than_they_are_refused_for(
    searches: list[BestSearch],
) -> None:
    # 3 ** 40 response fields, written as 40 small selection sets.
    selections: SelectionSet = (FieldSelection("x5"),)
    for _ in range(40):
        selections = tuple(
            FieldSelection(name, selections=selections) for name in ("p0", "p1", "p2")
        )
    operation = Operation(
        OperationType.QUERY, None, "Query", (FieldSelection("part", selections=selections),)
    )
    with pytest.raises(PlanningError) as caught:
        planner_for(compose_sdl(**overlapping_subgraphs())).plan(operation)
    assert caught.value.code == TOO_COMPLEX
    assert "fields" in caught.value.message
    assert spent(searches) == 0


@pytest.mark.parametrize(
    ("subgraphs", "query"),
    [
        (overlapping_subgraphs(), overlapping_query(5)),
        (many_subgraphs(), many_fields_query()),
    ],
    ids=["many ways to each field", "a thousand fields"],
)
def test_large_operations_are_planned_whole(
    subgraphs: dict[str, str], query: str, searches: list[BestSearch]
) -> None:
    planner = planner_for(compose_sdl(**subgraphs))
    prepared = prepare_operation(planner.supergraph.api_schema, query)
    assert not isinstance(prepared, list)
    plan = planner.plan(prepared.operation)
    assert not plan.unresolvable
    assert plan.node is not None
    assert spent(searches) < THOROUGH_STEPS


HOSTILE = hostile_operations()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_operations_are_planned_or_refused_with_a_code(name: str) -> None:
    subgraphs, query = HOSTILE[name]
    planner = planner_for(compose_sdl(**subgraphs))
    operation_name = "A" if query.startswith("query A") else None
    prepared = prepare_operation(planner.supergraph.api_schema, query, operation_name)
    if isinstance(prepared, list):
        codes = {(error.extensions or {}).get("code") for error in prepared}
        assert None not in codes
    else:
        code = TOO_COMPLEX
        try:
            assert not planner.plan(prepared.operation).unresolvable
        except PlanningError as error:
            code = error.code
        assert code == TOO_COMPLEX


def test_types_within_types_are_planned_as_deep_as_tokens_allow() -> None:
    subgraphs = {
        f"s{index}": ("type Query { node: Node } " if not index else "")
        + "interface Node { id: ID! } "
        + " ".join(
            f'type T{n} implements Node @key(fields: "id") '
            f"{{ id: ID! v{index}: Int next{index}: Node }}"
            for n in range(3)
        )
        for index in range(4)
    }

    def below(depth: int) -> str:
        if not depth:
            return "{ id }"
        parts = (
            f"... on T{n} {{ v{(n + depth + 1) % 4} next{(n + depth) % 4} {below(depth - 1)} }}"
            for n in range(3)
        )
        return f"{{ {' '.join(parts)} }}"

    planner = planner_for(compose_sdl(**subgraphs))
    prepared = prepare_operation(planner.supergraph.api_schema, f"{{ node {below(6)} }}")
    assert not isinstance(prepared, list)
    assert not planner.plan(prepared.operation).unresolvable


def test_the_alias_typename_is_refused() -> None:
    operation = Operation(
        OperationType.QUERY,
        None,
        "Query",
        (FieldSelection("first", selections=(FieldSelection("title", alias="__typename"),)),),
    )
    with pytest.raises(PlanningError) as caught:
        planner_for(supergraph("abstract")).plan(operation)
    assert caught.value.code == RESERVED_ALIAS


def test_a_field_that_no_subgraph_answers_is_named_and_the_rest_planned() -> None:
    # Not satisfiable: nothing leads from "a" to "b". No composer prints this.
    sdl = compose_sdl(
        a='type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! a: Int }',
        b='type Thing @key(fields: "id") { id: ID! b: Int }',
    ).replace(
        'type Thing\n  @join__type(graph: A, key: "id")', "type Thing\n  @join__type(graph: A)"
    )
    sdl = sdl.replace('@join__type(graph: B, key: "id")', "@join__type(graph: B)")
    planner = QueryPlanner(load_supergraph(sdl))
    prepared = prepare_operation(planner.supergraph.api_schema, "{ thing { a x: b } }")
    assert not isinstance(prepared, list)
    plan = planner.plan(prepared.operation)
    assert [field.path for field in plan.unresolvable] == [("thing", "x")]
    assert '"b" of "Thing"' in plan.unresolvable[0].message
    assert [fetch.operation for fetch in fetches(plan.node)] == ["{thing{a}}"]
