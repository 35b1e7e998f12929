"""Plans as JSON in Apollo's form; that random plans survive it is tested with the planner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import OperationType

from gateway.plan.nodes import (
    ConditionNode,
    ContextRewrite,
    DependentField,
    FetchNode,
    FieldSegment,
    FlattenNode,
    ListSegment,
    ParallelNode,
    QueryPlan,
    RenameKeyRewrite,
    RequiredField,
    RequiredFragment,
    SequenceNode,
    SetValueRewrite,
    TypeConditionSegment,
    UnresolvableField,
)
from gateway.plan.serde import InvalidPlanError, plan_from_json, plan_to_json

CONDITION = TypeConditionSegment(frozenset({"T", "U"}))
FETCH = FetchNode("a", OperationType.MUTATION, "mutation{m{id}}", operation_name="M")
ENTITY = FetchNode(
    "b",
    OperationType.QUERY,
    "query($representations:[_Any!]!,$x:Int){_entities(representations:$representations)"
    "{... on T{f(x:$x)}}}",
    variable_usages=("x",),
    requires=(
        RequiredFragment(
            "T", (RequiredField("__typename"), RequiredField("org", (RequiredField("id"),)))
        ),
    ),
    input_rewrites=(
        RenameKeyRewrite((CONDITION, FieldSegment("_n_0")), "n"),
        SetValueRewrite((CONDITION, FieldSegment("__typename")), "I"),
    ),
    output_rewrites=(RenameKeyRewrite((FieldSegment("_f_1"),), "f"),),
    context_rewrites=(ContextRewrite(2, (CONDITION, FieldSegment("c")), "x"),),
    keys=(RequiredFragment("T", (RequiredField("__typename"),)),),
    dependent_fields=(DependentField("T", "f", (RequiredField("org", (RequiredField("id"),)),)),),
)
PLAN = QueryPlan(
    SequenceNode(
        (
            FETCH,
            ParallelNode(
                (
                    FlattenNode(
                        (
                            (FieldSegment("m"), ListSegment(), CONDITION, FieldSegment("t")),
                            (FieldSegment("n"),),
                        ),
                        ENTITY,
                    ),
                    ConditionNode("v", None, FETCH),
                )
            ),
            ConditionNode("v", FETCH, None),
        )
    ),
    (UnresolvableField(("a", "b"), "Nobody knows."),),
)


def test_every_kind_of_node_survives() -> None:
    text = json.dumps(plan_to_json(PLAN))
    assert plan_from_json(json.loads(text)) == PLAN


def test_the_form_is_apollos() -> None:
    flatten = FlattenNode(((FieldSegment("m"), ListSegment()),), ENTITY)
    assert plan_to_json(QueryPlan(flatten)) == {
        "kind": "QueryPlan",
        "node": {
            "kind": "Flatten",
            "path": ["m", "@"],
            "node": {
                "kind": "Fetch",
                "serviceName": "b",
                "requires": [
                    {
                        "kind": "InlineFragment",
                        "typeCondition": "T",
                        "selections": [
                            {"kind": "Field", "name": "__typename"},
                            {
                                "kind": "Field",
                                "name": "org",
                                "selections": [{"kind": "Field", "name": "id"}],
                            },
                        ],
                    }
                ],
                "variableUsages": ["x"],
                "operation": ENTITY.operation,
                "operationKind": "query",
                "inputRewrites": [
                    {"kind": "KeyRenamer", "path": ["... on T|U", "_n_0"], "renameKeyTo": "n"},
                    {
                        "kind": "ValueSetter",
                        "path": ["... on T|U", "__typename"],
                        "setValueTo": "I",
                    },
                ],
                "outputRewrites": [{"kind": "KeyRenamer", "path": ["_f_1"], "renameKeyTo": "f"}],
                "contextRewrites": [
                    {
                        "kind": "KeyRenamer",
                        "path": ["..", "..", "... on T|U", "c"],
                        "renameKeyTo": "x",
                    }
                ],
                "keys": [
                    {
                        "kind": "InlineFragment",
                        "typeCondition": "T",
                        "selections": [{"kind": "Field", "name": "__typename"}],
                    }
                ],
                "dependentFields": [
                    {
                        "typeCondition": "T",
                        "name": "f",
                        "requires": [
                            {
                                "kind": "Field",
                                "name": "org",
                                "selections": [{"kind": "Field", "name": "id"}],
                            }
                        ],
                    }
                ],
            },
        },
    }


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "Plan"},
        {"kind": "QueryPlan", "node": {"kind": "Loop"}},
        {"kind": "QueryPlan", "node": {"kind": "Sequence"}},
        {
            "kind": "QueryPlan",
            "node": {"kind": "Flatten", "path": [], "node": {"kind": "Parallel"}},
        },
        {"kind": "QueryPlan", "node": []},
    ],
)
def test_other_json_is_refused_with_a_sentence(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlanError):
        plan_from_json(value)
