"""Entities are reached by their keys, whatever form these have."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_reaches_the_other_subgraph_by_key() -> None:
    """The first call brings the key, the second sends it as a representation."""
    subgraphs = {
        "products": """
            type Query { top: Product }
            type Product @key(fields: "upc") { upc: ID! name: String }
        """,
        "reviews": 'type Product @key(fields: "upc") { upc: ID! stars: Int }',
    }
    assert_case(
        subgraphs,
        "{ top { name stars } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        top {
          __typename
          upc
          name
        }
      }
    },
    Flatten(path: "top") {
      Fetch(service: "reviews") {
        {
          ... on Product {
            __typename
            upc
          }
        } =>
        {
          ... on Product {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_learns_a_key_in_one_subgraph_to_enter_another() -> None:
    """From `id` to `sku` to `org { code }`, each told by the subgraph before."""
    assert_case(
        SUBGRAPHS["key chain"],
        "{ things { color maker { name } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        things {
          __typename
          id
        }
      }
    },
    Flatten(path: "things.@") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
          }
        } =>
        {
          ... on Thing {
            sku
          }
        }
      },
    },
    Flatten(path: "things.@") {
      Fetch(service: "c") {
        {
          ... on Thing {
            __typename
            sku
          }
        } =>
        {
          ... on Thing {
            org {
              code
            }
            color
          }
        }
      },
    },
    Flatten(path: "things.@") {
      Fetch(service: "d") {
        {
          ... on Thing {
            __typename
            org {
              code
            }
          }
        } =>
        {
          ... on Thing {
            maker {
              name
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_key_that_needs_another_subgraph_first() -> None:
    """Half of the compound key is known only in a third subgraph."""
    subgraphs = {
        "orders": """
            type Query { order: Order }
            type Order @key(fields: "id") { id: ID! }
        """,
        "shops": """
            type Order @key(fields: "id") { id: ID! shop: Shop @shareable }
            type Shop @key(fields: "code") { code: ID! }
        """,
        "parcels": """
            type Order @key(fields: "id shop { code }") {
              id: ID! shop: Shop @shareable parcel: String
            }
            type Shop @key(fields: "code") { code: ID! }
        """,
    }
    assert_case(
        subgraphs,
        "{ order { parcel } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "orders") {
      {
        order {
          __typename
          id
        }
      }
    },
    Flatten(path: "order") {
      Fetch(service: "shops") {
        {
          ... on Order {
            __typename
            id
          }
        } =>
        {
          ... on Order {
            shop {
              code
            }
          }
        }
      },
    },
    Flatten(path: "order") {
      Fetch(service: "parcels") {
        {
          ... on Order {
            __typename
            id
            shop {
              code
            }
          }
        } =>
        {
          ... on Order {
            parcel
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_compound_key_is_sent_whole() -> None:
    """Neither of its fields identifies anything alone."""
    subgraphs = {
        "places": """
            type Query { cities: [City!]! }
            type City @key(fields: "country code") { country: ID! code: ID! name: String }
        """,
        "weather": """
            type City @key(fields: "country code") { country: ID! code: ID! degrees: Int }
        """,
    }
    assert_case(
        subgraphs,
        "{ cities { name degrees } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "places") {
      {
        cities {
          __typename
          country
          code
          name
        }
      }
    },
    Flatten(path: "cities.@") {
      Fetch(service: "weather") {
        {
          ... on City {
            __typename
            country
            code
          }
        } =>
        {
          ... on City {
            degrees
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_nested_key_is_sent_with_all_its_levels() -> None:
    """And with what the client asks for beside it, under the client's names."""
    subgraphs = {
        "staff": """
            type Query { desks: [Desk!]! }
            type Desk @key(fields: "number room { floor { level } name }") {
              number: ID! room: Room!
            }
            type Room { name: ID! @shareable floor: Floor! @shareable seats: Int }
            type Floor { level: ID! @shareable }
        """,
        "phones": """
            type Desk @key(fields: "number room { floor { level } name }") {
              number: ID! room: Room! phone: String
            }
            type Room { name: ID! @shareable floor: Floor! @shareable }
            type Floor { level: ID! @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ desks { phone room { name: seats } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "staff") {
      {
        desks {
          __typename
          number
          room {
            floor {
              level
            }
            _name_0: name
            name: seats
          }
        }
      }
    },
    Flatten(path: "desks.@") {
      Fetch(service: "phones") {
        {
          ... on Desk {
            __typename
            number
            room {
              floor {
                level
              }
              _name_0
            }
          }
        } =>
        {
          ... on Desk {
            phone
          }
        }
      },
    },
  },
}\
"""),
    )


