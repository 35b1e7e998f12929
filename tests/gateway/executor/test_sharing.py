"""One entity at many places: shared where it is asked the same, apart where it is not.

Products and bundles of one list have the same owner. Below the owner the client gives one name to
different fields, depending on whose owner it is.
"""

from __future__ import annotations

import pytest

from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from tests.testkit.subgraphs import Subgraph, Subgraphs, answer

GRAPH: Supergraph = load_supergraph(
    """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{ query: Query }
enum join__Graph {
  ITEMS @join__graph(name: "items", url: "http://items.test")
  USERS @join__graph(name: "users", url: "http://users.test")
  PLACES @join__graph(name: "places", url: "http://places.test")
}
type Query @join__type(graph: ITEMS) @join__type(graph: USERS) @join__type(graph: PLACES) {
  items: [Item] @join__field(graph: ITEMS)
}
interface Item @join__type(graph: ITEMS) { owner: User }
type Product implements Item
  @join__implements(graph: ITEMS, interface: "Item") @join__type(graph: ITEMS)
{ owner: User }
type Bundle implements Item
  @join__implements(graph: ITEMS, interface: "Item") @join__type(graph: ITEMS)
{ owner: User }
type User @join__type(graph: ITEMS, key: "id") @join__type(graph: USERS, key: "id") {
  id: ID!
  home: Place @join__field(graph: USERS)
}
type Place @join__type(graph: USERS, key: "id") @join__type(graph: PLACES, key: "id") {
  id: ID!
  town: String @join__field(graph: PLACES)
  street: String @join__field(graph: PLACES)
}
"""
)
ITEMS_SDL = """
type Query { items: [Item] }
interface Item { owner: User }
type Product implements Item { owner: User }
type Bundle implements Item { owner: User }
type User @key(fields: "id") { id: ID! }
"""
USERS_SDL = """
type User @key(fields: "id") { id: ID! home: Place }
type Place @key(fields: "id") { id: ID! }
"""
PLACES_SDL = 'type Place @key(fields: "id") { id: ID! town: String street: String }'
ITEMS = [{"__typename": name, "owner": {"id": "1"}} for name in ("Product", "Bundle", "Product")]


def subgraphs() -> Subgraphs:
    return Subgraphs(
        {
            "items": Subgraph(ITEMS_SDL, {"Query.items": ITEMS}),
            "users": Subgraph(USERS_SDL, {"User.home": {"id": "h"}}),
            "places": Subgraph(PLACES_SDL, {"Place.town": "Town", "Place.street": "Street"}),
        }
    )


BY_TYPE = (
    "... on Product { owner { home { x: town } } } ... on Bundle { owner { home { x: street } } }"
)


@pytest.mark.parametrize(
    "selections",
    [BY_TYPE, f"owner {{ id }} {BY_TYPE}", f"owner {{ home {{ id }} }} {BY_TYPE}"],
)
async def test_one_name_for_different_fields_of_a_shared_entity(selections: str) -> None:
    client = subgraphs()
    result = await answer(GRAPH, client, f"{{ items {{ {selections} }} }}")
    assert not result.errors
    assert result.data is not None
    homes = [item["owner"]["home"]["x"] for item in result.data["items"]]
    assert homes == ["Town", "Street", "Town"]


async def test_an_entity_that_stands_everywhere_is_asked_for_once() -> None:
    client = subgraphs()
    result = await answer(GRAPH, client, "{ items { owner { home { town } } } }")
    assert result.data == {"items": [{"owner": {"home": {"town": "Town"}}}] * 3}
    assert client.representations("users") == [[{"__typename": "User", "id": "1"}]]
    assert client.representations("places") == [[{"__typename": "Place", "id": "h"}]]
