"""Objects whose subgraph does not know their true type: `@interfaceObject`."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.plan.nodes import FetchNode, FieldSegment, SetValueRewrite
from gateway.transport.base import SubgraphResponse
from supergraph.load import load_supergraph
from tests.gateway.executor.shop import entities, fetch, plan
from tests.testkit.subgraphs import Subgraphs, answer

GRAPH = load_supergraph(
    """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{ query: Query }
enum join__Graph {
  MEDIA @join__graph(name: "media", url: "http://media.test")
  STATS @join__graph(name: "stats", url: "http://stats.test")
}
type Query @join__type(graph: MEDIA) @join__type(graph: STATS) {
  top: [Media] @join__field(graph: STATS)
  all: [Media] @join__field(graph: MEDIA)
}
interface Media
  @join__type(graph: MEDIA, key: "id")
  @join__type(graph: STATS, key: "id", isInterfaceObject: true)
{
  id: ID!
  title: String @join__field(graph: MEDIA)
  views: Int @join__field(graph: STATS)
}
type Film implements Media
  @join__implements(graph: MEDIA, interface: "Media")
  @join__type(graph: MEDIA, key: "id")
{ id: ID! title: String @join__field(graph: MEDIA) views: Int @join__field }
type Song implements Media
  @join__implements(graph: MEDIA, interface: "Media")
  @join__type(graph: MEDIA, key: "id")
{ id: ID! title: String @join__field(graph: MEDIA) views: Int @join__field }
"""
)
TOP = fetch("stats", "{ top { __typename id views } }")
NAMELESS = {"top": [{"__typename": "Media", "id": "1", "views": 9}]}


def client(**answers: Any) -> Subgraphs:
    found = Subgraphs({})
    for name, data in answers.items():
        found.failures[name] = SubgraphResponse(data)
    return found


async def test_fields_of_the_interface_need_no_true_type() -> None:
    result = await answer(GRAPH, client(stats=NAMELESS), "{ top { views id } }", plan=plan(TOP))
    assert result.to_json() == {"data": {"top": [{"views": 9, "id": "1"}]}}


@pytest.mark.parametrize("query", ["{ top { __typename } }", "{ top { ... on Film { id } } }"])
async def test_what_depends_on_the_true_type_is_never_guessed(query: str) -> None:
    result = await answer(GRAPH, client(stats=NAMELESS), query, plan=plan(TOP))
    assert result.data == {"top": [None]}
    assert result.errors[0]["path"] == ["top", 0]


async def test_the_true_type_comes_from_the_subgraph_that_knows_it() -> None:
    types = entities("media", "Media", "id", "__typename", "top.@")
    subgraphs = client(stats=NAMELESS, media={"_entities": [{"__typename": "Song"}]})
    query = "{ top { __typename views ... on Song { id } } }"
    result = await answer(GRAPH, subgraphs, query, plan=plan(TOP, types))
    assert result.to_json() == {"data": {"top": [{"__typename": "Song", "views": 9, "id": "1"}]}}


async def test_a_representation_takes_the_interfaces_name_where_the_subgraph_knows_no_other() -> (
    None
):
    base = entities("stats", "Media", "id", "__typename views", "all.@")
    rename = SetValueRewrite((FieldSegment("__typename"),), "Media")
    node = base.node
    stats = type(base)(
        base.paths,
        FetchNode(
            node.subgraph,
            node.kind,
            node.operation,
            requires=node.requires,
            input_rewrites=(rename,),
        ),
    )
    subgraphs = client(
        media={"all": [{"__typename": "Film", "id": "1"}]},
        stats={"_entities": [{"__typename": "Media", "views": 3}]},
    )
    result = await answer(
        GRAPH,
        subgraphs,
        "{ all { __typename views } }",
        plan=plan(fetch("media", "{ all { __typename id } }"), stats),
    )
    assert subgraphs.representations("stats") == [[{"__typename": "Media", "id": "1"}]]
    assert result.to_json() == {"data": {"all": [{"__typename": "Film", "views": 3}]}}


async def test_a_failure_to_learn_the_true_type_gives_its_own_error_only() -> None:
    types = entities("media", "Media", "id", "__typename", "top.@")
    subgraphs = client(stats=NAMELESS)
    subgraphs.fail("media")
    result = await answer(GRAPH, subgraphs, "{ top { __typename } }", plan=plan(TOP, types))
    assert result.data == {"top": [None]}
    assert [error["extensions"]["service"] for error in result.errors] == ["media"]
