"""Supergraphs of every join version, and texts that are none."""

from __future__ import annotations

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, print_schema

from supergraph.federation.field_set import FieldSetError, parse_field_set, print_field_set
from supergraph.load import load_supergraph
from supergraph.model import InvalidSupergraphError, SubgraphName, TypeName
from tests.testkit.composition import compose_sdl

JOIN = """
schema
  @core(feature: "https://specs.apollo.dev/core/v0.2")
  @core(feature: "https://specs.apollo.dev/join/v0.1", for: EXECUTION)
{ query: Query }
directive @core(feature: String!, as: String, for: core__Purpose) repeatable on SCHEMA
directive @join__field(
  graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet
) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum core__Purpose { EXECUTION SECURITY }
enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts", url: "http://accounts")
  REVIEWS @join__graph(name: "reviews", url: "http://reviews")
}
type Query { me: User @join__field(graph: ACCOUNTS) }
type User
  @join__owner(graph: ACCOUNTS)
  @join__type(graph: ACCOUNTS, key: "id")
  @join__type(graph: REVIEWS, key: "id")
{ id: ID! name: String stars: Stars @join__field(graph: REVIEWS) }
type Stars { count: Int }
"""


def test_fed1_supergraphs_say_owners_and_leave_out_the_rest() -> None:
    supergraph = load_supergraph(JOIN)
    fields = supergraph.types[TypeName("User")].fields
    assert [join.graph for join in fields["name"].joins] == ["accounts"]
    assert [join.graph for join in fields["id"].joins] == ["accounts", "reviews"]
    assert [join.graph for join in fields["stars"].joins] == ["reviews"]
    stars = supergraph.types[TypeName("Stars")]
    assert stars.graphs == ("accounts", "reviews")
    assert supergraph.graphs[SubgraphName("reviews")].url == "http://reviews"


def test_specifications_may_have_other_names() -> None:
    renamed = JOIN.replace("join__", "j__").replace('join/v0.1", for', 'join/v0.1", as: "j", for')
    assert load_supergraph(renamed).types.keys() == load_supergraph(JOIN).types.keys()


def test_the_api_schema_hides_machinery_and_what_is_inaccessible() -> None:
    supergraph = load_supergraph(
        compose_sdl(
            a="""
                type Query { all: [Item!]! hidden: Secret @inaccessible find(by: By): Kind }
                union Item = Open | Secret
                type Open { id: ID! old: Int @deprecated(reason: "gone") @tag(name: "x") }
                type Secret @inaccessible { id: ID! }
                enum Kind { A B @inaccessible }
                input By { id: ID code: ID @inaccessible }
            """
        )
    )
    text = print_schema(supergraph.api_schema)
    assert "join__" not in text
    assert "Secret" not in text
    assert "hidden" not in text
    assert "code" not in text
    assert "union Item = Open" in text
    assert '@deprecated(reason: "gone")' in text
    kind = supergraph.api_schema.get_type("Kind")
    assert isinstance(kind, GraphQLEnumType)
    assert list(kind.values) == ["A"]
    names = {directive.name for directive in supergraph.api_schema.directives}
    assert {"skip", "include", "deprecated", "specifiedBy"} <= names
    assert not names & {"tag", "inaccessible", "link"}
    assert isinstance(supergraph.schema.get_type("Secret"), GraphQLObjectType)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not valid GraphQL"),
        ("type Query {", "not valid GraphQL"),
        ("{a" * 20_000, "nested too deeply"),
        ("type Query { a: Int }", "no supergraph"),
        (JOIN.replace("join/v0.1", "join/v0.9"), "v0.9"),
        (JOIN.replace("enum join__Graph", "enum Other"), "lists no subgraphs"),
        (
            JOIN.replace("graph: REVIEWS)\n{", "graph: X)\n{").replace(
                'REVIEWS, key: "id"', 'X, key: "id"'
            ),
            "no known subgraph",
        ),
        (JOIN.replace('REVIEWS, key: "id"', 'REVIEWS, key: "id {"'), "broken"),
        (JOIN.replace("stars: Stars", "stars: Nothing"), "not a valid schema"),
    ],
)
def test_other_text_is_refused_with_a_sentence(text: str, expected: str) -> None:
    with pytest.raises(InvalidSupergraphError) as caught:
        load_supergraph(text)
    assert expected in caught.value.message


def test_field_sets_are_values() -> None:
    text = "id org { id(of: { a: 1 }) } ... on T { x }"
    assert parse_field_set(text) == parse_field_set(print_field_set(parse_field_set(text)))
    assert parse_field_set("{ id }") == parse_field_set("id")


@pytest.mark.parametrize(
    "text", ["", "  ", "id {", "x: id", "id @include(if: true)", "...F", "id } query { x", "{" * 99]
)
def test_what_is_no_field_set_is_refused(text: str) -> None:
    with pytest.raises(FieldSetError):
        parse_field_set(text)
