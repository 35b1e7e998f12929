"""`@requires`: what a field needs is fetched first, and sent along."""

from __future__ import annotations

from inline_snapshot import snapshot

from gateway.plan.serde import plan_to_json
from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_requirements_of_requirements_come_first() -> None:
    """`risk` needs `estimate`, which needs `price`; and `cost` of parts, which needs `kind`."""
    assert_case(
        SUBGRAPHS["requirements"],
        "{ products { risk } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "catalog") {
      {
        products {
          __typename
          id
          price(currency: "EUR")
          weight
          parts {
            __typename
            kind
            id
          }
        }
      }
    },
    Parallel {
      Flatten(path: "products.@") {
        Fetch(service: "shipping") {
          {
            ... on Product {
              __typename
              id
              price
              weight
            }
          } =>
          {
            ... on Product {
              estimate
              rush
            }
          }
        },
      },
      Flatten(path: "products.@.parts.@") {
        Fetch(service: "costs") {
          {
            ... on Part {
              __typename
              id
              kind
            }
          } =>
          {
            ... on Part {
              cost
            }
          }
        },
      },
    },
    Flatten(path: "products.@") {
      Fetch(service: "audit") {
        {
          ... on Product {
            __typename
            id
            estimate
            rush
            parts {
              kind
              cost
            }
          }
        } =>
        {
          ... on Product {
            risk
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_required_field_keeps_out_of_the_way_of_the_clients_own() -> None:
    """The client has another field by its name, and the same field with other arguments."""
    plan = assert_case(
        SUBGRAPHS["requirements"],
        '{ products { weight: id price(currency: "USD") estimate } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "catalog") {
      {
        products {
          __typename
          id
          _price_0: price(currency: "EUR")
          _weight_0: weight
          weight: id
          price(currency: "USD")
        }
      }
    },
    Flatten(path: "products.@") {
      Fetch(service: "shipping") {
        {
          ... on Product {
            __typename
            id
            _price_0
            _weight_0
          }
        } =>
        {
          ... on Product {
            estimate
          }
        }
      },
    },
  },
}\
"""),
    )
    shipping = plan_to_json(plan)["node"]["nodes"][-1]["node"]
    assert shipping["inputRewrites"] == snapshot(
        [
            {"kind": "KeyRenamer", "path": ["... on Product", "_price_0"], "renameKeyTo": "price"},
            {
                "kind": "KeyRenamer",
                "path": ["... on Product", "_weight_0"],
                "renameKeyTo": "weight",
            },
        ]
    )


def test_requirements_over_an_interface() -> None:
    """Its own fields for all types, those in fragments for the types they name."""
    subgraphs = {
        "zoo": """
            type Query { pens: [Pen!]! }
            type Pen @key(fields: "id") { id: ID! animal: Animal }
            interface Animal { name: String }
            type Cat implements Animal { name: String lives: Int }
            type Dog implements Animal { name: String tricks: Int }
        """,
        "care": """
            type Pen @key(fields: "id") {
              id: ID! animal: Animal @external
              advice: String
                @requires(fields: "animal { name ... on Cat { lives } ... on Dog { tricks } }")
            }
            interface Animal { name: String }
            type Cat implements Animal { name: String @external lives: Int @external }
            type Dog implements Animal { name: String @external tricks: Int @external }
        """,
    }
    assert_case(
        subgraphs,
        "{ pens { advice } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "zoo") {
      {
        pens {
          __typename
          id
          animal {
            __typename
            name
            ... on Cat {
              lives
            }
            ... on Dog {
              tricks
            }
          }
        }
      }
    },
    Flatten(path: "pens.@") {
      Fetch(service: "care") {
        {
          ... on Pen {
            __typename
            id
            animal {
              __typename
              name
              ... on Cat {
                lives
              }
              ... on Dog {
                tricks
              }
            }
          }
        } =>
        {
          ... on Pen {
            advice
          }
        }
      },
    },
  },
}\
"""),
    )


def test_requirements_that_pass_through_each_others_subgraphs() -> None:
    """From `one` in `a` to `two` in `b` to `three` in `a` to `four` in `b`."""
    subgraphs = {
        "a": """
            type Query { thing: Thing }
            type Thing @key(fields: "id") {
              id: ID! one: Int three: Int @requires(fields: "two") two: Int @external
            }
        """,
        "b": """
            type Thing @key(fields: "id") {
              id: ID! one: Int @external two: Int @requires(fields: "one") three: Int @external
              four: Int @requires(fields: "three")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ thing { four } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        thing {
          __typename
          id
          one
        }
      }
    },
    Flatten(path: "thing") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
            one
          }
        } =>
        {
          ... on Thing {
            two
          }
        }
      },
    },
    Flatten(path: "thing") {
      Fetch(service: "a") {
        {
          ... on Thing {
            __typename
            id
            two
          }
        } =>
        {
          ... on Thing {
            three
          }
        }
      },
    },
    Flatten(path: "thing") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
            three
          }
        } =>
        {
          ... on Thing {
            four
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_nested_requirement_is_sent_with_its_shape() -> None:
    """Under its own names, though the client gives other fields these names."""
    assert_case(
        SUBGRAPHS["requirements"],
        "{ products { fits box { width: height } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "catalog") {
      {
        products {
          __typename
          id
          box {
            _width_0: width
            height
            width: height
          }
        }
      }
    },
    Flatten(path: "products.@") {
      Fetch(service: "shipping") {
        {
          ... on Product {
            __typename
            id
            box {
              _width_0
              height
            }
          }
        } =>
        {
          ... on Product {
            fits
          }
        }
      },
    },
  },
}\
"""),
    )


