"""What random graphs brought to light, each in its smallest form: the rule that was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.testkit.composition import FEDERATION_LINK
from tests.testkit.random_graphs.case import Case, ComposedGraph, find_problem


def holds(
    subgraphs: Mapping[str, str],
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    seeds: int = 12,
    failing: bool = False,
) -> None:
    """Assert that the query is answered like one schema would, for several sets of data.

    With `failing`, fields and calls fail here and there: what is answered has to be right then,
    and nothing may be computed from what failed.
    """
    linked = {name: FEDERATION_LINK + sdl for name, sdl in subgraphs.items()}
    graph = ComposedGraph(linked)
    for seed in range(seeds):
        case = Case(linked, query, variables or {}, seed, failing=failing)
        problem = find_problem(case, graph)
        assert problem is None, problem.text


_MEDIA = {
    "media": """
        type Query { clip: Clip }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Clip implements Media @key(fields: "id") { id: ID! title: String }
        type Song implements Media @key(fields: "id") { id: ID! title: String }
    """,
    "ratings": """
        type Query { best: [Media] }
        type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int like: [Media] }
    """,
}


def test_a_condition_that_all_types_meet_needs_no_type_of_an_interface_object() -> None:
    subgraphs = _MEDIA | {
        "shop": """
            type Query { any: Ware }
            union Ware = Clip | Song
            type Clip @key(fields: "id") { id: ID! }
            type Song @key(fields: "id") { id: ID! }
        """
    }
    holds(subgraphs, "{ best { ... on Ware { ... on Media { id stars } } id } }")


def test_an_aliased_typename_makes_an_interface_object_tell_its_type() -> None:
    holds(_MEDIA, "{ best { title kind: __typename like { id: title kind: __typename } } }")


def test_requirements_with_different_arguments_are_sent_in_calls_of_their_own() -> None:
    holds(
        {
            "prices": """
                type Query { wares: [Ware!]! }
                type Ware @key(fields: "id") { id: ID! price(currency: String): String! }
            """,
            "shop": """
                type Ware @key(fields: "id") {
                  id: ID!
                  price(currency: String): String! @external
                  here: String @requires(fields: "price")
                  abroad: String @requires(fields: "price(currency: \\"USD\\")")
                }
            """,
        },
        "{ wares { here abroad } }",
    )


def test_objects_that_know_different_keys_are_sent_in_calls_of_their_own() -> None:
    holds(
        {
            "lists": """
                type Query { all: [Holder!]! }
                interface Holder { id: ID! }
                type A implements Holder @key(fields: "id") { id: ID! }
                type B implements Holder @key(fields: "id") { id: ID! }
            """,
            "a": """
                interface Holder { ware: Ware! }
                type A implements Holder @key(fields: "id") { id: ID! ware: Ware! }
                type Ware @key(fields: "sku", resolvable: false) { sku: ID! }
            """,
            "b": """
                type B @key(fields: "id") { id: ID! ware: Ware! }
                type Ware @key(fields: "id", resolvable: false) { id: ID! }
            """,
            "wares": """
                type Ware @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }
            """,
            "stock": """
                type Ware @key(fields: "id sku") { id: ID! sku: ID! left: Int! }
            """,
        },
        "{ all { ware { left } } }",
    )


def test_a_field_asked_for_with_two_nullabilities_is_put_together_again() -> None:
    holds(
        {
            "notes": """
                type Query { all: [Thing!]! }
                interface Thing { notes: [Note!] }
                type Page implements Thing { notes: [Note!]! }
                type Book implements Thing { notes: [Note!] }
                type Note @key(fields: "id") { id: ID! text: String! }
                union Sheet = Page
            """,
            "authors": 'type Note @key(fields: "id") { id: ID! author: String! }',
        },
        "{ all { notes { author } ... on Sheet { ... on Thing { notes { text } } } } }",
    )


def test_a_null_above_what_failed_is_no_input() -> None:
    holds(
        {
            "parts": """
                type Query { wares: [Ware!]! }
                type Ware @key(fields: "id") { id: ID! parts: [Part!] }
                type Part { weight: Int! @shareable }
            """,
            "shipping": """
                type Ware @key(fields: "id") {
                  id: ID!
                  parts: [Part!] @external
                  cost: Int @requires(fields: "parts { weight }")
                }
                type Part { weight: Int! @shareable }
            """,
        },
        "{ wares { cost } }",
        seeds=40,
        failing=True,
    )


_ACCOUNTS = {
    "accounts": """
        type Query { me: Account }
        type Mutation { open: Account pay: Account! close: Account }
        type Account @key(fields: "id") { id: ID! }
    """,
    "history": 'type Account @key(fields: "id") { id: ID! sum: Int last: Int }',
}


def test_a_root_field_of_a_mutation_is_executed_once_under_whatever_conditions() -> None:
    query = """
        mutation ($a: Boolean!, $b: Boolean!) {
          pay @skip(if: $a) { id sum }
          open { sum }
          pay @include(if: $b) { last }
          ... @skip(if: $a) { close { id } }
          pay { sum }
        }
    """
    for a in (True, False):
        for b in (True, False):
            holds(_ACCOUNTS, query, {"a": a, "b": b})


def test_a_root_field_of_a_mutation_is_not_executed_where_no_condition_holds() -> None:
    query = """
        mutation ($a: Boolean!, $b: Boolean!, $c: Boolean!) {
          pay @skip(if: $a) @include(if: $c) { id sum }
          open { sum }
          pay @include(if: $b) { last }
        }
    """
    for number in range(8):
        values = {"a": bool(number & 1), "b": bool(number & 2), "c": bool(number & 4)}
        holds(_ACCOUNTS, query, values)
