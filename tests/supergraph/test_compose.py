"""Composition from the outside: what a caller of `compose` can rely on."""

from __future__ import annotations

import supergraph
from supergraph import CompositionResult, ErrorCode, HintCode, SubgraphInput, compose
from tests.supergraph.meaning import meaning
from tests.testkit.composition import compose_result, compose_sdl


def only_error(result: CompositionResult) -> supergraph.CompositionError:
    assert result.supergraph_sdl is None
    assert len(result.errors) == 1, result.errors
    return result.errors[0]


def test_the_result_is_a_supergraph_or_errors() -> None:
    good = compose_result(a="type Query { a: Int }")
    assert good.supergraph_sdl is not None
    assert good.errors == ()
    bad = compose_result(a="type Foo { a: Int }")
    assert bad.supergraph_sdl is None
    assert [error.code for error in bad.errors] == [ErrorCode.NO_QUERIES]


def test_names_subgraph_file_line_and_column_of_every_place() -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])'
    result = compose(
        [
            SubgraphInput(
                "products",
                "http://products",
                f'{link}\ntype Query {{ t: P }}\ntype P @key(fields: "id") {{\n  id: ID!\n}}',
                "products.graphql",
            ),
            SubgraphInput(
                "prices",
                "http://prices",
                f'{link}\ntype P @key(fields: "id") {{\n  id: ID!\n  """Net"""\n  id2: ID!\n}}\n'
                'type Q @key(fields: "missing") { a: Int }',
                "prices.graphql",
            ),
        ]
    )
    error = only_error(result)
    assert error.code is ErrorCode.KEY_INVALID_FIELDS
    assert error.coordinate == "Q"
    assert [str(place) for place in error.locations] == ["prices.graphql:7:8"]
    assert error.locations[0].subgraph == "prices"


def test_points_at_the_name_of_what_is_described() -> None:
    result = compose_result(
        a='type Query { a: Int }\ntype T @shareable {\n  "text"\n  x: Int\n}',
        b="type T @shareable {\n  x: String\n}",
    )
    error = only_error(result)
    assert [(place.subgraph, place.line, place.column) for place in error.locations] == [
        ("a", 5, 3),
        ("b", 3, 3),
    ]


def test_reports_all_errors_of_all_subgraphs_at_once() -> None:
    result = compose_result(
        a='type Query { t: T } type T @key(fields: "nope") { id: ID! }',
        b='type T @key(fields: "neither") { id: ID! }',
        c="type Query {",
    )
    # What cannot be parsed is reported together with what other subgraphs have wrong.
    assert ErrorCode.INVALID_GRAPHQL in {error.code for error in result.errors}


def test_a_subgraph_that_does_not_parse_hides_no_mistake_of_another() -> None:
    result = compose_result(
        a="type Query { t: T",
        b='type T @key(fields: "nothing") { id: ID! } type Query { t: T }',
    )
    assert [error.code for error in result.errors] == ["INVALID_GRAPHQL", "KEY_INVALID_FIELDS"]


def test_keeps_hints_when_composition_fails() -> None:
    result = compose_result(
        a='type Query { t: T @shareable } "one" type T @shareable { x: Int }',
        b='type Query { t: T @shareable } "two" type T @shareable { x: String }',
    )
    assert only_error(result).code is ErrorCode.FIELD_TYPE_MISMATCH
    assert HintCode.INCONSISTENT_DESCRIPTION in {hint.code for hint in result.hints}


def test_says_who_has_which_type() -> None:
    result = compose_result(
        products="type Query { t: P } type P @shareable { price: Int }",
        offers="type P @shareable { price: String }",
        search="type P @shareable { price: String }",
    )
    assert only_error(result).message == (
        'Type of field "P.price" is incompatible across subgraphs: it has type "String" in '
        'subgraphs "offers" and "search" but type "Int" in subgraph "products"'
    )


def test_shows_a_query_that_has_no_plan_and_why() -> None:
    result = compose_result(
        products='type Query { top: P } type P @key(fields: "upc") { upc: ID! }',
        stock='type P @key(fields: "sku") { sku: ID! count(at: String!): Int }',
    )
    message = next(error.message for error in result.errors if error.coordinate == "P.count")
    assert message == (
        "The following supergraph API query:\n"
        "{\n"
        "  top {\n"
        '    count(at: "A string value")\n'
        "  }\n"
        "}\n"
        "cannot be satisfied by the subgraphs because:\n"
        '- from subgraph "products":\n'
        '  - cannot find field "P.count".\n'
        '  - cannot move to subgraph "stock" using @key(fields: "sku") of "P", the key field(s) '
        'cannot be resolved from subgraph "products".'
    )


def test_the_order_of_subgraphs_does_not_matter() -> None:
    subgraphs = {
        "b": 'type T @key(fields: "id") { id: ID! y: Int }',
        "a": 'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int }',
    }
    assert compose_sdl(**subgraphs) == compose_sdl(**dict(sorted(subgraphs.items())))


def test_composes_a_single_subgraph_and_no_subgraph() -> None:
    assert 'join__graph(name: "only"' in compose_sdl(only="type Query { a: Int }")
    assert [error.code for error in compose([]).errors] == [ErrorCode.NO_QUERIES]


