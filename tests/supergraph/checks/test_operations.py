"""Known operations: where they come from, what they use, which of them a change can matter to."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import build_schema, parse

from gateway.plan_figures import PlanMeter
from supergraph.cache import CompositionCache
from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.operations.affected import touched_by
from supergraph.checks.operations.examine import Examiner
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.touched import touched_coordinates
from supergraph.checks.operations.uses import UseFinder
from supergraph.checks.result import ExitCode
from supergraph.checks.side import GraphSide, compose_side
from supergraph.checks.sources.source import GraphSource
from supergraph.checks.store import Store
from tests.supergraph.checks.project import Project, run_operations
from tests.testkit.composition import subgraph_inputs

SCHEMA = build_schema("""
    type Query { top(sort: Sort = NAME, filter: Filter): Node any: Any }
    interface Node { id: ID }
    type Book implements Node { id: ID isbn: String state: State }
    type Pen implements Node { id: ID }
    union Any = Book | Pen
    enum Sort { NAME PRICE }
    enum State { NEW USED }
    input Filter { name: String deep: Filter sort: Sort }
""")


def uses(text: str) -> set[str]:
    return UseFinder(SCHEMA).uses(parse(text))


def test_uses_are_coordinates_and_the_types_of_fields() -> None:
    assert uses("{ top(sort: PRICE) { id ... on Book { state } } }") == {
        "query", "Query", "Query.top", "Query.top(sort:)", "Sort.PRICE", "Node", "Node.id", "ID",
        "Book", "Book.state", "State",
    }  # fmt: skip


def test_a_variable_uses_all_that_its_type_leads_to() -> None:
    used = uses("query ($f: Filter) { top(filter: $f) { id } }")
    assert {"Filter", "Filter.deep", "Filter.name", "Sort.NAME", "Sort.PRICE"} <= used


def test_a_literal_uses_what_it_names() -> None:
    used = uses('{ top(filter: { deep: { name: "x" } }) { id } }')
    assert {"Filter", "Filter.deep", "Filter.name"} <= used
    assert "Filter.sort" not in used


@pytest.mark.parametrize(
    ("kind", "path", "text", "affected"),
    [
        ("FIELD_REMOVED", "Book.isbn", "{ any { ... on Book { isbn } } }", True),
        ("FIELD_REMOVED", "Book.isbn", "{ any { ... on Book { id } } }", False),
        ("FIELD_TYPE_CHANGED", "Book.id", "{ top { id } }", True),
        ("FIELD_TYPE_CHANGED", "Pen.id", "{ any { ... on Book { id } } }", False),
        ("FIELD_ARGUMENT_REMOVED", "Query.top(sort:)", "{ top { id } }", False),
        ("FIELD_ARGUMENT_REMOVED", "Query.top(sort:)", "{ top(sort: NAME) { id } }", True),
        ("FIELD_ARGUMENT_ADDED", "Query.top(new:)", "{ top { id } }", True),
        ("FIELD_ARGUMENT_DEFAULT_CHANGED", "Query.top(sort:)", "{ top { id } }", True),
        ("FIELD_ARGUMENT_DEFAULT_CHANGED", "Query.top(sort:)", "{ top(sort: NAME) { id } }", False),
        ("ENUM_VALUE_REMOVED", "State.USED", "{ any { ... on Book { state } } }", True),
        ("ENUM_VALUE_REMOVED", "Sort.PRICE", "{ top(sort: NAME) { id } }", False),
        ("ENUM_VALUE_REMOVED", "Sort.PRICE", "query ($s: Sort) { top(sort: $s) { id } }", True),
        ("INPUT_FIELD_ADDED", "Filter.new", "{ top(filter: {}) { id } }", True),
        ("INPUT_FIELD_ADDED", "Filter.new", "{ top { id } }", False),
        ("UNION_MEMBER_REMOVED", "Any", "{ any { __typename } }", True),
        ("TYPE_REMOVED", "Pen", "{ any { ... on Pen { id } } }", True),
        ("TYPE_REMOVED", "Pen", "{ top { id } }", True),
        ("DIRECTIVE_REMOVED", "@skip", "{ any @skip(if: true) { __typename } }", True),
        ("DIRECTIVE_REMOVED", "@skip", "{ any { __typename } }", False),
        ("SCHEMA_MUTATION_TYPE_CHANGED", "schema", "{ any { __typename } }", False),
    ],
)  # fmt: skip
def test_which_operations_a_change_affects(kind: str, path: str, text: str, affected: bool) -> None:
    touched = touched_by(SchemaChange(kind, Criticality.BREAKING, path, ""), SCHEMA)
    assert touched.affects(uses(text)) is affected


# --- What a change cannot matter to ------------------------------------------------------------


GRAPH = {
    "a": """
        type Query { p: P n: N q: Q }
        interface N { id: ID! }
        type P implements N @key(fields: "id") { id: ID! name: String size: Int org: O @shareable }
        type O @key(fields: "code") @shareable { code: ID! }
        type Q implements N @key(fields: "id") { id: ID! x: Int }
    """,
    "b": """
        type P @key(fields: "id") { id: ID! size: Int @external
          weight: Int @requires(fields: "size") stars: Int @shareable }
        type O @key(fields: "code") { code: ID! title: String }
    """,
    "c": """
        type P @key(fields: "id") { id: ID! stars: Int @shareable more: Q }
        type Q @key(fields: "id") { id: ID! y: Int }
    """,
}  # fmt: skip
CHANGES = [
    ("a", "size: Int", "size: Int!"),
    ("a", "name: String", "name: String other: Int"),
    ("a", "name: String ", ""),
    ("a", "q: Q }", "q: Q added: Int }"),
    ("a", "org: O @shareable", "org: O @shareable depth: Int"),
    ("a", ' implements N @key(fields: "id") { id: ID! x', ' @key(fields: "id") { id: ID! x'),
    ("b", "title: String", "title: String!"),
    ("b", ' @requires(fields: "size")', ' @requires(fields: "size name")'),
    ("b", "stars: Int @shareable", ""),
    ("c", "more: Q", "more: Q even: Int"),
    ("c", "y: Int", "y: Float"),
    ("c", 'type Q @key(fields: "id")', 'type Q @key(fields: "id", resolvable: false)'),
]
QUERIES = [
    "{ p { name } }", "{ p { weight } }", "{ p { stars } }", "{ p { more { y x } } }",
    "{ n { id } }", "{ n { ... on P { size stars } } }", "{ q { x } }",
    "{ p { org { code title } } }", "{ p { added } }", "{ q { x y } }",
    "{ p { other depth even } }", "{ added p { id } }",
]  # fmt: skip


def side(subgraphs: dict[str, str]) -> GraphSide | None:
    inputs = tuple(subgraph_inputs(subgraphs))
    found = compose_side(GraphSource("it", inputs), CompositionCache(), Store(None))
    return found if isinstance(found, GraphSide) else None


def pairs() -> Iterator[tuple[GraphSide, GraphSide]]:
    old = side(GRAPH)
    assert old is not None
    chance = random.Random(7)
    for _ in range(12):
        subgraphs = dict(GRAPH)
        for name, before, after in chance.sample(CHANGES, chance.randint(1, 2)):
            subgraphs[name] = subgraphs[name].replace(before, after)
        new = side(subgraphs)
        if new is not None:
            yield old, new
            yield new, old


def test_leaving_operations_out_changes_no_outcome() -> None:
    left_out = 0
    for old, new in pairs():
        full = Examiner(new, old, frozenset(), None, PlanMeter)
        quick = Examiner(new, old, frozenset(), touched_coordinates(old, new), PlanMeter)
        for text in QUERIES:
            operation = KnownOperation(text, None, text)
            expected, found = full.examine(operation), quick.examine(operation)
            if found != expected:
                left_out += 1
                assert bool(expected.problems) == expected.had_problems, text
                assert expected.old_plan == expected.new_plan, text
    assert left_out > 30


def test_where_lines_stand_and_whether_it_was_composed_or_kept_touches_nothing(
    tmp_path: Path,
) -> None:
    composed = side(GRAPH)
    inputs = tuple(
        replace(given, sdl=f"# A line more.\n\n{given.sdl}") for given in subgraph_inputs(GRAPH)
    )
    moved, kept = (
        compose_side(GraphSource("it", inputs), CompositionCache(), Store(tmp_path))
        for _ in range(2)
    )
    assert composed is not None
    assert isinstance(moved, GraphSide)
    assert isinstance(kept, GraphSide)
    assert touched_coordinates(composed, moved) == frozenset()
    assert touched_coordinates(composed, kept) == frozenset()


# --- The commands --------------------------------------------------------------------------------


def test_check_names_what_is_invalid(project: Project) -> None:
    project.write("o/a.graphql", "query A { top { id } }\n\nquery B {\n  top { gone }\n}\n")
    result = run_operations("check", "--operations", "o")
    assert result.exit_code == ExitCode.BREAKING
    assert 'error[OPERATION_INVALID, breaking]: The operation "B" is not valid' in result.stdout
    assert "  --> o/a.graphql:4:9" in result.stdout


def test_relay_manifests_are_read(project: Project) -> None:
    project.write("m.json", json.dumps({"1f": "query A { top { id } }", "2e": "{ top { gone } }"}))
    result = run_operations("check", "--operations", "m.json", "--format", "json")
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["code"], finding["operations"][0]["id"]) == ("OPERATION_INVALID", "2e")


def test_coverage_and_unused(project: Project) -> None:
    project.write("o/a.graphql", "{ top { id price } }")
    project.replace("ratings.graphql", "stars: Int", 'stars: Int @deprecated(reason: "Gone soon.")')
    covered = run_operations("coverage", "--operations", "o")
    assert covered.exit_code == ExitCode.FINE
    assert "    2 of     4 fields  Product\n    1 of     2 fields  Query\n" in covered.stdout
    assert "3 of 6 fields (50.0 %) are used by 1 operations." in covered.stdout
    assert json.loads(run_operations("coverage", "--operations", "o", "--json").stdout)["used"] == 3
    unused = run_operations("unused", "--operations", "o")
    assert "Product.name  products.graphql:18:3\n" in unused.stdout
    assert "Query.old  " in unused.stdout
    deprecated = run_operations("unused", "--operations", "o", "--deprecated")
    assert deprecated.stdout == "Product.stars (deprecated)  ratings.graphql:6:3\n"
