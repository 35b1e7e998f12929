"""Progressive overrides: each request is planned for the labels that apply to it."""

from __future__ import annotations

import pytest

from gateway.config import load_settings
from gateway.config.cache import OperationCacheSettings
from gateway.context import RequestContext
from gateway.operation import OperationLimits
from gateway.pipeline import Pipeline, PlannedOperation, Runtime
from gateway.planner import OverrideLabels
from supergraph.load import load_supergraph
from tests.gateway.planner.graphs import supergraph
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_answers, assert_plan, fetches, plan_query
from tests.testkit.universe import StrictSubgraphs, Universe

CUSTOM = {
    "old": """
        type Query { items: [Item!]! }
        type Item @key(fields: "id") { id: ID! name: String size: Int }
    """,
    "new": """
        type Item @key(fields: "id") {
          id: ID!
          name: String @override(from: "old", label: "names-moved")
          size: Int @override(from: "old", label: "percent(25)")
        }
    """,
}


def test_a_percentage_applies_to_so_many_of_a_hundred_requests() -> None:
    draws = iter(number / 100 for number in range(100))
    labels = OverrideLabels(load_supergraph(compose_sdl(**CUSTOM)), lambda: next(draws))
    applied = [labels.decide() for _ in range(100)]
    assert applied.count(frozenset({"percent(25)"})) == 25
    assert applied.count(frozenset()) == 75


def test_custom_labels_apply_where_named_and_unknown_ones_make_no_plans() -> None:
    labels = OverrideLabels(load_supergraph(compose_sdl(**CUSTOM)), lambda: 0.99)
    assert labels.decide(["names-moved", "unknown"]) == {"names-moved"}
    assert labels.decide(["percent(25)"]) == frozenset()


def test_a_supergraph_without_labels_needs_no_chance() -> None:
    labels = OverrideLabels(load_supergraph(supergraph("abstract")), lambda: pytest.fail("drawn"))
    assert labels.decide(["x"]) == frozenset()


BRANCHES = {
    "new": """
        type Query { top: Place }
        interface Place { next: [Place!] note: String }
        type City implements Place @key(fields: "id") {
          id: ID!
          next: [Place!] @override(from: "old", label: "moved")
          note: String! @shareable
        }
        type Lake implements Place @key(fields: "id") { id: ID! next: [Place!] note: String }
    """,
    "old": """
        interface Place { next: [Place!] }
        type City implements Place @key(fields: "id") {
          id: ID!
          next: [Place!]
          note: String! @shareable
        }
        type Lake implements Place @key(fields: "id", resolvable: false) {
          id: ID!
          next: [Place!] @external
        }
    """,
}
DEEP = "{ top { next { next { next { note } } } } }"


def test_an_interface_is_asked_once_where_the_labels_give_a_field_to_all_its_types() -> None:
    # Asked for type by type, each level would write the ones below it once per type.
    assert_plan(
        compose_sdl(**BRANCHES),
        DEEP,
        """\
QueryPlan {
  Fetch(service: "new") {
    {
      top {
        __typename
        next {
          __typename
          next {
            __typename
            next {
              __typename
              note
            }
          }
        }
      }
    }
  },
}""",
        override_labels=frozenset({"moved"}),
    )


def test_an_interface_is_asked_type_by_type_where_the_labels_keep_a_field_elsewhere() -> None:
    sdl = compose_sdl(**BRANCHES)
    assert_answers(sdl, DEEP)
    plan = plan_query(sdl, "{ top { next { note } } }")
    assert [fetch.subgraph for fetch in fetches(plan.node)] == ["new", "old", "new"]


async def test_each_set_of_labels_has_its_own_kept_plan() -> None:
    without_chance = {
        name: sdl.replace(', label: "percent(25)"', "") for name, sdl in CUSTOM.items()
    }
    graph = load_supergraph(compose_sdl(**without_chance))
    runtime = Runtime(
        graph,
        StrictSubgraphs(Universe(graph)),
        limits=OperationLimits(),
        cache=OperationCacheSettings(),
    )
    pipeline = Pipeline(load_settings().limits)
    pipeline.runtime = runtime
    try:
        for labels in (frozenset[str](), frozenset({"names-moved"})):
            context = RequestContext(override_labels=labels)
            outcome = await pipeline.run("{ items { name } }", None, None, context)
            assert outcome.was_executed
            assert not outcome.errors
    finally:
        pipeline.close()
    kept = [
        runtime.known("{ items { name } }", None, labels)
        for labels in (frozenset[str](), frozenset({"names-moved"}))
    ]
    counts = []
    for planned in kept:
        assert isinstance(planned, PlannedOperation)
        counts.append(len(list(fetches(planned.plan.node))))
    assert counts == [1, 2]
