"""Fields that no subgraph can be asked for: an error that says why, and the rest is answered.

Such supergraphs do not compose here; they come from elsewhere, or from an edited file.
"""

from __future__ import annotations

import asyncio

from inline_snapshot import snapshot

from gateway.executor import execute_plan
from gateway.operation.prepare import prepare_operation
from gateway.planner import QueryPlanner
from supergraph.load import load_supergraph
from tests.testkit.composition import FEDERATION_LINK, compose_sdl
from tests.testkit.plans import plan_query
from tests.testkit.random_graphs.strict import StrictSubgraphs
from tests.testkit.random_graphs.world import World

SEED = 4
"""Data with objects of both types, and no null."""


def test_a_requirement_of_a_type_without_a_key_is_named() -> None:
    sdl = compose_sdl(
        wares="""
            type Query { ware: Ware }
            type Ware @key(fields: "id") { id: ID! size: Size }
            type Size @key(fields: "code") { code: ID! width: Int }
        """,
        boxes="""
            type Size @key(fields: "code") {
              code: ID! width: Int @external box: String @requires(fields: "width")
            }
        """,
    )
    edited = sdl.replace('@join__type(graph: BOXES, key: "code")', "@join__type(graph: BOXES)")
    assert edited != sdl
    plan = plan_query(edited, "{ ware { size { width box } } }")
    assert [item.message for item in plan.unresolvable] == [
        'No subgraph can be asked for the field "box" of "Size" here: "Size" has no @key in '
        'subgraph "boxes" by which it could be sent what the field requires.'
    ]
    assert str(plan) == snapshot("""\
QueryPlan {
  Fetch(service: "wares") {
    {
      ware {
        size {
          width
        }
      }
    }
  },
}
# ware.size.box: No subgraph can be asked for the field "box" of "Size" here: "Size" has no @key in subgraph "boxes" by which it could be sent what the field requires.\
""")  # noqa: E501 - the text is one line


def test_a_field_that_fails_for_one_of_several_types_is_reported_for_that_type_only() -> None:
    subgraphs = {
        "things": """
            type Query { things: [Thing!]! }
            interface Thing { id: ID! }
            type A implements Thing @key(fields: "id") { id: ID! }
            type B implements Thing @key(fields: "id") { id: ID! }
        """,
        "ranks": """
            interface Thing { rank: Int }
            type A implements Thing @key(fields: "id") { id: ID! rank: Int }
            type B implements Thing @key(fields: "id") { id: ID! rank: Int }
        """,
    }
    sdl = compose_sdl(**subgraphs)
    head, of_b = sdl.split("type B", 1)
    edited = head + "type B" + of_b.replace(', key: "id")', ")", 1)
    graph = load_supergraph(edited)
    prepared = prepare_operation(graph.api_schema, "{ things { __typename rank } }")
    assert not isinstance(prepared, list)
    plan = QueryPlanner(graph).plan(prepared.operation)
    assert str(plan) == snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "things") {
      {
        things {
          __typename
          ... on A {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "things.@") {
      Fetch(service: "ranks") {
        {
          ... on A {
            __typename
            id
          }
        } =>
        {
          ... on A {
            rank
          }
        }
      },
    },
  },
}
# things.rank: No subgraph can be asked for the field "rank" of "B" here.\
""")
    world = World({n: FEDERATION_LINK + sdl for n, sdl in subgraphs.items()}, graph.api_schema)
    client = StrictSubgraphs(world, seed=SEED)
    result = asyncio.run(execute_plan(plan, prepared, {}, supergraph=graph, client=client))
    assert result.data is not None
    things = result.data["things"]
    assert {item["__typename"] for item in things} == {"A", "B"}
    for thing in things:
        assert (thing["rank"] is None) == (thing["__typename"] == "B")
    message = 'No subgraph can be asked for the field "rank" of "B" here.'
    missing = [["things", i, "rank"] for i, item in enumerate(things) if item["__typename"] == "B"]
    assert [error["message"] for error in result.errors] == [message] * len(result.errors)
    assert [error["path"] for error in result.errors] == (
        missing if len(missing) == 1 else [["things"]]
    )
