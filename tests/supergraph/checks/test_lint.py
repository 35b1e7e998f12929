"""Each lint rule by what it finds and what it lets pass; settings, grace, and rules of others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from supergraph.checks.lint.registry import RULES, known_rules
from supergraph.checks.lint.run import active_rules, lint, lint_graph
from supergraph.checks.result import ExitCode
from supergraph.checks.settings import LintSettings
from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.subgraph.load import parse_subgraph
from tests.supergraph.checks.project import PRICE, Project, run
from tests.testkit.composition import subgraph_inputs


def found(rule: str, options: dict[str, Any] | None = None, **subgraphs: str) -> list[str]:
    """The coordinates that one rule finds in subgraphs."""
    inputs = subgraph_inputs(subgraphs)
    sdl = compose(inputs).supergraph_sdl
    assert sdl is not None
    settings = LintSettings.model_validate(
        {
            "rules": {item.name: "off" for item in RULES}
            | {rule: {"severity": "error", "options": options or {}}}
        }
    )
    graph = lint_graph(map(parse_subgraph, inputs), load_supergraph(sdl))
    findings = lint(graph, None, active_rules(settings), settings)
    assert all(item.locations and item.code == rule for item in findings)
    return [item.coordinate or "" for item in findings]


@pytest.mark.parametrize(
    ("rule", "sdl", "expected"),
    [
        ("type-names", "type Query { a: user b: User2 } type user { c: Int } type User2 { d: Int }",
         ["user"]),
        ("field-names", "type Query { good: Int Bad_one: Int also(Bad: Int, fine: Int): In } "
         "type In { a: Int } input I { b_c: Int } type Mutation { m(i: I): Int }",
         ["Query.Bad_one", "Query.also(Bad:)", "I.b_c"]),
        ("enum-values", "type Query { a: E } enum E { GOOD_ONE badOne }", ["E.badOne"]),
        ("input-names", "type Query { a(i: Thing, j: ThingInput, k: ThingFilter): Int } "
         "input Thing { a: Int } input ThingInput { a: Int } input ThingFilter { a: Int }",
         ["Thing"]),
        ("deprecation-reasons", 'type Query { a: Int @deprecated b: Int @deprecated(reason: " ") '
         'c: Int @deprecated(reason: "Use d.") }', ["Query.a", "Query.b"]),
        ("list-pagination", 'type P @key(fields: "id") { id: ID! } type Query { bad: [P!]! '
         "pages(first: Int): [P] byIds(ids: [ID!]!): [P] plain: [Int] one: P }", ["Query.bad"]),
        ("nullable-root-fields", "type Query { a: Int! b: Int c: [Int]! } "
         "type Mutation { d: Int! }", ["Query.a", "Mutation.d"]),
        ("non-null-list-items", "type Query { a: [Int] b: [Int!] c: [[Int]!]! }",
         ["Query.a", "Query.c"]),
        ("unused-types", "type Query { a: Used } type Used { b: Int } type Lost { c: Used } "
         "input LostToo { d: Int }", ["Lost", "LostToo"]),
        ("id-without-key", 'type Query { a: A b: B c: C } type A { id: ID! } type B '
         '@key(fields: "id") { id: ID! } type C { id: Int }', ["A.id"]),
        ("pii-tags", 'type Query { u: U v: V } type U { email: String homePhone: String '
         'phones: Int emailed: Boolean safeEmail: String @tag(name: "pii") } '
         'type V @tag(name: "pii") { email: String }', ["U.email", "U.homePhone"]),
    ],
)  # fmt: skip
def test_rules(rule: str, sdl: str, expected: list[str]) -> None:
    assert found(rule, s=sdl) == expected


def test_a_description_in_one_subgraph_is_enough() -> None:
    a = (
        'type Query { "What." p: P } enum E { A } '
        '"A thing." type P @key(fields: "id") { "Its id." id: ID! x: E }'
    )
    b = 'type P @key(fields: "id") { id: ID! y: Int }'
    assert found("descriptions", a=a, b=b) == ["E", "P.x", "P.y"]
    assert found("descriptions", {"types": False, "enum_values": True}, a=a, b=b) == [
        "E.A", "P.x", "P.y",
    ]  # fmt: skip


def test_a_key_in_another_subgraph_is_enough() -> None:
    a = "type Query { p: P } type P @shareable { id: ID! }"
    b = 'type P @key(fields: "id") @shareable { id: ID! }'
    assert found("id-without-key", a=a, b=b) == []


def test_options_change_what_a_rule_wants() -> None:
    sdl = "type Query { a(i: Thing): Int } input Thing { a: Int }"
    assert found("input-names", {"suffixes": ["ing"]}, s=sdl) == []
    sdl = "type Query { u: U } type U { nick: String }"
    assert found("pii-tags", {"names": ["nick"], "tag": "private"}, s=sdl) == ["U.nick"]


def test_a_rule_that_is_off_by_default_exists_too() -> None:
    assert {rule.name for rule in RULES} == set(known_rules())
    assert len({rule.name for rule in RULES}) == len(RULES) == 12
    assert all(rule.__doc__ for rule in RULES)


# --- The command ---------------------------------------------------------------------------------


def test_what_the_base_has_is_let_pass_and_what_is_new_fails(project: Project) -> None:
    project.write("dictamesh.checks.yaml", "checks: { lint: { rules: { descriptions: error } } }")
    project.replace("products.graphql", PRICE, "  price: Int\n")
    assert run("lint").exit_code == ExitCode.RULES
    project.commit()
    passed = run("lint", "--base", "main", "--format", "json")
    assert passed.exit_code == ExitCode.FINE
    report = json.loads(passed.stdout)
    assert report["findings"] == []
    assert report["notes"] == ["The base has 1 lint findings already; they are let pass."]
    project.replace("ratings.graphql", "  stars: Int", "  stars: Int\n  votes: Int")
    failed = run("lint", "--base", "main")
    assert failed.exit_code == ExitCode.RULES
    assert (
        'error[descriptions]: "Product.votes" has no description.\n  --> ratings.graphql:7:3'
        in (failed.stdout)
    )
    assert "Product.price" not in failed.stdout
    project.write(
        "dictamesh.checks.yaml",
        "checks: { lint: { grace: false, ignore: [Product.v*], rules: { descriptions: error } } }",
    )
    strict = run("lint", "--base", "main")
    assert strict.exit_code == ExitCode.RULES
    assert "Product.price" in strict.stdout
    assert "Product.votes" not in strict.stdout


def test_warnings_fail_where_wanted(project: Project) -> None:
    project.replace("products.graphql", PRICE, "  price: Int\n")
    assert run("lint").exit_code == ExitCode.FINE
    assert run("lint", "--fail-on", "lint-warnings").exit_code == ExitCode.RULES


def test_rules_are_listed_with_their_options(project: Project) -> None:
    listed = run("lint", "--rules").stdout
    assert "pii-tags (warning)" in listed
    assert "    tag: The tag that marks personal data. [default: pii]" in listed


PLUGIN = '''\
from supergraph.checks.lint import LintGraph, LintRule, NoOptions

class NoFoo(LintRule):
    """Nothing is called foo."""

    name = "no-foo"

    def check(self, graph: LintGraph, options: NoOptions):
        for subgraph, item, field in graph.fields():
            if field.name == "foo":
                at = f"{item.name}.foo"
                yield graph.of_element(subgraph, at, field, f"{at} is called foo.")
'''


def install(directory: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """A package as pip lays it out: its module, and metadata with the entry point."""
    metadata = directory / "our_rules-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-rules\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[dictamesh.lint_rules]\nno-foo = {target}\n")
    (directory / "our_rules.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(directory))
    monkeypatch.delitem(sys.modules, "our_rules", raising=False)


def test_installed_packages_bring_rules(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", monkeypatch, "our_rules:NoFoo")
    project.replace("products.graphql", "price: Int", "price: Int\n  foo: Int")
    project.write("dictamesh.checks.yaml", "checks: { lint: { rules: { no-foo: error } } }")
    result = run("lint")
    assert result.exit_code == ExitCode.RULES
    assert "error[no-foo]: Product.foo is called foo.\n  --> products.graphql:17:3" in result.stdout
    assert "no-foo (warning)\n  Nothing is called foo." in run("lint", "--rules").stdout


@pytest.mark.parametrize(
    ("target", "said"),
    [("our_rules:Gone", "cannot be loaded"), ("our_rules:LintGraph", "cannot be loaded")],
)
def test_a_rule_that_cannot_be_used_is_named(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, said: str
) -> None:
    install(tmp_path / "site", monkeypatch, target)
    result = run("lint")
    assert result.exit_code == ExitCode.USAGE
    assert 'The lint rule "no-foo" of our-rules' in result.stderr
    assert said in result.stderr