def test_requirements_with_arguments_are_asked_for_once_for_each_value() -> None:
    """Two fields require one field with different arguments, and the client has a third."""
    subgraphs = {
        "wares": """
            type Query { wares: [Ware!]! }
            type Ware @key(fields: "id") { id: ID! price(in: String!, net: Boolean): Int }
        """,
        "taxes": """
            type Ware @key(fields: "id") {
              id: ID!
              price(in: String!, net: Boolean): Int @external
              tax: Int @requires(fields: "price(in: \\"EUR\\", net: true)")
              duty: Int @requires(fields: "price(in: \\"USD\\")")
            }
        """,
    }
    assert_case(
        subgraphs,
        "query ($in: String!) { wares { tax duty price(in: $in) } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "wares") {
      {
        wares {
          __typename
          id
          _price_0: price(in: "EUR", net: true)
          _price_1: price(in: "USD")
          price(in: $in)
        }
      }
    },
    Parallel {
      Flatten(path: "wares.@") {
        Fetch(service: "taxes") {
          {
            ... on Ware {
              __typename
              id
              _price_0
            }
          } =>
          {
            ... on Ware {
              tax
            }
          }
        },
      },
      Flatten(path: "wares.@") {
        Fetch(service: "taxes") {
          {
            ... on Ware {
              __typename
              id
              _price_1
            }
          } =>
          {
            ... on Ware {
              duty
            }
          }
        },
      },
    },
  },
}\
"""),
        {"in": "CHF"},
        {"in": "EUR"},
    )


def test_a_requirement_over_an_interface_is_gathered_for_each_of_its_types() -> None:
    """What one type needs is in another subgraph; the other type does not wait for it to exist."""
    subgraphs = {
        "zoo": """
            type Query { pens: [Pen!]! }
            type Pen @key(fields: "id") { id: ID! animal: Animal! }
            interface Animal { id: ID! }
            type Cat implements Animal @key(fields: "id") { id: ID! lives: Int }
            type Dog implements Animal @key(fields: "id") { id: ID! }
        """,
        "school": 'type Dog @key(fields: "id") { id: ID! tricks: Int }',
        "care": """
            type Pen @key(fields: "id") {
              id: ID! animal: Animal! @external
              advice: String
                @requires(fields: "animal { ... on Cat { lives } ... on Dog { tricks } }")
            }
            interface Animal { id: ID! }
            type Cat implements Animal @key(fields: "id") { id: ID! lives: Int @external }
            type Dog implements Animal @key(fields: "id") { id: ID! tricks: Int @external }
        """,
    }
    assert_case(
        subgraphs,
        "{ pens { advice } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "zoo") {
      {
        pens {
          __typename
          id
          animal {
            __typename
            ... on Cat {
              lives
            }
            ... on Dog {
              __typename
              id
            }
          }
        }
      }
    },
    Flatten(path: "pens.@.animal") {
      Fetch(service: "school") {
        {
          ... on Dog {
            __typename
            id
          }
        } =>
        {
          ... on Dog {
            tricks
          }
        }
      },
    },
    Flatten(path: "pens.@") {
      Fetch(service: "care") {
        {
          ... on Pen {
            __typename
            id
            animal {
              __typename
              ... on Cat {
                lives
              }
              ... on Dog {
                tricks
              }
            }
          }
        } =>
        {
          ... on Pen {
            advice
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_requirement_over_a_union_is_sent_with_the_types_of_its_members() -> None:
    """Members of which nothing is required are sent by their name alone."""
    subgraphs = {
        "shop": """
            type Query { shelves: [Shelf!]! }
            type Shelf @key(fields: "id") { id: ID! on: [Thing!]! }
            union Thing = Book | Lamp
            type Book { pages: Int }
            type Lamp { watts: Int @shareable }
        """,
        "loads": """
            type Shelf @key(fields: "id") {
              id: ID! on: [Thing!]! @external
              load: Int @requires(fields: "on { ... on Book { pages } }")
            }
            union Thing = Book | Lamp
            type Book { pages: Int @external }
            type Lamp { watts: Int @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ shelves { load } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "shop") {
      {
        shelves {
          __typename
          id
          on {
            __typename
            ... on Book {
              pages
            }
          }
        }
      }
    },
    Flatten(path: "shelves.@") {
      Fetch(service: "loads") {
        {
          ... on Shelf {
            __typename
            id
            on {
              __typename
              ... on Book {
                pages
              }
            }
          }
        } =>
        {
          ... on Shelf {
            load
          }
        }
      },
    },
  },
}\
"""),
    )
