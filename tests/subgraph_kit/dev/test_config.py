"""`supergraph.yaml` and `dictamesh.dev.yaml` together say what `dictamesh dev` starts."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from subgraph_kit.dev.config import DEV_FILE, load_plan
from subgraph_kit.errors import ConfigurationError

SUPERGRAPH = """
    subgraphs:
      books:
        routing_url: http://127.0.0.1:4101/graphql
        schema: {file: books/schema.graphql}
      shops:
        routing_url: http://shops.internal/graphql
        schema: {subgraph_url: http://shops.internal/graphql}
"""


def mesh(directory: Path, dev: str | None = None, supergraph: str = SUPERGRAPH) -> Path:
    (directory / "books").mkdir(exist_ok=True)
    (directory / "supergraph.yaml").write_text(dedent(supergraph))
    if dev is not None:
        (directory / DEV_FILE).write_text(dedent(dev))
    return directory / "supergraph.yaml"


def refused(directory: Path, dev: str | None = None, supergraph: str = SUPERGRAPH) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_plan(mesh(directory, dev, supergraph))
    return str(raised.value)


def test_a_subgraph_with_an_entry_is_started_and_the_others_run_elsewhere(tmp_path: Path) -> None:
    plan = load_plan(
        mesh(
            tmp_path,
            """
            subgraphs:
              books:
                directory: books
                command: "{python} -m books --port {port} --title 'two words'"
                environment: {LOG_LEVEL: DEBUG}
            """,
        )
    )

    (books,) = plan.programs
    assert books.command == (
        sys.executable, "-m", "books", "--port", "4101", "--title", "two words",
    )  # fmt: skip
    assert books.directory == tmp_path / "books"
    assert books.watch == (tmp_path / "books",)
    assert books.environment == {"LOG_LEVEL": "DEBUG"}
    assert plan.elsewhere == ("shops",)
    assert plan.schema_files == (tmp_path / "books/schema.graphql",)


def test_a_directory_with_an_environment_of_its_own_runs_in_it(tmp_path: Path) -> None:
    config = mesh(tmp_path, "subgraphs: {books: {directory: books, command: '{python}'}}")
    python = tmp_path / "books/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()

    assert load_plan(config).programs[0].command == (str(python),)


def test_without_a_dev_file_everything_runs_elsewhere(tmp_path: Path) -> None:
    plan = load_plan(mesh(tmp_path))

    assert plan.programs == ()
    assert plan.elsewhere == ("books", "shops")


@pytest.mark.parametrize(
    ("dev", "sentence"),
    [
        ("subgraphs: {films: {command: x}}", '"films", which supergraph.yaml does not list'),
        ("subgraphs: {books: {}}", "subgraphs.books.command: Field required"),
        ("subgraphs: {books: {command: x, comand: y}}", "subgraphs.books.comand: Extra inputs"),
        ("subgraphs: {books: {command: x, directory: gone}}", "is not there"),
        ("subgraphs: {books: {command: '{prot}'}}", 'the command of "books" cannot be read'),
        ('subgraphs: {books: {command: "x \'y"}}', 'the command of "books" cannot be read'),
        ("subgraphs: {books: {command: ''}}", 'the command of "books" is empty'),
        ("subgraphs: {shops: {command: x}}", 'routing_url of "shops" must be of this machine'),
        ("- books", "must be a mapping"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_wrong_dev_file_is_refused_with_a_sentence(
    tmp_path: Path, dev: str, sentence: str
) -> None:
    assert sentence in refused(tmp_path, dev)


def test_two_subgraphs_on_one_port_are_refused(tmp_path: Path) -> None:
    supergraph = """
        subgraphs:
          a: {routing_url: "http://127.0.0.1:4101", schema: {file: a.graphql}}
          b: {routing_url: "http://localhost:4101", schema: {file: b.graphql}}
    """

    said = refused(tmp_path, "subgraphs: {a: {command: x}, b: {command: x}}", supergraph)

    assert '"a" and "b" have the same port 4101' in said


@pytest.mark.parametrize("supergraph", ["", "subgraphs: {}", "subgraphs: [books]"])
def test_a_configuration_without_subgraphs_is_refused(tmp_path: Path, supergraph: str) -> None:
    assert "lists no subgraphs" in refused(tmp_path, supergraph=supergraph)


def test_a_configuration_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_plan(tmp_path / "none.yaml")


def test_a_generated_project_is_started_without_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKS_GIVEN", "by the environment")
    answers = tmp_path / "books" / ".dictamesh" / "answers.yaml"
    answers.parent.mkdir(parents=True)
    answers.write_text("name: books\nfrom: blank\n")
    (tmp_path / "books" / ".env").write_text("BOOKS_SOURCE_URL=sqlite://\nBOOKS_GIVEN=no\n")
    plan = load_plan(mesh(tmp_path))
    (program,) = plan.programs
    assert program.command == (sys.executable, "-m", "books_subgraph", "--port", "4101")
    assert program.directory == tmp_path / "books"
    assert program.environment == {"BOOKS_SOURCE_URL": "sqlite://"}
    assert plan.elsewhere == ("shops",)