def test_each_subgraph_is_entered_by_the_key_it_has() -> None:
    """Of several keys, each call sends the one its subgraph can resolve."""
    subgraphs = {
        "products": """
            type Query { products: [Product!]! }
            type Product @key(fields: "upc") @key(fields: "sku") { upc: ID! sku: ID! }
        """,
        "reviews": 'type Product @key(fields: "upc") { upc: ID! stars: Int }',
        "stock": 'type Product @key(fields: "sku") { sku: ID! count: Int }',
    }
    assert_case(
        subgraphs,
        "{ products { stars count } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        products {
          __typename
          upc
          sku
        }
      }
    },
    Parallel {
      Flatten(path: "products.@") {
        Fetch(service: "reviews") {
          {
            ... on Product {
              __typename
              upc
            }
          } =>
          {
            ... on Product {
              stars
            }
          }
        },
      },
      Flatten(path: "products.@") {
        Fetch(service: "stock") {
          {
            ... on Product {
              __typename
              sku
            }
          } =>
          {
            ... on Product {
              count
            }
          }
        },
      },
    },
  },
}\
"""),
    )


def test_a_key_may_hold_lists() -> None:
    """Of values and of objects, and both travel as lists."""
    subgraphs = {
        "sets": """
            type Query { sets: [Set!]! }
            type Set @key(fields: "tags parts { id }") { tags: [ID!]! parts: [Part!]! }
            type Part @key(fields: "id") { id: ID! }
        """,
        "prices": """
            type Set @key(fields: "tags parts { id }") {
              tags: [ID!]! parts: [Part!]! price: Int
            }
            type Part @key(fields: "id") { id: ID! }
        """,
    }
    assert_case(
        subgraphs,
        "{ sets { price } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "sets") {
      {
        sets {
          __typename
          tags
          parts {
            id
          }
        }
      }
    },
    Flatten(path: "sets.@") {
      Fetch(service: "prices") {
        {
          ... on Set {
            __typename
            tags
            parts {
              id
            }
          }
        } =>
        {
          ... on Set {
            price
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_key_that_cannot_be_resolved_is_no_way_in() -> None:
    """`stubs` could say `name` where it returns a product, but not for a product of others."""
    subgraphs = {
        "reviews": """
            type Query { review: Review! }
            type Review { product: Product! }
            type Product @key(fields: "id", resolvable: false) { id: ID! }
        """,
        "stubs": """
            type Query { shown: Product! }
            type Product @key(fields: "id", resolvable: false) { id: ID! name: String @shareable }
        """,
        "whole": 'type Product @key(fields: "id") { id: ID! name: String @shareable }',
    }
    assert_case(
        subgraphs,
        "{ review { product { name } } shown { name } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Sequence {
      Fetch(service: "reviews") {
        {
          review {
            product {
              __typename
              id
            }
          }
        }
      },
      Flatten(path: "review.product") {
        Fetch(service: "whole") {
          {
            ... on Product {
              __typename
              id
            }
          } =>
          {
            ... on Product {
              name
            }
          }
        },
      },
    },
    Fetch(service: "stubs") {
      {
        shown {
          name
        }
      }
    },
  },
}\
"""),
    )
