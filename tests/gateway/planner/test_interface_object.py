"""`@interfaceObject`: subgraphs that know an interface's objects, but not their types."""

from __future__ import annotations

from inline_snapshot import snapshot

from gateway.plan.serde import plan_to_json
from tests.gateway.planner.graphs import SUBGRAPHS
from tests.testkit.cases import assert_case


def test_asks_who_knows_the_type_of_an_interface_object() -> None:
    """For what only one of the types has."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ best { rank ... on Song { tempo } } }",
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
            ... on Song {
              tempo
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_tells_an_interface_object_the_type_it_knows() -> None:
    """From where the types are known, with what the field requires."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ media { title price } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          id
          title
        }
      }
    },
    Flatten(path: "media.@") {
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


def test_an_interface_object_with_a_requirement() -> None:
    """It is gathered for all types, beside what the client asks of one."""
    subgraphs = {
        "media": """
            type Query { all: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String }
        """,
        "prices": """
            type Media @key(fields: "id") @interfaceObject {
              id: ID! title: String @external price: Int @requires(fields: "title")
            }
        """,
    }
    assert_case(
        subgraphs,
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


def test_interface_objects_of_several_subgraphs_together() -> None:
    """Two that do not know the types, and the one between them that does."""
    assert_case(
        SUBGRAPHS["interface object"],
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


def test_an_object_of_known_type_is_sent_under_the_interfaces_name() -> None:
    """To a subgraph that knows the type's objects as those of the interface only."""
    plan = assert_case(
        SUBGRAPHS["interface object"],
        "{ clip { seconds rank } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        clip {
          __typename
          id
          seconds
        }
      }
    },
    Flatten(path: "clip") {
      Fetch(service: "reviews") {
        {
          ... on Clip {
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
    reviews = plan_to_json(plan)["node"]["nodes"][-1]["node"]
    assert reviews["inputRewrites"] == snapshot(
        [{"kind": "ValueSetter", "path": ["... on Clip", "__typename"], "setValueTo": "Media"}]
    )


def test_its_typename_is_asked_of_a_subgraph_that_knows_it() -> None:
    """The name of the interface is no answer."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ best { __typename rank } }",
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
          }
        }
      },
    },
  },
}\
"""),
    )


def test_its_own_fields_need_no_other_subgraph() -> None:
    """What does not depend on the type is answered without knowing it."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ best { rank reviews { stars media { id rank } } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "reviews") {
    {
      best {
        rank
        reviews {
          stars
          media {
            id
            rank
          }
        }
      }
    }
  },
}\
"""),
    )


def test_it_may_be_met_below_an_entity_of_its_subgraph() -> None:
    """Fields of the interface and of one type come from where the types are known."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ reviews { stars media { title ... on Song { tempo } } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        reviews {
          stars
          media {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "reviews.@.media") {
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
            ... on Song {
              tempo
            }
          }
        }
      },
    },
  },
}\
"""),
    )


