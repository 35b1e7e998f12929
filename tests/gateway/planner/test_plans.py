"""What plans look like; each is also carried out and compared with one schema's answer."""

from __future__ import annotations

from inline_snapshot import snapshot

from tests.gateway.planner.graphs import supergraph
from tests.testkit.composition import compose_sdl
from tests.testkit.plans import assert_answers, assert_plan, fetches, longest_chain, plan_query


def test_reaches_the_other_subgraph_by_key() -> None:
    graph = compose_sdl(
        products="""
            type Query { top: Product }
            type Product @key(fields: "upc") { upc: ID! name: String }
        """,
        reviews='type Product @key(fields: "upc") { upc: ID! stars: Int }',
    )
    assert_plan(
        graph,
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
    assert_plan(
        supergraph("key chain"),
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


def test_requirements_of_requirements_come_first() -> None:
    assert_plan(
        supergraph("requirements"),
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
    assert_plan(
        supergraph("requirements"),
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


def test_asks_a_provided_field_where_it_is_provided() -> None:
    assert_plan(
        supergraph("provided"),
        "{ reviews { ...Named } latest { ...Named } } "
        "fragment Named on Review { product { name maker { name } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        reviews {
          product {
            name
            maker {
              name
            }
          }
        }
        latest {
          product {
            __typename
            id
            name
          }
        }
      }
    },
    Flatten(path: "latest.product") {
      Fetch(service: "products") {
        {
          ... on Product {
            __typename
            id
          }
        } =>
        {
          ... on Product {
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


def test_splits_a_value_type_that_two_subgraphs_know_in_part() -> None:
    assert_plan(
        supergraph("shared values"),
        "{ me { age mail address { street city geo { lat lon } } } }",
        snapshot("""\
QueryPlan {
  Parallel {
    Fetch(service: "a") {
      {
        me {
          age
          address {
            street
            geo {
              lat
            }
          }
        }
      }
    },
    Fetch(service: "b") {
      {
        me {
          mail
          address {
            city
            geo {
              lon
            }
          }
        }
      }
    },
  },
}\
"""),
    )


def test_asks_each_subgraph_only_for_types_it_can_return() -> None:
    assert_plan(
        supergraph("abstract"),
        "{ items { ... on Book { pages } ... on Game { players } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "store") {
    {
      items {
        __typename
        ... on Book {
          pages
        }
      }
    }
  },
}\
"""),
    )


def test_asks_an_interface_field_of_each_type_where_the_interface_lacks_it() -> None:
    assert_plan(
        supergraph("abstract"),
        "{ items { title stars } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "store") {
      {
        items {
          __typename
          title
          ... on Book {
            __typename
            id
          }
          ... on Film {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "ratings") {
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
          ... on Book {
            stars
          }
          ... on Film {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_asks_who_knows_the_type_of_an_interface_object() -> None:
    assert_plan(
        supergraph("interface object"),
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
    assert_plan(
        supergraph("interface object"),
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


def test_never_asks_for_an_overridden_field_where_it_was() -> None:
    assert_plan(
        supergraph("overridden"),
        "{ items { name shout kept } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "old") {
      {
        items {
          __typename
          id
          note
          kept
        }
      }
    },
    Flatten(path: "items.@") {
      Fetch(service: "new") {
        {
          ... on Item {
            __typename
            id
          }
        } =>
        {
          ... on Item {
            name
          }
        }
      },
    },
    Flatten(path: "items.@") {
      Fetch(service: "user") {
        {
          ... on Item {
            __typename
            id
            name
            note
          }
        } =>
        {
          ... on Item {
            shout
          }
        }
      },
    },
  },
}\
"""),
    )


def test_union_members_with_shapes_that_conflict_in_a_subgraph_get_aliases() -> None:
    assert_plan(
        supergraph("shapes"),
        "{ nodes { ... on X { value } ... on Y { value } } }",
        snapshot("""\
QueryPlan {
  Fetch(service: "a") {
    {
      nodes {
        __typename
        ... on X {
          value
        }
        ... on Y {
          _value_1: value
        }
      }
    }
  },
}\
"""),
    )


def test_a_fetch_that_depends_on_a_variable_is_conditional() -> None:
    assert_plan(
        supergraph("provided"),
        "query ($yes: Boolean!, $no: Boolean!) "
        "{ latest { text @skip(if: $no) product { id price @include(if: $yes) } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "reviews") {
      {
        latest {
          text @skip(if: $no)
          product {
            __typename
            id
          }
        }
      }
    },
    Include(if: $yes) {
      Flatten(path: "latest.product") {
        Fetch(service: "products") {
          {
            ... on Product {
              __typename
              id
            }
          } =>
          {
            ... on Product {
              price
            }
          }
        },
      },
    },
  },
}\
"""),
        {"yes": True, "no": False},
    )


def test_makes_one_call_for_the_same_entities_at_several_places() -> None:
    assert_plan(
        supergraph("abstract"),
        "{ first { ... on Book { stars } } items { ... on Book { stars } } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "store") {
      {
        first {
          __typename
          ... on Book {
            __typename
            id
          }
        }
        items {
          __typename
          ... on Book {
            __typename
            id
          }
        }
      }
    },
    Flatten(path: "first", "items.@") {
      Fetch(service: "ratings") {
        {
          ... on Book {
            __typename
            id
          }
        } =>
        {
          ... on Book {
            stars
          }
        }
      },
    },
  },
}\
"""),
    )


