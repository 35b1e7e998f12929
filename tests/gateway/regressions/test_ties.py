"""Plans with as many calls: the one that knows more fields earlier is taken."""

from __future__ import annotations

from gateway.operation import OperationLimits, prepare_operation
from gateway.planner import QueryPlanner
from supergraph.load import load_supergraph
from tests.testkit.composition import compose_sdl

GRAPH = {
    "a": """
        type Query { shelf: Shelf @shareable }
        interface Shelf { id: ID! }
        type Rack implements Shelf @key(fields: "id") {
          id: ID! @shareable tools: [Tool] @shareable
        }
        interface Tool { id: ID! }
        type Saw implements Tool @key(fields: "id") { id: ID! @shareable }
    """,
    "b": """
        type Query { shelf: Shelf @shareable @provides(fields: "tools { id name }") }
        interface Shelf { id: ID! tools: [Tool] }
        type Rack implements Shelf { id: ID! @shareable tools: [Tool] @external }
        interface Tool { id: ID! name: String }
        type Saw implements Tool { id: ID! @external name: String @external }
    """,
    "c": """
        interface Shelf { id: ID! tools: [Tool] }
        type Rack implements Shelf @key(fields: "id") {
          id: ID! @shareable tools: [Tool] @shareable
        }
        interface Tool { id: ID! name: String }
        type Saw implements Tool @key(fields: "id") {
          id: ID! @shareable name: String @shareable teeth: Int
        }
    """,
}


def test_what_one_subgraph_provides_is_not_asked_of_two() -> None:
    supergraph = load_supergraph(compose_sdl(**GRAPH))
    query = "{ shelf { id tools { id name ... on Saw { teeth } } } }"
    prepared = prepare_operation(supergraph.api_schema, query, None, OperationLimits())
    assert not isinstance(prepared, list)
    plan = str(QueryPlanner(supergraph).plan(prepared.operation))
    assert plan.count("Fetch(") == 2
    assert 'Fetch(service: "b")' in plan
