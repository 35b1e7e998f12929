"""`dictamesh gateway plan` says why each call is there, draws the plan, and takes labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from gateway.cli import app
from tests.gateway.planner.quality import graph_sdl


class Run(Protocol):
    def __call__(self, graph: str, query: str, *options: str) -> str: ...


QUERY = """
query ($more: Boolean!) {
  top { title shipping reviews @include(if: $more) { author { name } } }
}
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    supergraph = tmp_path / "supergraph.graphql"

    def run(graph: str, query: str, *options: str) -> str:
        supergraph.write_text(graph_sdl(graph))
        result = CliRunner().invoke(
            app, ["plan", "--supergraph", str(supergraph), "--query", "-", *options], input=query
        )
        assert result.exit_code == 0, result.output
        return result.output.rstrip("\n")

    return run


def test_each_call_is_explained(run: Run) -> None:
    assert run("shop", QUERY, "--explain") == snapshot("""\
4 calls, at most 3 one after the other.

1. "products", at the root
   brings         Query.top, Product.title
   and for others Product.upc, Product.price, Product.weight
   waits for      nothing
   alternatives   none: no other subgraph has these fields

2. "inventory", for the objects at top.@
   brings         Product.shipping
   is sent        Product { upc price weight }
   waits for      1
   alternatives   none: no other subgraph has these fields

3. "reviews", for the objects at top.@
   brings         Product.reviews, Review.author
   and for others User.id
   is sent        Product { upc }
   waits for      1
   only with      @include(if: $more)
   alternatives   none: no other subgraph has these fields

4. "accounts", for the objects at top.@.reviews.@.author
   brings         User.name
   is sent        User { id }
   waits for      3
   only with      @include(if: $more)
   alternatives   none: no other subgraph has these fields\
""")


def test_alternatives_are_named(run: Run) -> None:
    text = run("shared values", "{ me { name mail } }", "--explain")
    assert "Me.name is also in a" in text


def test_the_root_fields_of_a_mutation_wait_for_each_other(run: Run) -> None:
    explained = json.loads(
        run(
            "mutations",
            "mutation { addA(n: 1) { a } addB(n: 2) { b } }",
            "--format",
            "json",
            "--explain",
        )
    )["explanation"]
    assert [(one["subgraph"], one["waits_for"]) for one in explained] == [("a", []), ("b", [1])]


def test_the_picture_has_a_box_per_call(run: Run) -> None:
    assert run("shop", QUERY, "--format", "mermaid") == snapshot("""\
flowchart TD
  client(["operation"])
  f1["<b>products</b><br/>root<br/>Query.top<br/>Product.title<br/>Product.upc<br/>Product.price<br/>Product.weight"]
  f2["<b>inventory</b><br/>top.@<br/>Product.shipping"]
  f3["<b>reviews</b><br/>top.@<br/>Product.reviews<br/>Review.author<br/>User.id"]
  f4["<b>accounts</b><br/>top.@.reviews.@.author<br/>User.name"]
  client --> f1
  f1 -->|"Product { upc price weight }"| f2
  f1 -->|"Product { upc } @include(if: $more)"| f3
  f3 -->|"User { id } @include(if: $more)"| f4\
""")


def test_labels_can_be_given(run: Run) -> None:
    without = run("overridden", "{ items { note } }")
    with_label = run("overridden", "{ items { note } }", "--label", "percent(50)")
    assert 'service: "new"' not in without
    assert 'service: "new"' in with_label


def test_a_query_that_needs_nothing_says_so(run: Run) -> None:
    assert run("shop", "{ __typename }", "--explain") == "Nothing has to be fetched."
