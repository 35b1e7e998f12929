"""The supergraph these tests serve: two subgraphs, one that works and one that may not."""

from __future__ import annotations

TWO_SUBGRAPHS = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{
  query: Query
  mutation: Mutation
}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(
  graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,
  external: Boolean, override: String, usedOverridden: Boolean
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(
  graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,
  resolvable: Boolean! = true, isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @link(
  url: String, as: String, for: link__Purpose, import: [link__Import]
) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import

enum join__Graph {
  GOOD @join__graph(name: "good", url: "{good}")
  BAD @join__graph(name: "bad", url: "{bad}")
}

enum link__Purpose { SECURITY EXECUTION }

type Query @join__type(graph: GOOD) @join__type(graph: BAD) {
  good(value: String): String @join__field(graph: GOOD)
  bad: String @join__field(graph: BAD)
  me: User @join__field(graph: GOOD)
}

type Mutation @join__type(graph: GOOD) {
  change: String @join__field(graph: GOOD)
}

type User @join__type(graph: GOOD, key: "id") @join__type(graph: BAD, key: "id") {
  id: ID!
  friend: User @join__field(graph: GOOD)
  score: Int @join__field(graph: BAD)
}
"""


def two_subgraphs(good: str, bad: str) -> str:
    """The supergraph's SDL with these routing URLs."""
    return TWO_SUBGRAPHS.replace("{good}", good).replace("{bad}", bad)