def test_mutations_run_in_order_each_with_what_it_needs() -> None:
    assert_plan(
        supergraph("mutations"),
        "mutation { x: addA(n: 1) { a b } y: addA(n: 2) { a } z: addB(n: 3) { b } "
        "w: addBoth(n: 4) { b } }",
        snapshot("""\
QueryPlan {
  Sequence {
    Fetch(service: "a") {
      {
        x: addA(n: 1) {
          __typename
          id
          a
        }
      }
    },
    Flatten(path: "x") {
      Fetch(service: "b") {
        {
          ... on Thing {
            __typename
            id
          }
        } =>
        {
          ... on Thing {
            b
          }
        }
      },
    },
    Fetch(service: "a") {
      {
        y: addA(n: 2) {
          a
        }
      }
    },
    Fetch(service: "b") {
      {
        z: addB(n: 3) {
          b
        }
        w: addBoth(n: 4) {
          b
        }
      }
    },
  },
}\
"""),
    )


def test_neighbouring_mutations_of_one_subgraph_share_a_call() -> None:
    plan = plan_query(
        supergraph("mutations"), "mutation { x: addA(n: 1) { a } y: addA(n: 2) { a } }"
    )
    assert len(list(fetches(plan.node))) == 1


def test_a_shared_mutation_is_asked_of_one_subgraph_only() -> None:
    plan = plan_query(supergraph("mutations"), "mutation { addBoth(n: 1) { a b } }")
    assert [fetch.kind.value for fetch in fetches(plan.node)].count("mutation") == 1


def test_declares_exactly_the_variables_a_fetch_uses() -> None:
    query = """query ($a: String = "EUR", $b: String!) {
      products { x: price(currency: $a) y: price(currency: $b) plain }
    }"""
    plan = plan_query(supergraph("requirements"), query)
    usages = [fetch.variable_usages for fetch in fetches(plan.node)]
    assert usages == [("a", "b"), ()]
    first = next(fetches(plan.node))
    assert first.operation.startswith('query($a:String="EUR",$b:String!){')
    assert_answers(supergraph("requirements"), query, {"b": "USD"})


def test_a_label_decides_who_answers_an_overridden_field() -> None:
    query = "{ items { note } }"
    without = plan_query(supergraph("overridden"), query)
    labelled = plan_query(
        supergraph("overridden"), query, override_labels=frozenset({"percent(50)"})
    )
    assert [fetch.subgraph for fetch in fetches(without.node)] == ["old"]
    assert [fetch.subgraph for fetch in fetches(labelled.node)] == ["old", "new"]


def test_typename_at_the_root_needs_no_fetch() -> None:
    plan = plan_query(supergraph("provided"), "{ __typename }")
    assert str(plan) == "QueryPlan {\n}"


def test_independent_calls_wait_for_nothing_else() -> None:
    plan = plan_query(supergraph("provided"), "{ latest { product { price } } product { price } }")
    assert longest_chain(plan.node) == 2
