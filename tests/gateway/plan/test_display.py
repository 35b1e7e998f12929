"""The text form of plans, for nodes that the planner's own tests do not show."""

from __future__ import annotations

from graphql import OperationType

from gateway.plan.display import display_path, display_plan
from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FieldSegment,
    FlattenNode,
    ListSegment,
    ParallelNode,
    QueryPlan,
    RequiredField,
    RequiredFragment,
    TypeConditionSegment,
    UnresolvableField,
)

ROOT = FetchNode("a", OperationType.QUERY, "query($n:Int){x:top(n:$n) @include(if:true){id}}")
ENTITY = FetchNode(
    "b",
    OperationType.QUERY,
    "query($representations:[_Any!]!){_entities(representations:$representations){... on T{f}}}",
    requires=(RequiredFragment("T", (RequiredField("org", (RequiredField("id"),)),)),),
)


def test_a_path_shows_lists_and_type_conditions() -> None:
    path = (
        FieldSegment("items"),
        ListSegment(),
        TypeConditionSegment(frozenset({"B", "A"})),
        FieldSegment("part"),
    )
    assert display_path(path) == "items.@|[A|B].part"


def test_a_plan_without_fetches() -> None:
    assert display_plan(QueryPlan(None)) == "QueryPlan {\n}"


def test_aliases_arguments_and_directives_are_shown() -> None:
    assert "x: top(n: $n) @include(if: true) {" in str(QueryPlan(ROOT))


def test_several_paths_of_one_call_stand_side_by_side() -> None:
    paths = ((FieldSegment("a"),), (FieldSegment("b"), ListSegment()))
    assert 'Flatten(path: "a", "b.@") {' in str(QueryPlan(FlattenNode(paths, ENTITY)))


def test_conditions_have_a_word_for_each_form() -> None:
    one_sided = ParallelNode((ConditionNode("v", ROOT, None), ConditionNode("v", None, ROOT)))
    text = str(QueryPlan(one_sided))
    assert "Include(if: $v) {" in text
    assert "Skip(if: $v) {" in text
    both = str(QueryPlan(ConditionNode("v", ROOT, ROOT)))
    assert "Condition(if: $v) {" in both
    assert "Then {" in both
    assert "Else {" in both


def test_what_cannot_be_resolved_is_listed_below() -> None:
    plan = QueryPlan(None, (UnresolvableField(("a", "b"), "Nobody knows."),))
    assert str(plan).endswith("}\n# a.b: Nobody knows.")
