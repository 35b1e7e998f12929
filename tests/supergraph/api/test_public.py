"""What `supergraph` offers: its names, its types, and that users' mistakes are values."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

import supergraph
from supergraph import CompositionResult, ErrorCode, SubgraphInput, compose


def test_the_public_names_are_these() -> None:
    assert sorted(supergraph.__all__) == supergraph.__all__
    assert set(supergraph.__all__) == {
        "CompositionCache",
        "CompositionError",
        "CompositionHint",
        "CompositionResult",
        "ContractFilter",
        "ContractResult",
        "Criticality",
        "ErrorCode",
        "HintCode",
        "HintLevel",
        "InvalidSchemaError",
        "InvalidSupergraphError",
        "SchemaChange",
        "SourceLocation",
        "SubgraphInput",
        "Supergraph",
        "apply_contract",
        "compose",
        "diff",
        "extract_subgraphs",
        "load_supergraph",
    }
    for name in supergraph.__all__:
        assert getattr(supergraph, name).__doc__, name
    assert set(supergraph.__all__) <= set(dir(supergraph))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        supergraph.nothing  # type: ignore[attr-defined]  # noqa: B018 # that is what is tested


def test_a_module_does_not_take_the_place_of_the_function() -> None:
    script = (
        "import supergraph.compose; from supergraph import compose; assert callable(compose); "
        "from supergraph.compose import compose as same; assert same is compose"
    )
    subprocess.run([sys.executable, "-c", script], check=True)  # our own text


def test_a_result_is_either_a_supergraph_or_errors() -> None:
    fine = compose([SubgraphInput("a", "http://a", "type Query { x: Int }")])
    assert fine.supergraph_sdl is not None
    assert fine.errors == ()
    assert [field.name for field in dataclasses.fields(CompositionResult)][:3] == [
        "supergraph_sdl",
        "errors",
        "hints",
    ]


def test_an_error_says_code_message_places_and_coordinate() -> None:
    result = compose(
        [
            SubgraphInput("a", None, "type Query { t: T }\ntype T {\n  x: Int\n}", "a.graphql"),
            SubgraphInput("b", None, "type T {\n  x: String }"),
        ]
    )
    error = next(item for item in result.errors if item.code is ErrorCode.FIELD_TYPE_MISMATCH)
    assert error.code == "FIELD_TYPE_MISMATCH"
    assert error.coordinate == "T.x"
    assert '"a"' in error.message
    assert [(p.subgraph, p.file, p.line, p.column) for p in error.locations] == [
        ("a", "a.graphql", 3, 3),
        ("b", None, 2, 3),
    ]


@pytest.mark.parametrize(
    "subgraphs",
    [
        [],
        [SubgraphInput("a", None, "")],
        [SubgraphInput("", None, "type Query { x: Int }")],
        [SubgraphInput("a", None, "\ufefftype Query { x: \x00 }")],
        [SubgraphInput("a", None, "type Query { x: Int }"), SubgraphInput("a", None, "{")],
        [SubgraphInput("a", None, "type Query { x: " + "[" * 50_000 + "Int")],
        [SubgraphInput("a", None, "query { x }")],
    ],
    ids=["none", "empty", "nameless", "control characters", "same name", "deep", "operation"],
)
def test_mistakes_are_values(subgraphs: list[SubgraphInput]) -> None:
    result = compose(subgraphs)
    assert result.supergraph_sdl is None
    assert result.errors
    assert all(error.message.strip() for error in result.errors)