def test_two_subgraphs_that_know_only_the_interface_need_no_third() -> None:
    """The key is enough to go from one to the other."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! }
        """,
        "ranks": """
            type Query { best: Media! }
            type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }
        """,
        "tags": 'type Media @key(fields: "id") @interfaceObject { id: ID! tags: [String!]! }',
    }
    assert_case(
        subgraphs,
        "{ best { rank tags } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "ranks") {
      {
        best {
          __typename
          id
          rank
        }
      }
    },
    Flatten(path: "best") {
      Fetch(service: "tags") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            tags
          }
        }
      },
    },
  },
}\
"""),
    )


def test_its_field_may_be_required_for_one_type() -> None:
    """`badge` of songs needs the `rank` that all media have."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! }
        """,
        "ranks": 'type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }',
        "badges": """
            type Song @key(fields: "id") {
              id: ID! rank: Int @external badge: String @requires(fields: "rank")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ media { ... on Song { badge } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          ... on Song {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "media.@") {
      Fetch(service: "ranks") {
        {
          ... on Song {
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
    Flatten(path: "media.@") {
      Fetch(service: "badges") {
        {
          ... on Song {
            __typename
            id
            rank
          }
        } =>
        {
          ... on Song {
            badge
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_field_that_two_of_them_share_is_asked_of_one() -> None:
    """The one that is called anyway."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! }
        """,
        "a": """
            type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int @shareable }
        """,
        "b": """
            type Media @key(fields: "id") @interfaceObject {
              id: ID! rank: Int @shareable tags: [String!]!
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ media { rank tags } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          id
        }
      }
    },
    Flatten(path: "media.@") {
      Fetch(service: "b") {
        {
          ... on Media {
            __typename
            id
          }
        } =>
        {
          ... on Media {
            rank
            tags
          }
        }
      },
    },
  },
}\
"""),
    )


def test_it_is_entered_by_another_key_than_the_one_it_is_first_met_with() -> None:
    """The subgraph of the types tells the second key."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") @key(fields: "slug") { id: ID! slug: ID! }
            type Clip implements Media @key(fields: "id") @key(fields: "slug") {
              id: ID! slug: ID!
            }
            type Song implements Media @key(fields: "id") @key(fields: "slug") {
              id: ID! slug: ID!
            }
        """,
        "ranks": """
            type Query { best: Media! }
            type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }
        """,
        "pages": 'type Media @key(fields: "slug") @interfaceObject { slug: ID! page: String }',
    }
    assert_case(
        subgraphs,
        "{ best { rank page } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "ranks") {
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
            slug
          }
        }
      },
    },
    Flatten(path: "best") {
      Fetch(service: "pages") {
        {
          ... on Media {
            __typename
            slug
          }
        } =>
        {
          ... on Media {
            page
          }
        }
      },
    },
  },
}\
"""),
    )


def test_what_is_provided_with_it_is_not_asked_for_elsewhere() -> None:
    """A field of the interface, on the way that provides it."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String @shareable }
            type Song implements Media @key(fields: "id") { id: ID! title: String @shareable }
        """,
        "reviews": """
            type Query { reviews: [Review!]! @shareable }
            type Review { stars: Int media: Media! @provides(fields: "title") other: Media! }
            type Media @key(fields: "id") @interfaceObject { id: ID! title: String @external }
        """,
    }
    assert_case(
        subgraphs,
        "{ reviews { stars media { title } other { title } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        reviews {
          stars
          media {
            title
          }
          other {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "reviews.@.other") {
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


def test_what_one_of_them_requires_another_may_have() -> None:
    """Neither knows the types, and the key is enough to go from one to the other."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! }
        """,
        "ranks": 'type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }',
        "prices": """
            type Query { cheapest: Media! }
            type Media @key(fields: "id") @interfaceObject {
              id: ID! rank: Int @external price: Int @requires(fields: "rank")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ cheapest { price } media { price } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Parallel {
      Fetch(service: "prices") {
        {
          cheapest {
            __typename
            id
          }
        }
      },
      Fetch(service: "media") {
        {
          media {
            __typename
            id
          }
        }
      },
    },
    Flatten(path: "cheapest", "media.@") {
      Fetch(service: "ranks") {
        {
          ... on Media {
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
    Flatten(path: "cheapest", "media.@") {
      Fetch(service: "prices") {
        {
          ... on Media {
            __typename
            id
            rank
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


def test_it_is_asked_for_all_types_at_once_though_one_has_the_field_itself() -> None:
    """Songs have a shared `rank` where they are met, but clips have only the interface's."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media @key(fields: "id") { id: ID! rank: Int @shareable }
        """,
        "ranks": """
            type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int @shareable }
        """,
    }
    assert_case(
        subgraphs,
        "{ media { rank } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          id
        }
      }
    },
    Flatten(path: "media.@") {
      Fetch(service: "ranks") {
        {
          ... on Media {
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


def test_only_the_types_that_are_asked_for_are_sent_to_it() -> None:
    """The field is the interface's, but the client wants it of songs only."""
    assert_case(
        SUBGRAPHS["interface object"],
        "{ media { title ... on Song { rank } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "media") {
      {
        media {
          __typename
          title
          ... on Song {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "media.@") {
      Fetch(service: "reviews") {
        {
          ... on Song {
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


def test_a_type_of_two_interfaces_is_known_to_the_objects_of_both() -> None:
    """Met as an object of one interface, it is sent as one of the other."""
    subgraphs = {
        "things": """
            type Query { things: [Media!]! }
            interface Media @key(fields: "id") { id: ID! }
            interface Owned @key(fields: "id") { id: ID! }
            type Clip implements Media @key(fields: "id") { id: ID! }
            type Song implements Media & Owned @key(fields: "id") { id: ID! }
            type Car implements Owned @key(fields: "id") { id: ID! doors: Int }
        """,
        "owners": """
            type Query { owned: [Owned!]! }
            type Owned @key(fields: "id") @interfaceObject { id: ID! owner: String }
        """,
        "ranks": 'type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }',
    }
    assert_case(
        subgraphs,
        "{ owned { owner ... on Song { rank } ... on Car { doors } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "owners") {
      {
        owned {
          __typename
          id
          owner
        }
      }
    },
    Flatten(path: "owned.@") {
      Fetch(service: "things") {
        {
          ... on Owned {
            __typename
            id
          }
        } =>
        {
          ... on Owned {
            __typename
            ... on Song {
              __typename
              id
            }
            ... on Car {
              doors
            }
          }
        }
      },
    },
    Flatten(path: "owned.@") {
      Fetch(service: "ranks") {
        {
          ... on Song {
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


def test_a_type_may_require_what_the_interface_object_computes_from_the_type() -> None:
    """`badge` of songs needs the `rank` of all media, which needs the `title` of each type."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String }
        """,
        "ranks": """
            type Query { top: [Media!]! }
            type Media @key(fields: "id") @interfaceObject {
              id: ID! title: String @external rank: Int @requires(fields: "title")
            }
        """,
        "badges": """
            type Song @key(fields: "id") {
              id: ID! rank: Int @external badge: String @requires(fields: "rank")
            }
        """,
    }
    assert_case(
        subgraphs,
        "{ top { ... on Song { badge } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "ranks") {
      {
        top {
          __typename
          id
        }
      }
    },
    Flatten(path: "top.@") {
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
            ... on Song {
              __typename
              id
              title
            }
          }
        }
      },
    },
    Flatten(path: "top.@") {
      Fetch(service: "ranks") {
        {
          ... on Song {
            __typename
            id
            title
          }
        } =>
        {
          ... on Media {
            rank
          }
        }
      },
    },
    Flatten(path: "top.@") {
      Fetch(service: "badges") {
        {
          ... on Song {
            __typename
            id
            rank
          }
        } =>
        {
          ... on Song {
            badge
          }
        }
      },
    },
  },
}\
"""),
    )


def test_a_shared_root_field_is_asked_of_both_where_one_does_not_know_the_types() -> None:
    """What depends on the type comes from where it is known, without a key."""
    subgraphs = {
        "media": """
            type Query { media: [Media!]! @shareable }
            interface Media @key(fields: "id") { id: ID! title: String }
            type Clip implements Media @key(fields: "id") { id: ID! title: String }
            type Song implements Media @key(fields: "id") { id: ID! title: String tempo: Int }
        """,
        "ranks": """
            type Query { media: [Media!]! @shareable }
            type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }
        """,
    }
    assert_case(
        subgraphs,
        "{ media { rank ... on Song { tempo } } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "ranks") {
      {
        media {
          rank
        }
      }
    },
    Fetch(service: "media") {
      {
        media {
          __typename
          ... on Song {
            tempo
          }
        }
      }
    },
  },
}\
"""),
    )
