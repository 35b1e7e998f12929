"""A case for each feature of federation: how the plan reads, and that its answer is right."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import supergraph
from tests.gateway.planner.quality import graph_sdl
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_plan


def test_a_key_that_needs_another_subgraph_first() -> None:
    graph = compose_sdl(
        orders="""
            type Query { order: Order }
            type Order @key(fields: "id") { id: ID! }
        """,
        shops="""
            type Order @key(fields: "id") { id: ID! shop: Shop @shareable }
            type Shop @key(fields: "code") { code: ID! }
        """,
        parcels="""
            type Order @key(fields: "id shop { code }") {
              id: ID! shop: Shop @shareable parcel: String
            }
            type Shop @key(fields: "code") { code: ID! }
        """,
    )
    assert_plan(
        graph,
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


def test_requirements_over_an_interface() -> None:
    graph = compose_sdl(
        zoo="""
            type Query { pens: [Pen!]! }
            type Pen @key(fields: "id") { id: ID! animal: Animal }
            interface Animal { name: String }
            type Cat implements Animal { name: String lives: Int }
            type Dog implements Animal { name: String tricks: Int }
        """,
        care="""
            type Pen @key(fields: "id") {
              id: ID! animal: Animal @external
              advice: String
                @requires(fields: "animal { name ... on Cat { lives } ... on Dog { tricks } }")
            }
            interface Animal { name: String }
            type Cat implements Animal { name: String @external lives: Int @external }
            type Dog implements Animal { name: String @external tricks: Int @external }
        """,
    )
    assert_plan(
        graph,
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
    graph = compose_sdl(
        a="""
            type Query { thing: Thing }
            type Thing @key(fields: "id") {
              id: ID! one: Int three: Int @requires(fields: "two") two: Int @external
            }
        """,
        b="""
            type Thing @key(fields: "id") {
              id: ID! one: Int @external two: Int @requires(fields: "one") three: Int @external
              four: Int @requires(fields: "three")
            }
        """,
    )
    assert_plan(
        graph,
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


def test_what_is_provided_on_a_union_member() -> None:
    graph = compose_sdl(
        media="""
            type Query { feed: [Entry] @provides(fields: "... on Song { title }") }
            union Entry = Song | Clip
            type Song @key(fields: "id") { id: ID! title: String @external }
            type Clip @key(fields: "id") { id: ID! }
        """,
        titles="""
            type Song @key(fields: "id") { id: ID! title: String @shareable }
            type Clip @key(fields: "id") { id: ID! title: String @shareable }
        """,
    )
    assert_plan(
        graph,
        "{ feed { ... on Song { title } ... on Clip { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        feed {
          __typename
          ... on Song {
            title
          }
          ... on Clip {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "feed.@") {
      Fetch(service: "titles") {
        {
          ... on Clip {
            __typename
            id
          }
        } =>
        {
          ... on Clip {
            title
          }
        }
      },
    },
  },
}\
"""),
    )


def test_root_fields_that_several_subgraphs_share() -> None:
    graph = compose_sdl(
        a="""
            type Query { config: Config @shareable }
            type Config { name: String @shareable size: Int }
        """,
        b="""
            type Query { config: Config @shareable }
            type Config { name: String @shareable color: String }
        """,
    )
    assert_plan(
        graph,
        "{ config { name size color } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "a") {
      {
        config {
          name
          size
        }
      }
    },
    Fetch(service: "b") {
      {
        config {
          color
        }
      }
    },
  },
}\
"""),
    )


def test_an_interface_object_with_a_requirement() -> None:
    graph = compose_sdl(
        media="""
            type Query { all: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String }
        """,
        prices="""
            type Media @key(fields: "id") @interfaceObject {
              id: ID! title: String @external price: Int @requires(fields: "title")
            }
        """,
    )
    assert_plan(
        graph,
        "{ all { price ... on Song { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        all {
          __typename
          id
          title
          ... on Song {
            title
          }
        }
      }
    },
    Flatten(path: "all.@") {
      Fetch(service: "prices") {
        {
          ... on Media {
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
  },
}\
"""),
    )


def test_union_members_that_only_one_subgraph_knows() -> None:
    graph = compose_sdl(
        a="""
            type Query { found: [Result] @shareable }
            union Result = Book | Film
            type Book @key(fields: "id") { id: ID! pages: Int }
            type Film @key(fields: "id") { id: ID! minutes: Int }
        """,
        b="""
            type Query { found: [Result] @shareable more: [Result] }
            union Result = Book | Song
            type Book @key(fields: "id") { id: ID! }
            type Song { beat: Int }
        """,
    )
    assert_plan(
        graph,
        "{ more { __typename ... on Book { pages } ... on Song { beat } ... on Film { id } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "b") {
      {
        more {
          __typename
          ... on Book {
            __typename
            id
          }
          ... on Song {
            beat
          }
        }
      }
    },
    Flatten(path: "more.@") {
      Fetch(service: "a") {
        {
          ... on Book {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            pages
          }
        }
      },
    },
  },
}\
"""),
    )


def test_arguments_and_enums_that_subgraphs_share_in_part() -> None:
    graph = compose_sdl(
        a="""
            type Query { find(by: Filter, kind: Kind): [Item!] }
            input Filter { name: String size: Int }
            enum Kind { OLD NEW }
            type Item @key(fields: "id") { id: ID! kind: Kind @shareable }
        """,
        b="""
            type Item @key(fields: "id") { id: ID! kind: Kind @shareable like(by: Filter): [Item!] }
            input Filter { name: String weight: Int }
            enum Kind { OLD NEW }
        """,
    )
    assert_plan(
        graph,
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
    graph = compose_sdl(
        a="""
            type Query { user: User }
            type User @key(fields: "id") { id: ID! name: String! @shareable }
        """,
        b="""
            type User @key(fields: "id") { id: ID! name: String @shareable friends: [User!] }
        """,
    )
    assert_plan(
        graph,
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


def test_subgraphs_in_the_form_of_federation_1() -> None:
    assert_plan(
        graph_sdl("federation 1"),
        "{ people { slug posts { likes fans { name } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "people") {
      {
        people {
          __typename
          id
          name
        }
      }
    },
    Flatten(path: "people.@") {
      Fetch(service: "posts") {
        {
          ... on Person {
            __typename
            id
            name
          }
        } =>
        {
          ... on Person {
            slug
            posts {
              __typename
              id
            }
          }
        }
      },
    },
    Flatten(path: "people.@.posts.@") {
      Fetch(service: "likes") {
        {
          ... on Post {
            __typename
            id
          }
        } =>
        {
          ... on Post {
            likes
            fans {
              __typename
              id
            }
          }
        }
      },
    },
    Flatten(path: "people.@.posts.@.fans.@") {
      Fetch(service: "people") {
        {
          ... on Person {
            __typename
            id
          }
        } =>
        {
          ... on Person {
            name
          }
        }
      },
    },
  },
}\
"""),
    )


def test_interface_objects_of_several_subgraphs_together() -> None:
    assert_plan(
        supergraph("interface object"),
        "{ best { __typename rank price ... on Clip { seconds owner { name } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        best {
          __typename
          id
          rank
        }
      }
    },
    Flatten(path: "best") {
      Fetch(service: "media") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            __typename
            title
            ... on Clip {
              seconds
              owner {
                name
              }
            }
          }
        }
      },
    },
    Flatten(path: "best") {
      Fetch(service: "billing") {
        {
          ... on Media {
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
  },
}\
"""),
    )
