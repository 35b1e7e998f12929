"""Objects whose type an interface's `__typename` hides: an `@interfaceObject` among its members.

A subgraph that has `Media` as an interface object may make it implement `Node`, and return it
where `Node` stands. Then `__typename` is `Media`, and their types have to be asked for elsewhere.
"""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.testkit.cases import assert_case
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import plan_query

SUBGRAPHS = {
    "likes": """
        type Query { nodes: [Node] first: Node! found(id: ID!): Hit }
        interface Node { id: ID! }
        type Media implements Node @key(fields: "id") @interfaceObject {
          id: ID! likes: Int related: [Node!]
        }
        type Comment implements Node { id: ID! text: String about: Media }
        type Hit { node: Node }
    """,
    "media": """
        interface Node { id: ID! }
        interface Media implements Node @key(fields: "id") { id: ID! title: String }
        type Book implements Media & Node @key(fields: "id") {
          id: ID! title: String pages: Int sequel: Book
        }
        type Film implements Media & Node @key(fields: "id") {
          id: ID! title: String minutes: Int
        }
        type Query { media: [Media] }
    """,
    "prices": """
        type Media @key(fields: "id") @interfaceObject {
          id: ID! title: String @external price: Int @requires(fields: "title") stock: Int
        }
    """,
}


SEVERAL = {
    "feed": """
        type Query { feed: [Item!]! }
        interface Item { id: ID! }
        type Media implements Item @key(fields: "id") @interfaceObject { id: ID! rank: Int }
        type Person implements Item @key(fields: "id") @interfaceObject { id: ID! rank: Int }
    """,
    "media": """
        interface Item { id: ID! }
        interface Media implements Item @key(fields: "id") { id: ID! title: String }
        type Book implements Media & Item @key(fields: "id") { id: ID! title: String }
        type Film implements Media & Item @key(fields: "id") { id: ID! title: String }
        type Query { item: Item }
    """,
    "people": """
        interface Item { id: ID! }
        interface Person implements Item @key(fields: "id") { id: ID! name: String }
        type Writer implements Person & Item @key(fields: "id") { id: ID! name: String }
        type Actor implements Person & Item @key(fields: "id") { id: ID! name: String }
    """,
}


def test_what_needs_no_type_asks_nobody_for_it() -> None:
    assert_case(
        SUBGRAPHS,
        "{ nodes { id } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "likes") {
    {
      nodes {
        __typename
        id
      }
    }
  },
}\
"""),
    )


def test_who_knows_the_types_is_asked_for_the_hidden_ones() -> None:
    assert_case(
        SUBGRAPHS,
        "{ nodes { __typename id } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        nodes {
          __typename
          id
          ... on Media {
            __typename
            id
          }
          ... on Comment {
            __typename
          }
        }
      }
    },
    Flatten(path: "nodes.@") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            ... on Book {
              __typename
            }
            ... on Film {
              __typename
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_field_of_one_of_the_hidden_types() -> None:
    assert_case(
        SUBGRAPHS,
        "{ found(id: 1) { node { ... on Book { is: __typename sequel { pages } } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        found(id: 1) {
          node {
            __typename
            ... on Media {
              __typename
              id
            }
            ... on Comment {
              __typename
            }
          }
        }
      }
    },
    Flatten(path: "found.node") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            ... on Book {
              __typename
              is: __typename
              sequel {
                pages
              }
            }
            ... on Film {
              __typename
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_fields_that_the_interface_object_has_itself() -> None:
    assert_case(
        SUBGRAPHS,
        "{ first { ... on Media { likes title } id } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        first {
          __typename
          id
          ... on Media {
            __typename
            id
            likes
          }
          ... on Comment {
            __typename
          }
        }
      }
    },
    Flatten(path: "first") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            ... on Book {
              __typename
              title
            }
            ... on Film {
              __typename
              title
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_field_of_a_type_that_is_not_hidden() -> None:
    assert_case(
        SUBGRAPHS,
        "{ nodes { ... on Comment { text about { title } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        nodes {
          __typename
          ... on Comment {
            __typename
            text
            about {
              __typename
              id
            }
          }
          ... on Media {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "nodes.@") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            ... on Book {
              __typename
            }
            ... on Film {
              __typename
            }
          }
        }
      },
    },
    Flatten(path: "nodes.@|[Comment].about") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            title
          }
        }
      },
    },
  },
}\
"""),
    )


