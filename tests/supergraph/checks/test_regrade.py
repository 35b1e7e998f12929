"""The rules that re-grade: each a function from changes to changes."""

from __future__ import annotations

from supergraph import Criticality, SchemaChange, diff
from supergraph.checks.regrade import (
    RegradeOptions,
    by_kind,
    dangerous_is_breaking,
    ignore_descriptions,
    ignore_directives,
    reachable_names,
    regrade,
    safe_unreachable,
    simplify,
    suppress_deprecated_removals,
)
from tests.supergraph.checks.change_cases import composed, shown

OLD = """
directive @d on FIELD_DEFINITION
type Query { a: E b: Int @deprecated c: Int d(x: Int, y: Int @deprecated): Int }
enum E { V }
type Far { f: Int }
"""
NEW = """
directive @d on FIELD_DEFINITION
type Query { a: E "about" d: Int @d }
enum E { V W }
type Far { g: New }
interface I { x: Int }
type New implements I { "about" x(a: Int): Int @deprecated }
"""


def changes() -> list[SchemaChange]:
    return diff(OLD, NEW)


def grades(found: list[SchemaChange]) -> dict[str, Criticality]:
    return {f"{item.kind} {item.path}": item.criticality for item in found}


def test_dangerous_is_breaking() -> None:
    before, after = grades(changes()), grades(dangerous_is_breaking(changes()))
    assert before["ENUM_VALUE_ADDED E.W"] is Criticality.DANGEROUS
    assert after["ENUM_VALUE_ADDED E.W"] is Criticality.BREAKING
    assert {key for key, grade in after.items() if grade is Criticality.SAFE} == {
        key for key, grade in before.items() if grade is Criticality.SAFE
    }


def test_descriptions_are_left_out() -> None:
    gone = grades(changes()).keys() - grades(ignore_descriptions(changes())).keys()
    assert gone == {"FIELD_DESCRIPTION_ADDED Query.d", "FIELD_DESCRIPTION_ADDED New.x"}


def test_where_a_directive_is_applied_is_left_out() -> None:
    gone = grades(changes()).keys() - grades(ignore_directives(changes(), {"d"})).keys()
    assert gone == {"DIRECTIVE_USAGE_FIELD_DEFINITION_ADDED Query.d"}


def test_removing_what_was_deprecated_is_dangerous() -> None:
    after = grades(suppress_deprecated_removals(changes()))
    assert after["FIELD_REMOVED Query.b"] is Criticality.DANGEROUS
    assert after["FIELD_REMOVED Query.c"] is Criticality.BREAKING
    assert after["FIELD_ARGUMENT_REMOVED Query.d(x:)"] is Criticality.BREAKING
    assert after["FIELD_ARGUMENT_REMOVED Query.d(y:)"] is Criticality.DANGEROUS


def test_what_no_operation_reaches_is_safe() -> None:
    after = grades(safe_unreachable(changes(), reachable_names(OLD)))
    assert after["FIELD_REMOVED Far.f"] is Criticality.SAFE
    assert after["FIELD_REMOVED Query.c"] is Criticality.BREAKING


def test_what_can_be_reached_counts_inputs_interfaces_and_what_clients_see_only() -> None:
    sdl = """
    type Query { i(x: In): I }
    interface I { a: Int }
    type T implements I { a: Int u: U }
    union U = V
    type V { e: E }
    enum E { A }
    input In { more: More }
    input More { b: Int }
    type Other { o: Int }
    """
    assert reachable_names(sdl) == {"Query", "I", "T", "U", "V", "E", "In", "More"}
    hidden = composed({"a": "type Query { a: Int t: T @inaccessible } type T { x: Int }"})
    assert reachable_names(hidden) == {"Query"}


def test_what_an_addition_brings_along_is_left_out_unless_it_is_worse() -> None:
    old = "type Query { a: Int } interface I { x: Int }"
    new = """
    type Query { a: Int b(y: Int!): Int @deprecated }
    interface I { x: Int }
    type New implements I { x(a: Int): Int @deprecated }
    """
    assert shown(simplify(diff(old, new))) == [
        "safe FIELD_ADDED Query.b",
        "safe TYPE_ADDED New",
        "dangerous OBJECT_TYPE_INTERFACE_ADDED New",
    ]


def test_a_kind_has_the_grade_that_was_chosen_or_is_left_out() -> None:
    chosen = {"ENUM_VALUE_ADDED": Criticality.SAFE, "FIELD_REMOVED": None}
    after = grades(by_kind(changes(), chosen))
    assert after["ENUM_VALUE_ADDED E.W"] is Criticality.SAFE
    assert not any(key.startswith("FIELD_REMOVED") for key in after)


def test_without_options_nothing_changes_and_a_kind_has_the_last_word() -> None:
    assert regrade(changes(), RegradeOptions()) == changes()
    options = RegradeOptions(
        dangerous_is_breaking=True,
        ignore_descriptions=True,
        suppress_deprecated_removals=True,
        safe_unreachable=True,
        simplify=True,
        ignore_directives=frozenset({"d"}),
        kinds={"ENUM_VALUE_ADDED": Criticality.DANGEROUS},
    )
    assert shown(regrade(changes(), options, reachable_names(OLD))) == [
        "dangerous FIELD_REMOVED Query.b",
        "breaking FIELD_REMOVED Query.c",
        "breaking FIELD_ARGUMENT_REMOVED Query.d(x:)",
        "dangerous FIELD_ARGUMENT_REMOVED Query.d(y:)",
        "dangerous ENUM_VALUE_ADDED E.W",
        "safe FIELD_REMOVED Far.f",
        "safe FIELD_ADDED Far.g",
        "safe TYPE_ADDED I",
        "safe TYPE_ADDED New",
    ]