def test_a_subgraph_needs_a_name_of_its_own() -> None:
    sdl = "type Query { a: Int }"
    for names in (["a", "a"], [""], ["_"]):
        result = compose([SubgraphInput(name, None, sdl) for name in names])
        assert ErrorCode.INVALID_SUBGRAPH_NAME in {error.code for error in result.errors}


def test_names_that_are_no_graphql_names_are_kept_as_data() -> None:
    sdl = compose_sdl(**{'we"ird\nname': "type Query { a: Int }", "1st": "type T { a: Int }"})
    assert r'name: "we\"ird\nname"' in sdl


def test_reads_what_frameworks_print() -> None:
    """Definitions of the specification, `_service`, `_entities` and other names for the roots."""
    sdl = """
        schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"]) {
          query: MyQuery
        }
        directive @key(fields: federation__FieldSet!, resolvable: Boolean = true)
          repeatable on OBJECT | INTERFACE
        scalar federation__FieldSet
        scalar _Any
        union _Entity = T
        type _Service { sdl: String! }
        type MyQuery {
          me: MyQuery
          t: T
          _service: _Service!
          _entities(representations: [_Any!]!): [_Entity]!
        }
        type T @key(fields: "id") { id: ID! }
    """
    facts = meaning(compose_sdl(a=sdl))
    assert facts["schema"][1] == [("query", "Query")]
    assert facts["Query.me"][0] == "Query"
    assert not {"_Any", "_Service", "_Entity", "Query._service", "MyQuery"} & facts.keys()


def test_hostile_sdl_is_an_error_and_nothing_else() -> None:
    hostile = {
        "cut off": "type Query { a: Int",
        "deep list": f"type Query {{ a: {'[' * 30_000}Int{']' * 30_000} }}",
        "deep value": f"type Query {{ a(x: Int = {'[' * 20_000}): Int }}",
        "no utf-8 sense": "type Query { a: Int \ud800 }",
        "null character": "type Query \0 { a: Int }",
        "an operation": "{ a }",
        "empty": "",
        "only a comment": "# nothing",
        "self-referring key": 'type Query { t: T } type T @key(fields: "t { t { t } }") { t: T }',
        "spec names": "type Query { a: Int } scalar join__FieldSet enum join__Graph { A }",
    }
    for name, sdl in hostile.items():
        result = compose_result(a=sdl)
        assert result.supergraph_sdl is None, name
        assert result.errors, name


def test_long_chains_of_requirements_end() -> None:
    """Each field needs two others, which need two others: naively 2 to the power of 40 ways."""
    steps = 40
    declared = " ".join(
        f'x{n}: Int @requires(fields: "y{n + 1} z{n + 1}")' for n in range(0, steps, 2)
    ) + " ".join(f" y{n}: Int @external z{n}: Int @external" for n in range(1, steps, 2))
    other = " ".join(
        f'{name}{n}: Int @requires(fields: "x{n + 1}")' for n in range(1, steps, 2) for name in "yz"
    ) + " ".join(f" x{n}: Int @external" for n in range(2, steps + 1, 2))
    last = f'type T @key(fields: "id") {{ id: ID! x{steps}: Int }}'
    result = compose_result(
        a=f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! {declared} }}',
        b=f'type T @key(fields: "id") {{ id: ID! {other} }}',
        c=last,
    )
    assert result.supergraph_sdl is not None, result.errors
    without_end = compose_result(
        a=f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! {declared} }}',
        b=f'type T @key(fields: "id") {{ id: ID! {other} }}',
        c=last.replace('fields: "id"', 'fields: "id", resolvable: false'),
    )
    assert ErrorCode.SATISFIABILITY_ERROR in {error.code for error in without_end.errors}


def test_requirements_over_thousands_of_steps_are_given_up() -> None:
    fields = " ".join(f'x{n}: Int @requires(fields: "y{n + 1}")' for n in range(0, 2000, 2))
    others = " ".join(f'y{n}: Int @requires(fields: "x{n + 1}")' for n in range(1, 2000, 2))
    result = compose_result(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! '
        + fields
        + " ".join(f" y{n}: Int @external" for n in range(1, 2000, 2))
        + " }",
        b='type T @key(fields: "id") { id: ID! '
        + others
        + " ".join(f" x{n}: Int @external" for n in range(2, 2001, 2))
        + " }",
        c='type T @key(fields: "id") { id: ID! x2000: Int }',
    )
    codes = {error.code for error in result.errors}
    assert codes == {ErrorCode.MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED}


def test_access_rules_of_all_subgraphs_must_hold() -> None:
    facts = meaning(
        compose_sdl(
            a='type Query { x: Int @shareable @requiresScopes(scopes: [["a"], ["b"]]) }',
            b='type Query { x: Int @shareable @requiresScopes(scopes: [["c"]]) @authenticated }',
        )
    )
    directives = dict(facts["Query.x"][1])
    assert directives["requiresScopes"] == [("scopes", '[["a", "c"], ["b", "c"]]')]
    assert "authenticated" in directives


def test_access_rules_that_multiply_without_bound_are_an_error() -> None:
    rules = [", ".join(f'["p{i}_{j}"]' for j in range(6)) for i in range(12)]
    result = compose_result(
        **{
            f"s{i}": f"type Query {{ x: Int @shareable @policy(policies: [{rule}]) }}"
            for i, rule in enumerate(rules)
        }
    )
    assert only_error(result).code is ErrorCode.DIRECTIVE_COMPOSITION_ERROR
