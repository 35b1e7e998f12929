"""What a contract shows and hides, as Apollo's contracts do, and what is no whole schema."""

from __future__ import annotations

import pytest
from graphql import lexicographic_sort_schema, print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supergraph import (
    ContractFilter,
    ContractResult,
    ErrorCode,
    InvalidSupergraphError,
    apply_contract,
    compose,
    extract_subgraphs,
    load_supergraph,
)
from tests.supergraph.api.random_subgraphs import composing_subgraphs
from tests.supergraph.meaning import meaning
from tests.testkit.composition import compose_sdl, subgraph_inputs
from tests.testkit.plans import assert_answers, assert_plan


def contract(
    sdl: str,
    include: str = "",
    exclude: str = "",
    *,
    hide_unreachable: bool = False,
) -> ContractResult:
    filter_ = ContractFilter(
        frozenset(include.split()), frozenset(exclude.split()), hide_unreachable
    )
    return apply_contract(compose_sdl(a=sdl), filter_, "supergraph.graphql")


def api(result: ContractResult) -> str:
    assert result.supergraph_sdl is not None, [str(error) for error in result.errors]
    shown = lexicographic_sort_schema(load_supergraph(result.supergraph_sdl).api_schema)
    return " ".join(print_schema(shown).split())


def refusal(result: ContractResult) -> tuple[ErrorCode, str]:
    assert result.supergraph_sdl is None
    (error,) = result.errors
    return error.code, error.message


def test_excluding_hides_what_has_the_tag_and_nothing_else() -> None:
    result = contract(
        """
        type Query { t: T i(a: Int @tag(name: "x"), in: In): Int secret: S @tag(name: "x") }
        type T { a: Int @tag(name: "x") b: E @tag(name: "y") }
        type S @tag(name: "x") { a: Int }
        enum E { P Q @tag(name: "x") }
        input In { a: Int b: Int @tag(name: "x") }
        """,
        exclude="x",
    )
    assert api(result) == (
        "enum E { P } input In { a: Int } type Query { i(in: In): Int t: T } type T { b: E }"
    )
    assert set(result.hidden) == {"E.Q", "In.b", "Query.secret", "Query.i(a:)", "S", "T.a"}


def test_including_keeps_tagged_members_and_all_members_of_tagged_types() -> None:
    result = contract(
        """
        type Query { t(x: Int, y: Int): T @tag(name: "p") u: U @tag(name: "p") other: Int }
        type T { a: Int @tag(name: "p") b: Int e(v: V): E @tag(name: "p") s: S @tag(name: "p") }
        type W @tag(name: "p") { a: Int b: Int @tag(name: "q") }
        type Other { a: Int }
        union U @tag(name: "p") = W | Other
        enum E @tag(name: "p") { P Q }
        input V { a: Int @tag(name: "p") b: Int }
        scalar S @tag(name: "p")
        scalar Z
        """,
        include="p",
    )
    assert api(result) == (
        "enum E { P Q } type Query { t(x: Int, y: Int): T u: U } scalar S "
        "type T { a: Int e(v: V): E s: S } union U = W input V { a: Int } "
        "type W { a: Int b: Int }"
    )


def test_excluding_wins_over_including() -> None:
    sdl = """
    type Query { t: T u: T }
    type T @tag(name: "p") { a: Int b: Int @tag(name: "p") @tag(name: "x") }
    extend type Query @tag(name: "p")
    """
    assert "b: Int" in api(contract(sdl, "p"))
    assert "b: Int" not in api(contract(sdl, "p", "x"))


def test_a_type_that_keeps_nothing_goes_as_do_unions_without_members() -> None:
    result = contract(
        """
        type Query { a: Int t: T @tag(name: "x") u: U @tag(name: "x") }
        type T { a: Int @tag(name: "x") }
        union U = T
        """,
        exclude="x",
    )
    assert api(result) == "type Query { a: Int }"
    assert {"T", "U"} <= set(result.hidden)


def test_unreachable_types_are_hidden_if_so_asked() -> None:
    sdl = """
    directive @d(x: D) on FIELD
    enum D { D }
    type Query { i: I  hidden: Gone @tag(name: "x") }
    interface I { a: Int } interface J { b: Int }
    type A implements I & J { a: Int b: Int e(in: In): E }
    type Gone { gone: GoneToo } type GoneToo { a: Int }
    input In { a: E2 } enum E { A } enum E2 { A } scalar Unused
    """
    assert "type Gone " in api(contract(sdl, exclude="x"))
    shown = load_supergraph(
        contract(sdl, exclude="x", hide_unreachable=True).supergraph_sdl or ""
    ).api_schema
    names = {name for name in shown.type_map if not name.startswith("__")}
    assert names - {"Int", "String", "Boolean"} == {*"ADEIJ", "E2", "In", "Query"}


