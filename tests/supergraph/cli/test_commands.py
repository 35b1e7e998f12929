"""`dictamesh supergraph compose` and `inspect`, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from supergraph.load import load_supergraph
from tests.supergraph.cli.project import LINK, PRODUCTS, RATINGS, run, serving


def compose(directory: Path, *arguments: object) -> Result:
    return run("compose", "--config", directory / "supergraph.yaml", *arguments)


def test_prints_the_supergraph(project: Path) -> None:
    result = compose(project)
    assert result.exit_code == 0
    graph = load_supergraph(result.stdout)
    assert {name: item.url for name, item in graph.graphs.items()} == {
        "products": "http://products",
        "ratings": "http://ratings",
    }


def test_writes_the_supergraph_to_a_file(project: Path) -> None:
    out = project / "new" / "supergraph.graphql"
    result = compose(project, "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    load_supergraph(out.read_text())
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_shows_the_line_an_error_is_about_and_leaves_the_old_file(project: Path) -> None:
    (project / "ratings.graphql").write_text(RATINGS.replace("stars: Int", "price: String"))
    out = project / "supergraph.graphql"
    out.write_text("old")
    result = compose(project, "--out", out)
    assert result.exit_code == 2
    assert out.read_text() == "old"
    assert result.stdout == ""
    assert "error[FIELD_TYPE_MISMATCH]: Type of field" in result.stderr
    assert "products.graphql:5:3\n  5 |   price: Int\n    |   ^" in result.stderr
    assert "ratings.graphql:4:3\n  4 |   price: String\n    |   ^" in result.stderr
    assert "do not compose: 2 errors" in result.stderr


def test_json_is_one_object(project: Path) -> None:
    (project / "ratings.graphql").write_text(RATINGS.replace("stars: Int", "price: String"))
    result = compose(project, "--format", "json")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    first = report["errors"][0]
    assert first["code"] == "FIELD_TYPE_MISMATCH"
    assert first["coordinate"] == "P.price"
    assert [(place["subgraph"], place["line"]) for place in first["locations"]] == [
        ("products", 5),
        ("ratings", 4),
    ]
    assert report["hints"] == []


def test_json_carries_the_supergraph_if_it_goes_nowhere_else(project: Path) -> None:
    report = json.loads(compose(project, "--format", "json").stdout)
    load_supergraph(report["supergraph_sdl"])
    report = json.loads(compose(project, "--format", "json", "--out", project / "o").stdout)
    assert report == {"errors": [], "hints": []}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("routing_url: http://products", "routingurl: x", '4: unknown key "routingurl"'),
        ("federation_version: =2.9", "federation_version: =2.99", '1: federation_version "=2.99"'),
        ("federation_version: =2.9", "federation_version: 1", "1: federation_version 1 is not"),
        ("federation_version: =2.9", "federation_version: ~", None),
        ("federation_version: =2.9", "federation_version: 2", None),
        ("file: ./products.graphql", "file: 3", '6: "file" of the schema of subgraph "products"'),
        ("file: ./products.graphql", "fil: a", '6: unknown key "fil"'),
        (
            "file: ./products.graphql",
            "file: a\n      sdl: b",
            "exactly one of file, files, url, subgraph_url",
        ),
        ("file: ./products.graphql", "file: nope", 'Subgraph "products": there is no file'),
        ("file: ./products.graphql", "file: ${env.NOT_SET_HERE}", "variable NOT_SET_HERE"),
        ("  ratings:", "  products:", "each key may stand once"),
        ("subgraphs:", "subgraphs: [", "not valid YAML"),
        ("subgraphs:", "graphs:", '2: unknown key "graphs"'),
    ],
)
def test_says_what_is_wrong_with_the_configuration(
    project: Path, old: str, new: str, said: str | None
) -> None:
    path = project / "supergraph.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    result = compose(project)
    if said is None:
        assert result.exit_code == 0, result.stderr
        return
    assert result.exit_code == 4
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_reports_all_mistakes_of_a_configuration(project: Path) -> None:
    (project / "supergraph.yaml").write_text(
        "federation_version: x\nsubgraphs:\n  a: {}\n  b: {schema: {}}\n  c: 3\n"
    )
    result = compose(project)
    assert result.exit_code == 4
    assert [line.rpartition("supergraph.yaml:")[2][0] for line in result.stderr.splitlines()] == [
        "1",
        "3",
        "4",
        "5",
    ]


def test_usage_errors_have_their_own_exit_code(project: Path) -> None:
    assert run("compose", "--config", project / "missing.yaml").exit_code == 4
    assert run("compose", "--nonsense").exit_code == 4
    assert run("compose", "--format", "xml").exit_code == 4
    assert run("compose", "--config", project).exit_code == 4


def test_configuration_errors_are_json_where_json_is_asked_for(project: Path) -> None:
    result = run("compose", "--config", project / "missing.yaml", "--format", "json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["errors"][0]["code"] == "CONFIGURATION"


def test_a_file_that_cannot_be_written_is_a_sentence(project: Path) -> None:
    result = compose(project, "--out", project / "products.graphql" / "x")
    assert result.exit_code == 4
    assert "cannot be written" in result.stderr


def from_server(project: Path, url: str) -> Result:
    (project / "supergraph.yaml").write_text(
        "subgraphs:\n"
        "  products:\n"
        "    schema:\n"
        f"      subgraph_url: {url}\n"
        "      introspection_headers: { X-Key: secret-key }\n"
    )
    return compose(project)


def test_asks_a_running_subgraph_for_its_schema(project: Path) -> None:
    body = json.dumps({"data": {"_service": {"sdl": PRODUCTS}}}).encode()
    seen: list[str] = []
    with serving(lambda: body, seen=seen) as url:
        result = from_server(project, url)
    assert result.exit_code == 0, result.stderr
    assert "_service { sdl }" in seen[0]
    assert seen[1] == "secret-key"
    # Without a routing_url the gateway reaches the subgraph where its schema came from.
    assert f'url: "{url}"' in result.stdout


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"<html>oops</html>", "HTTP 500 and an HTML page instead of JSON"),
        (200, b'{"data": {"_service"', "no JSON"),
        (200, b"[]", "no _service.sdl"),
        (200, b'{"data": {"_service": {"sdl": 3}}}', "no _service.sdl"),
        (200, b'{"errors": [{"message": "not allowed"}]}', '"not allowed"'),
    ],
)
def test_says_what_a_subgraph_answered_instead(
    project: Path, status: int, body: bytes, said: str
) -> None:
    with serving(lambda: body, status) as url:
        result = from_server(project, url)
    assert result.exit_code == 4
    assert said in result.stderr
    assert "secret-key" not in result.stderr


def test_credentials_of_a_url_are_never_shown(project: Path) -> None:
    result = from_server(project, "http://user:hunter2@127.0.0.1:1/graphql?token=hunter3")
    assert result.exit_code == 4
    assert "nothing listens at http://127.0.0.1:1/graphql" in result.stderr
    assert "hunter" not in result.stderr


def test_inspects_a_subgraph(project: Path) -> None:
    config = project / "supergraph.yaml"
    result = run("inspect", "subgraph", "products", "--config", config)
    assert result.exit_code == 0
    assert "# products: Federation 2.5" in result.stdout
    assert 'type P\n  @key(fields: "id")\n{\n  id: ID!\n  price: Int\n}' in result.stdout
    missing = run("inspect", "subgraph", "nope", "--config", config)
    assert (missing.exit_code, "products, ratings" in missing.stderr) == (4, True)


def test_inspects_a_query_graph(project: Path) -> None:
    out = project / "supergraph.graphql"
    compose(project, "--out", out)
    result = run("inspect", "graph", "--supergraph", out)
    assert result.exit_code == 0
    assert "P@ratings\n  id: ID! -> ID@ratings\n  stars: Int" in result.stdout
    assert run("inspect", "graph", "--supergraph", out, "--format", "dot").exit_code == 0
    assert run("inspect", "graph", "--supergraph", project / "supergraph.yaml").exit_code == 4


def from_url(project: Path, url: str) -> Result:
    (project / "supergraph.yaml").write_text(
        "subgraphs:\n"
        "  products:\n"
        "    routing_url: http://products\n"
        "    schema:\n"
        f"      url: {url}\n"
        "      introspection_headers: { X-Key: secret-key }\n"
    )
    return compose(project)


def test_fetches_sdl_from_a_url(project: Path) -> None:
    seen: list[str] = []
    with serving(PRODUCTS.encode, seen=seen) as url:
        result = from_url(project, url)
    assert result.exit_code == 0, result.stderr
    assert seen == ["secret-key"]
    assert 'url: "http://products"' in result.stdout


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"not found", "HTTP 404"),
        (200, b"\n<!doctype html>", "an HTML page"),
        (200, b'{"data": {}}', "named by subgraph_url"),
        (200, b"\xff\xfe", "not UTF-8"),
    ],
)
def test_says_what_a_url_answered_instead(
    project: Path, status: int, body: bytes, said: str
) -> None:
    with serving(lambda: body, status) as url:
        result = from_url(project, url)
    assert result.exit_code == 4
    assert said in result.stderr
    assert "secret-key" not in result.stderr


def test_an_address_without_a_scheme_is_a_sentence(project: Path) -> None:
    result = from_url(project, "products.example/schema.graphql")
    assert result.exit_code == 4
    assert "starts with http://" in result.stderr


def test_several_configurations_make_one_supergraph(project: Path) -> None:
    (project / "team").mkdir()
    (project / "team" / "stock.graphql").write_text(RATINGS.replace("stars", "stock"))
    other = project / "team" / "supergraph.yaml"
    other.write_text(
        "subgraphs:\n  stock: {routing_url: http://stock, schema: {file: stock.graphql}}\n"
    )
    result = compose(project, "--config", other)
    assert result.exit_code == 0, result.stderr
    assert set(load_supergraph(result.stdout).graphs) == {"products", "ratings", "stock"}


def test_a_subgraph_in_two_configurations_is_an_error_with_both_places(project: Path) -> None:
    other = project / "other.yaml"
    other.write_text("subgraphs:\n  ratings: {schema: {sdl: 'type Query { x: Int }'}}\n")
    result = compose(project, "--config", other)
    assert result.exit_code == 4
    assert f'{other}:2: subgraph "ratings" is listed at' in result.stderr
    assert "supergraph.yaml:7 already" in result.stderr


def test_a_long_line_is_shown_around_the_place(project: Path) -> None:
    fields = " ".join(f"field{index}: Int" for index in range(100))
    (project / "ratings.graphql").write_text(
        LINK + f'type P @key(fields: "id") {{ id: ID! {fields} price: String }}'
    )
    result = compose(project)
    line, caret = result.stderr.split("ratings.graphql:2:")[1].splitlines()[1:3]
    assert "… " in line
    assert len(line) < 200
    assert line[caret.index("^") :].startswith("price: String")


def test_says_what_was_composed_where_it_went(project: Path) -> None:
    result = compose(project, "--out", project / "out.graphql")
    assert "Composed 2 subgraphs with 2 types and 4 fields into" in result.stderr


def test_text_is_coloured_on_a_terminal_only(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "ratings.graphql").write_text(RATINGS.replace("stars: Int", "price: String"))
    assert "\x1b[" not in compose(project).stderr
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror[FIELD_TYPE_MISMATCH]" in compose(project).stderr


def test_inspects_who_resolves_what(project: Path) -> None:
    result = run("inspect", "satisfiability", "--config", project / "supergraph.yaml")
    assert result.exit_code == 0
    assert (
        'P\n  @key "id" in products\n  @key "id" in ratings\n'
        "  id: ID! - products; ratings\n  price: Int - products\n  stars: Int - ratings\n"
    ) in result.stdout
    assert "Every query has a plan." in result.stderr


def test_inspects_queries_without_a_plan(project: Path) -> None:
    (project / "ratings.graphql").write_text(RATINGS.replace('"id"', '"id", resolvable: false'))
    result = run("inspect", "satisfiability", "--config", project / "supergraph.yaml")
    assert result.exit_code == 2
    assert "error[SATISFIABILITY_ERROR]" in result.stderr
    assert "stars" in result.stderr


def test_inspects_the_api_schema(project: Path) -> None:
    result = run("inspect", "api-schema", "--config", project / "supergraph.yaml")
    assert "type P {\n  id: ID!\n  price: Int\n  stars: Int\n}" in result.stdout
    assert "@join" not in result.stdout


def test_inspecting_says_what_does_not_compose(project: Path) -> None:
    (project / "ratings.graphql").write_text("type P {")
    for stage in ("graph", "satisfiability", "api-schema"):
        result = run("inspect", stage, "--config", project / "supergraph.yaml")
        assert result.exit_code == 2
        assert "INVALID_GRAPHQL" in result.stderr
    assert run("inspect", "graph", "--supergraph", "x", "--config", "y").exit_code == 4


TAGGED = PRODUCTS.replace("top: P", 'top: P @tag(name: "shop")').replace(
    "id: ID!", 'id: ID! @tag(name: "shop")'
)


def contract(project: Path, *arguments: object) -> Result:
    (project / "products.graphql").write_text(TAGGED)
    return run("contract", "--config", project / "supergraph.yaml", *arguments)


def test_makes_a_contract(project: Path) -> None:
    result = contract(project, "--include", "shop")
    assert result.exit_code == 0, result.stderr
    shown = load_supergraph(result.stdout).api_schema
    assert set(getattr(shown.type_map["P"], "fields", ())) == {"id"}
    out = project / "contract.graphql"
    supergraph = project / "supergraph.graphql"
    assert compose(project, "--out", supergraph).exit_code == 0
    result = run("contract", "--supergraph", supergraph, "--include", "shop", "--out", out)
    assert "The contract hides 2 elements" in result.stderr
    load_supergraph(out.read_text())


def test_a_contract_that_leaves_nothing_is_refused_with_the_reason(project: Path) -> None:
    result = contract(project, "--include", "shpo")
    assert result.exit_code == 2
    assert 'Nothing in the supergraph has the tag "shpo"' in result.stderr
    assert "QUERY_ROOT_TYPE_INACCESSIBLE" in result.stderr
    report = json.loads(contract(project, "--include", "shpo", "--format", "json").stdout)
    assert report["unknown_tags"] == ["shpo"]
    assert report["errors"][0]["code"] == "QUERY_ROOT_TYPE_INACCESSIBLE"


def test_a_contract_of_nothing_is_a_usage_error(project: Path) -> None:
    assert contract(project).exit_code == 4
    assert contract(project, "--supergraph", "x", "--include", "y").exit_code == 4
    not_one = run("contract", "--supergraph", project / "supergraph.yaml", "--include", "y")
    assert (not_one.exit_code, "supergraph.yaml" in not_one.stderr) == (4, True)


def test_extracts_subgraphs_that_compose_again(project: Path) -> None:
    out = project / "supergraph.graphql"
    compose(project, "--out", out)
    parts = project / "parts"
    result = run("extract", "--supergraph", out, "--out", parts)
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in parts.iterdir()} == {
        "products.graphql",
        "ratings.graphql",
        "supergraph.yaml",
    }
    assert compose(parts).stdout == out.read_text()
    one = run("extract", "--supergraph", out, "--subgraph", "ratings")
    assert one.stdout == (parts / "ratings.graphql").read_text()
    assert run("extract", "--supergraph", out, "--subgraph", "nope").exit_code == 4
    assert run("extract", "--supergraph", out).exit_code == 4
    assert run("extract", "--supergraph", project / "supergraph.yaml", "--out", "x").exit_code == 4


def test_extracts_subgraphs_whatever_they_are_called(project: Path) -> None:
    names = ["../up", "a b", "a_b", "A B", 'quo"te']
    listed = "".join(
        f"  {json.dumps(name)}: {{ schema: {{ sdl: 'type Query {{ f{index}: Int }}' }} }}\n"
        for index, name in enumerate(names)
    )
    (project / "supergraph.yaml").write_text(f"subgraphs:\n{listed}")
    out = project / "supergraph.graphql"
    assert compose(project, "--out", out).exit_code == 0
    parts = project / "parts"
    assert run("extract", "--supergraph", out, "--out", parts).exit_code == 0
    assert len(list(parts.iterdir())) == len(names) + 1
    assert compose(parts).stdout == out.read_text()
