"""One type, declared differently by several subgraphs."""

from __future__ import annotations

from inline_snapshot import snapshot

from gateway.operation.prepare import prepare_operation
from supergraph.load import load_supergraph
from tests.testkit.cases import assert_case
from tests.testkit.composition import compose_sdl


def test_arguments_and_enums_that_subgraphs_share_in_part() -> None:
    """Input fields that only one subgraph knows are in no argument."""
    subgraphs = {
        "a": """
            type Query { find(by: Filter, kind: Kind): [Item!] }
            input Filter { name: String size: Int }
            enum Kind { OLD NEW }
            type Item @key(fields: "id") { id: ID! kind: Kind @shareable }
        """,
        "b": """
            type Item @key(fields: "id") { id: ID! kind: Kind @shareable like(by: Filter): [Item!] }
            input Filter { name: String weight: Int }
            enum Kind { OLD NEW }
        """,
    }
    assert_case(
        subgraphs,
        '{ find(by: { name: "x" }, kind: NEW) { kind like(by: { name: "y" }) { kind } } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        find(by: { name: "x" }, kind: NEW) {
          __typename
          id
          kind
        }
      }
    },
    Flatten(path: "find.@") {
      Fetch(service: "b") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            like(by: { name: "y" }) {
              kind
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_fields_that_are_nullable_in_one_subgraph_only() -> None:
    """Either may be asked."""
    subgraphs = {
        "a": """
            type Query { user: User }
            type User @key(fields: "id") { id: ID! name: String! @shareable }
        """,
        "b": """
            type User @key(fields: "id") { id: ID! name: String @shareable friends: [User!] }
        """,
    }
    assert_case(
        subgraphs,
        "{ user { name friends { name } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        user {
          __typename
          id
          name
        }
      }
    },
    Flatten(path: "user") {
      Fetch(service: "b") {
        {
          ... on User {
            __typename
            id
          }
        } =>
        {
          ... on User {
            friends {
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


def test_an_enum_has_all_values_in_answers_and_the_common_ones_in_arguments() -> None:
    """`State` is only answered, `Order` only given; `RANDOM`, which one subgraph lacks, is gone."""
    subgraphs = {
        "a": """
            type Query { items(by: Order): [Item!]! }
            enum Order { NAME SIZE }
            type Item @key(fields: "id") { id: ID! state: State }
            enum State { OPEN }
        """,
        "b": """
            type Item @key(fields: "id") { id: ID! parts(by: Order = NAME): [Part!]! }
            type Part { state: State! }
            enum Order { NAME SIZE RANDOM }
            enum State { OPEN CLOSED }
        """,
    }
    query = "query ($by: Order) { items(by: SIZE) { state parts(by: $by) { state } } }"
    assert_case(
        subgraphs,
        query,
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        items(by: SIZE) {
          __typename
          id
          state
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "b") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            parts(by: $by) {
              state
            }
          }
        }
      },
    },
  },
}\
"""),
        {"by": "NAME"},
        {},
    )
    refused = prepare_operation(
        load_supergraph(compose_sdl(**subgraphs)).api_schema, "{ items(by: RANDOM) { state } }"
    )
    assert isinstance(refused, list)


def test_an_argument_that_one_subgraph_demands_is_demanded_by_all() -> None:
    """A shared field is asked of either with it."""
    subgraphs = {
        "a": """
            type Query { items: [Item!]! }
            type Item @key(fields: "id") { id: ID! size(in: String!): Int @shareable }
        """,
        "b": """
            type Item @key(fields: "id") {
              id: ID! size(in: String = "cm"): Int @shareable box: Box
            }
            type Box { item: Item! }
        """,
    }
    assert_case(
        subgraphs,
        'query ($in: String!) { items { size(in: $in) box { item { size(in: "mm") } } } }',
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        items {
          __typename
          id
          size(in: $in)
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "b") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            box {
              item {
                size(in: "mm")
              }
            }
          }
        }
      },
    },
  },
}\
"""),
        {"in": "inch"},
    )


def test_a_shared_field_may_have_an_interface_in_one_subgraph_and_a_type_of_it_in_another() -> None:
    """Its objects are of the types that both can return."""
    subgraphs = {
        "a": """
            type Query { top: Item @shareable }
            interface Item { id: ID! }
            type Book implements Item @key(fields: "id") { id: ID! pages: Int }
            type Film implements Item @key(fields: "id") { id: ID! minutes: Int }
        """,
        "b": """
            type Query { top: Book @shareable }
            type Book @key(fields: "id") { id: ID! title: String }
        """,
    }
    assert_case(
        subgraphs,
        "{ top { id ... on Book { title } ... on Film { minutes } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "b") {
    {
      top {
        __typename
        id
        title
      }
    }
  },
}\
"""),
    )


def test_a_type_may_be_an_entity_in_one_subgraph_and_a_value_in_another() -> None:
    """Where it has no key it is not entered, but its key can be read there."""
    subgraphs = {
        "orders": """
            type Query { order: Order! }
            type Order { size: Size! }
            type Size { code: ID! @shareable label: String @shareable }
        """,
        "sizes": """
            type Query { sizes: [Size!]! }
            type Size @key(fields: "code") {
              code: ID! label: String @shareable width: Int
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ order { size { label width } } sizes { width } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Sequence {
      Fetch(service: "orders") {
        {
          order {
            size {
              __typename
              code
              label
            }
          }
        }
      },
      Flatten(path: "order.size") {
        Fetch(service: "sizes") {
          {
            ... on Size {
              __typename
              code
            }
          } =>
          {
            ... on Size {
              width
            }
          }
        },
      },
    },
    Fetch(service: "sizes") {
      {
        sizes {
          width
        }
      }
    },
  },
}\
"""),
    )


def test_a_list_may_hold_null_in_one_subgraph_only() -> None:
    """Clients see the weaker promise; each subgraph is asked as its own schema allows."""
    subgraphs = {
        "a": """
            type Query { box: Box! }
            type Box @key(fields: "id") { id: ID! sizes: [Int!]! @shareable }
        """,
        "b": """
            type Box @key(fields: "id") { id: ID! sizes: [Int] @shareable next: Box! }
        """,
    }
    assert_case(
        subgraphs,
        "{ box { sizes next { sizes next { id } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        box {
          __typename
          id
          sizes
        }
      }
    },
    Flatten(path: "box") {
      Fetch(service: "b") {
        {
          ... on Box {
            __typename
            id
          }
        } =>
        {
          ... on Box {
            next {
              sizes
              next {
                id
              }
            }
          }
        }
      },
    },
  },
}\
"""),
    )