@pytest.mark.parametrize(
    ("sdl", "include", "exclude", "code", "said"),
    [
        (
            'type Query { a: S b: Int } scalar S @tag(name: "x")',
            "",
            "x",
            ErrorCode.REFERENCED_INACCESSIBLE,
            'it hides "S" because it has the excluded tag "x"',
        ),
        (
            'type Query { a: E @tag(name: "p") } enum E { A }',
            "p",
            "",
            ErrorCode.REFERENCED_INACCESSIBLE,
            'it hides "E" because it has not the included tag "p", and neither has any of',
        ),
        (
            "type Query { a: Int }",
            "p q",
            "",
            ErrorCode.QUERY_ROOT_TYPE_INACCESSIBLE,
            'because it has none of the included tags "p" and "q"',
        ),
        (
            'type Query { a(x: Int! @tag(name: "x")): Int }',
            "",
            "x",
            ErrorCode.REQUIRED_INACCESSIBLE,
            "is a required argument",
        ),
        (
            'interface I { a: Int } type T implements I { a: Int @tag(name: "x") b: Int } '
            "type Query { t: T }",
            "",
            "x",
            ErrorCode.IMPLEMENTED_BY_INACCESSIBLE,
            "implements the interface field",
        ),
        (
            'enum E { A B @tag(name: "x") } type Query { a(e: E = B): Int }',
            "",
            "x",
            ErrorCode.DEFAULT_VALUE_USES_INACCESSIBLE,
            "default value",
        ),
    ],
)
def test_what_is_no_whole_schema_is_refused_with_the_reason(
    sdl: str, include: str, exclude: str, code: ErrorCode, said: str
) -> None:
    result = contract(sdl, include, exclude)
    found, message = refusal(result)
    assert found is code
    assert said in message
    (place,) = result.errors[0].locations
    assert place.file == "supergraph.graphql"
    assert place.line > 1


def test_names_tags_that_nothing_has() -> None:
    result = contract('type Query { a: Int @tag(name: "p") }', "p partner", "intern")
    assert result.unknown_tags == ("intern", "partner")


def test_a_text_that_is_no_supergraph_is_an_error() -> None:
    with pytest.raises(InvalidSupergraphError):
        apply_contract("type Query { a: Int }", ContractFilter())


def test_hidden_fields_still_serve_as_keys_and_requirements() -> None:
    composed = compose_sdl(
        products="""
        type Query { top: Product @tag(name: "p") }
        type Product @key(fields: "upc") { upc: ID! weight: Int name: String @tag(name: "p") }
        """,
        shipping="""
        type Product @key(fields: "upc") {
          upc: ID! weight: Int @external
          price: Int @requires(fields: "weight") @tag(name: "p")
        }
        """,
    )
    result = apply_contract(composed, ContractFilter(include=frozenset({"p"})))
    assert api(result) == "type Product { name: String price: Int } type Query { top: Product }"
    assert result.supergraph_sdl is not None
    assert_plan(
        result.supergraph_sdl,
        "{ top { price } }",
        """\
QueryPlan {
  Sequence {
    Fetch(service: "products") {
      {
        top {
          __typename
          upc
          weight
        }
      }
    },
    Flatten(path: "top") {
      Fetch(service: "shipping") {
        {
          ... on Product {
            __typename
            upc
            weight
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
}""",
    )
    assert_answers(result.supergraph_sdl, "{ top { name price } }")


def test_only_marks_are_added() -> None:
    sdl = compose_sdl(a='type Query { a: Int b: Int @tag(name: "x") }')
    result = apply_contract(sdl, ContractFilter(exclude=frozenset({"x"})))
    assert result.supergraph_sdl is not None
    before, after = meaning(sdl), meaning(result.supergraph_sdl)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"@inaccessible", "Query.b", "schema"}
    again = apply_contract(result.supergraph_sdl, ContractFilter(exclude=frozenset({"x"})))
    assert again.supergraph_sdl == result.supergraph_sdl
    assert meaning(apply_contract(sdl, ContractFilter()).supergraph_sdl or "") == before


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    composing_subgraphs(),
    st.frozensets(st.sampled_from(("t", "u", "e", "any"))),
    st.frozensets(st.sampled_from(("t", "u", "n", "green"))),
    st.booleans(),
)
def test_any_filter_gives_a_supergraph_or_reasons(
    subgraphs: dict[str, str], include: frozenset[str], exclude: frozenset[str], hide: bool
) -> None:
    sdl = compose(subgraph_inputs(subgraphs), satisfiability=False).supergraph_sdl
    assert sdl is not None
    result = apply_contract(sdl, ContractFilter(include, exclude, hide))
    assert (result.supergraph_sdl is None) == bool(result.errors)
    if result.supergraph_sdl is None:
        assert ErrorCode.INVALID_GRAPHQL not in {error.code for error in result.errors}
        return
    composed = compose(extract_subgraphs(result.supergraph_sdl), satisfiability=False)
    assert composed.supergraph_sdl is not None
    assert meaning(composed.supergraph_sdl) == meaning(result.supergraph_sdl)
