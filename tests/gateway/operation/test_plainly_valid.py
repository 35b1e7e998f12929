"""The quick pass never takes an invalid document for valid, and knows ordinary ones."""

from __future__ import annotations

import random

import pytest
from graphql import build_schema, parse, specified_rules, validate

from gateway.operation.limits import OperationLimits
from gateway.operation.plainly_valid import is_plainly_valid
from gateway.operation.validate import (
    NoIntrospectionRule,
    NonEmptySelectionSetRule,
    ReservedAliasRule,
    validate_document,
)
from tests.gateway.operation.mutants import mutants, words_of

SCHEMA = build_schema("""
    type Query {
      node(id: ID!): Node user(id: ID!, as: Role = ADMIN): User all(by: By, n: Int! = 3): [Found!]
      near(at: [[Float!]!], when: Date): [User] one(of: Only): Int tags(in: [String!]): [String]
    }
    type Mutation { rename(id: ID!, to: String!): User }
    type Subscription { news: Int }
    interface Node { id: ID! }
    interface Named implements Node { id: ID! name(max: Int): String }
    type User implements Named & Node {
      id: ID! name(max: Int): String role: Role friends(first: Int!, by: By): [User!]! best: Node
    }
    type Bot implements Node { id: ID! maker: User load: Float }
    union Found = User | Bot
    enum Role { ADMIN GUEST }
    scalar Date
    input By { name: String! role: Role = GUEST both: [By!] not: By }
    input Only @oneOf { id: ID name: String }
""")
RULES = [*specified_rules, NonEmptySelectionSetRule, ReservedAliasRule, NoIntrospectionRule]

ORDINARY = [
    "{ user(id: 1) { id name(max: 3) role } }",
    "query A($i: ID!) { user(id: $i) { ...U } } fragment U on User { best { ... on Bot { id } } }",
    "query A { node(id: 1) { id } } query B { tags }",
    "mutation ($to: String!) { rename(id: 2, to: $to) { name } }",
    "query ($a: Boolean!, $n: Int = 3) { all(n: $n) { ... on User @skip(if: $a) { id } } }",
    'query ($r: Role, $b: By!) { all(by: {name: "x", role: $r, both: [$b], not: null}) '
    "{ ...U @include(if: true) } } fragment U on Node { id }",
    'query ($p: [Float!]!) { near(at: [[1, 2.5], $p], when: "x") { friends(first: 1) { id } } }',
    "query ($d: Date, $t: [String!] = null) { near(at: 1.5, when: $d) { id } tags(in: $t) }",
    '{ tags(in: "one") x: tags(in: []) __typename }',
]

DOUBTED = [
    "{ __schema { types { name } } }",
    "subscription { news }",
    "query ($id: ID!) { one(of: {id: $id}) }",
    "{ user(id: 1) { id @deprecated } }",
    "query ($n: Int) { all(n: $n) { __typename } }",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_documents_are_known_at_once(text: str) -> None:
    assert not validate(SCHEMA, parse(text), RULES)
    assert is_plainly_valid(SCHEMA, parse(text))


@pytest.mark.parametrize("text", DOUBTED)
def test_rare_documents_are_left_to_the_rules(text: str) -> None:
    assert not is_plainly_valid(SCHEMA, parse(text))
    errors = validate_document(SCHEMA, parse(text), OperationLimits())
    expected = validate(SCHEMA, parse(text), RULES[:-1])
    assert [error.message for error in errors] == [error.message for error in expected]


def test_no_mutated_document_is_taken_for_valid_that_a_rule_refuses() -> None:
    chance = random.Random(11)
    words = words_of(SCHEMA)
    known = valid = invalid = 0
    for text in ORDINARY:
        for mutant in mutants(text, chance, 120, words):
            document = parse(mutant)
            errors = validate(SCHEMA, document, RULES)
            invalid += bool(errors)
            if is_plainly_valid(SCHEMA, document):
                assert not errors, (mutant, errors)
                known += 1
            valid += not errors
    assert known > 0.7 * valid > 10
    assert invalid > 200