def test_another_interface_object_with_a_requirement_and_hidden_types_below() -> None:
    assert_case(
        SUBGRAPHS,
        "{ nodes { ... on Media { price related { ... on Film { minutes } } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        nodes {
          __typename
          ... on Media {
            __typename
            id
            related {
              __typename
              ... on Media {
                __typename
                id
              }
              ... on Comment {
                __typename
              }
            }
          }
          ... on Comment {
            __typename
          }
        }
      }
    },
    Flatten(path: "nodes.@") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            ... on Book {
              __typename
              id
              title
            }
            ... on Film {
              __typename
              id
              title
            }
          }
        }
      },
    },
    Parallel {
      Flatten(path: "nodes.@") {
        Fetch(service: "prices") {
          {
            ... on Book {
              __typename
              id
              title
            }
            ... on Film {
              __typename
              id
              title
            }
          } =>
          {
            ... on Media {
              price
            }
          }
        },
      },
      Flatten(path: "nodes.@|[Book|Film].related.@") {
        Fetch(service: "media") {
          {
            ... on Media {
              __typename
              id
            }
          } =>
          {
            ... on Media {
              ... on Film {
                __typename
                minutes
              }
              ... on Book {
                __typename
              }
            }
          }
        },
      },
    },
  },
}\
"""),
    )


def test_a_condition_on_a_hidden_type() -> None:
    assert_case(
        SUBGRAPHS,
        "query ($more: Boolean!) { nodes { ... on Book @include(if: $more) { stock } id } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "likes") {
      {
        nodes {
          __typename
          id
          ... on Media {
            __typename
            id
          }
          ... on Comment {
            __typename
          }
        }
      }
    },
    Parallel {
      Include(if: $more) {
        Flatten(path: "nodes.@") {
          Fetch(service: "prices") {
            {
              ... on Media {
                __typename
                id
              }
            } =>
            {
              ... on Media {
                stock
              }
            }
          },
        },
      },
      Flatten(path: "nodes.@") {
        Fetch(service: "media") {
          {
            ... on Media {
              __typename
              id
            }
          } =>
          {
            ... on Media {
              ... on Book {
                __typename
              }
              ... on Film {
                __typename
              }
            }
          }
        },
      },
    },
  },
}\
"""),
        {"more": True},
        {"more": False},
    )


def test_several_interface_objects_behind_one_interface() -> None:
    assert_case(
        SEVERAL,
        "{ feed { id ... on Media { rank } ... on Writer { name } ... on Film { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "feed") {
      {
        feed {
          __typename
          id
          ... on Media {
            __typename
            id
            rank
          }
          ... on Person {
            __typename
            id
          }
        }
      }
    },
    Parallel {
      Flatten(path: "feed.@") {
        Fetch(service: "people") {
          {
            ... on Person {
              __typename
              id
            }
          } =>
          {
            ... on Person {
              ... on Writer {
                __typename
                name
              }
              ... on Actor {
                __typename
              }
            }
          }
        },
      },
      Flatten(path: "feed.@") {
        Fetch(service: "media") {
          {
            ... on Media {
              __typename
              id
            }
          } =>
          {
            ... on Media {
              ... on Film {
                __typename
                title
              }
              ... on Book {
                __typename
              }
            }
          }
        },
      },
    },
  },
}\
"""),
    )


def test_beside_a_subgraph_that_tells_the_types() -> None:
    assert_case(
        SEVERAL,
        "{ item { ... on Media { rank } ... on Film { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        item {
          __typename
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
            title
          }
        }
      }
    },
    Flatten(path: "item") {
      Fetch(service: "feed") {
        {
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            rank
          }
        }
      },
    },
  },
}\
"""),
    )


def test_hidden_types_that_nobody_can_be_asked_for_are_named() -> None:
    """Such a graph is composed, as the reference does; the query's plan says what is missing."""
    unreachable = {
        "likes": """
            type Query { nodes: [Node] }
            interface Node { id: ID! }
            type Media implements Node @key(fields: "id") @interfaceObject { id: ID! likes: Int }
            type Comment implements Node { id: ID! text: String }
        """,
        "media": SUBGRAPHS["media"].replace(
            'interface Media implements Node @key(fields: "id")',
            'interface Media implements Node @key(fields: "id", resolvable: false)',
        ),
    }
    sdl = compose_sdl(**unreachable)
    plan = plan_query(sdl, "{ nodes { ... on Book { pages } ... on Comment { text } } }")
    assert ("nodes", "pages") in {field.path for field in plan.unresolvable}
    assert "text" in str(plan)
