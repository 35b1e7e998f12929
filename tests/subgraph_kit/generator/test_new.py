"""`dictamesh subgraph new`: what it is told, what it says, and that nothing is half written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

import subgraph_kit.scaffold.generate as generate_module
from subgraph_kit.cli import app
from subgraph_kit.cli.dialogue import Quit, converse
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.blank import blank_model
from subgraph_kit.scaffold.locate import SourcePlace, parse_place, without_secrets
from subgraph_kit.scaffold.model import (
    BlankAccess,
    EntityModel,
    FieldModel,
    Guess,
    Note,
    Reference,
    SourceModel,
    TypeRef,
)
from subgraph_kit.scaffold.project import ProjectSpec, read_answers, write_answers
from subgraph_kit.scaffold.write import write_project
from tests.subgraph_kit.generator.sources import shop_database


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["new", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def test_it_says_what_it_found_wrote_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop_database(tmp_path)
    output = run("shop", "--from", "sqlite:shop.db", "--exclude", "tags", "--yes")
    assert "Looking at sqlite sqlite:///shop.db" in output
    assert "id or email" in output
    assert "Wrote shop (" in output
    assert "make setup && make test" in output
    settings = (tmp_path / "shop/shop_subgraph/settings.py").read_text()
    assert 'SecretStr("sqlite:///../shop.db")' in settings
    assert sorted(each.name for each in tmp_path.iterdir()) == ["shop", "shop.db"]


def test_a_dry_run_prints_the_schema_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = run("things", "--from", "blank", "--entity", "tool", "--dry-run")
    assert 'type Tool @key(fields: "id") {' in output
    assert list(tmp_path.iterdir()) == []


def test_answers_make_the_same_project_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop_database(tmp_path)
    run("shop", "--from", "sqlite:shop.db", "--rename", "customers=Client",
        "--rename", "orders.total=amount", "--key", "orders=number,shop", "--yes")  # fmt: skip
    first = (tmp_path / "shop/schema.graphql").read_text()
    assert 'type Order @key(fields: "number shop")' in first
    assert "  amount: Decimal!" in first
    assert "type Client @key" in first
    run("--answers", "shop/.dictamesh/answers.yaml", "--from", "sqlite:shop.db", "--out", "again",
        "--yes")  # fmt: skip
    assert (tmp_path / "again/schema.graphql").read_text() == first


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "say what the subgraph is called"),
        (["shop"], "say what to make it from"),
        (["Shop!", "--from", "blank"], "cannot be the name of a subgraph"),
        (["shop", "--from", "oracle:x"], "--from must be one of openapi:"),
        (["shop", "--from", "csv:"], "needs to know where: csv:path/to/file.csv"),
        (["shop", "--from", "csv:none.csv"], "none.csv"),
        (["shop", "--from", "sqlite:none.db"], "none.db"),
        (["shop", "--from", "openapi:none.yaml"], "none.yaml"),
        (["shop", "--from", "graphql:none.graphql"], "none.graphql"),
        (["shop", "--from", "postgres:postgresql://u:s3cret@127.0.0.1:1/x"], "127.0.0.1"),
        (["shop", "--from", "blank", "--out", "full"], "exists and is not empty"),
        (["shop", "--from", "blank", "--out", "file"], "is no directory"),
        (["shop", "--from", "blank", "--rename", "x"], "--rename takes SOURCE=NAME"),
        (["shop", "--answers", "none.yaml"], "--answers names a YAML file"),
        (["shop", "--answers", "file"], "answers are a mapping"),
        (["shop", "--from", "blank", "--supergraph", "none"], "--supergraph names what"),
        (["shop", "--from", "blank", "--entity", "1"], None),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    (tmp_path / "file").write_text("text")
    output = run(*arguments, "--yes", code=4 if problem else 0)
    if problem is None:
        return
    assert problem in " ".join(output.split())
    assert "Traceback" not in output
    assert "s3cret" not in output
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "full"]


def test_a_password_is_used_and_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def inspect(place: SourcePlace, *_: Any) -> SourceModel:
        asked.append(place.location)
        return blank_model(("thing",))

    monkeypatch.setattr(generate_module, "inspect_source", inspect)
    monkeypatch.chdir(tmp_path)
    output = run(
        "shop", "--from", "postgres:postgresql://me:s3cret@db/shop?password=s3cret", "--yes"
    )
    assert asked == ["postgresql://me:s3cret@db/shop?password=s3cret"]
    assert "the password was not written" in output
    assert "s3cret" not in output
    for path in (tmp_path / "shop").rglob("*"):
        assert path.is_dir() or "s3cret" not in path.read_text()
    answers = (tmp_path / "shop/.dictamesh/answers.yaml").read_text()
    assert "postgresql://me@db/shop" in answers


def test_ctrl_c_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    real = Path.write_text

    def interrupted(path: Path, *args: Any, **kwargs: Any) -> int:
        written.append(path)
        if len(written) == 9:
            raise KeyboardInterrupt
        return real(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_project(tmp_path / "shop", {f"a/{n}": "x" for n in range(20)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "kind", "location"),
    [
        ("postgresql://u@h/d", "postgres", "postgresql://u@h/d"),
        ("postgres:u@h/d", "postgres", "postgresql://u@h/d"),
        ("mysql:mysql://u@h/d", "mysql", "mysql://u@h/d"),
        ("sqlite:a/b.db", "sqlite", "sqlite:///a/b.db"),
        ("sqlite:///a.db", "sqlite", "sqlite:///a.db"),
        ("sqlite:/abs/b.db", "sqlite", "sqlite:////abs/b.db"),
        ("openapi:https://x/y.json", "openapi", "https://x/y.json"),
        ("CSV:./a.csv", "csv", "./a.csv"),
        ("blank", "blank", ""),
    ],
)
def test_a_source_is_named_by_kind_and_place(text: str, kind: str, location: str) -> None:
    assert parse_place(text) == SourcePlace(kind, location)


@pytest.mark.parametrize(
    ("location", "public"),
    [
        ("postgresql://u:p@h:1/d", "postgresql://u@h:1/d"),
        (
            "postgresql://u:p%40@h/d?sslmode=require&password=p",
            "postgresql://u@h/d?sslmode=require",
        ),
        ("https://u:p@h/x?api_key=k&page=1", "https://u@h/x?page=1"),
        ("https://h/x#token", "https://h/x"),
        ("a/b.csv", "a/b.csv"),
    ],
)
def test_what_is_written_down_has_no_secret(location: str, public: str) -> None:
    assert without_secrets(location) == public


def test_answers_are_read_as_they_are_written() -> None:
    spec = ProjectSpec(
        "a-b", "sqlite", "sqlite:///x.db", include=("a",), exclude=("b*",), entities={"a": "A"},
        keys={"a": ("x", "y")}, renames={"a.x": "z"}, supergraph="../g.graphql",
        accepted=("A.b",), declined=("A.c",),
    )  # fmt: skip
    assert read_answers(write_answers(spec), "answers.yaml") == spec


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "answers.yaml:1"),
        ("[]", "answers are a mapping"),
        ("name: x", "from must say"),
        ("name: x\nfrom: blank\nkye: {}", "unknown answer 'kye'"),
        ("name: x\nfrom: blank\nversion: 9", "newer dictamesh"),
        ("name: x\nfrom: blank\nkeys: 3", "keys must be a mapping"),
        ("name: X\nfrom: blank", "cannot be the name"),
    ],
)
def test_wrong_answers_are_told_by_their_member(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        read_answers(text, "answers.yaml")


GUESSED = SourceModel(
    kind="blank",
    address="",
    entities=(
        EntityModel(
            "Order",
            "orders",
            "orders",
            (("id",),),
            (
                FieldModel("id", "id", TypeRef("ID", nullable=False)),
                FieldModel("by", "by", TypeRef("ID")),
            ),
            BlankAccess(),
            references=(
                Reference("customer", "Customer", ("by",), ("id",), external=True,
                          guess=Guess("it is called so", 0.6)),
            ),
        ),
        *blank_model(("thing",)).entities,
    ),
    notes=(Note("orders.x", "has no type", "left_out"),),
)  # fmt: skip


def converse_with(monkeypatch: pytest.MonkeyPatch, *answers: str) -> tuple[Any, str]:
    given = iter(answers)
    monkeypatch.setattr("builtins.input", lambda *_: next(given))
    console = Console(record=True, width=100, force_terminal=False)
    looked: list[ProjectSpec] = []

    def look(spec: ProjectSpec) -> SourceModel:
        looked.append(spec)
        names = {"orders": "Order", **spec.entities}
        kept = tuple(e for e in GUESSED.entities if e.source_name not in spec.exclude)
        return replace(
            GUESSED,
            entities=tuple(replace(e, name=names.get(e.source_name, e.name)) for e in kept),
        )

    made = converse(console, ProjectSpec("shop", "blank", ""), look)
    return made, console.export_text()


def test_the_dialogue_asks_what_is_doubtful_shows_and_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, shown = converse_with(monkeypatch, "y", "s", "f", "README.md", "w")
    assert made.spec.accepted == ("Order.customer",)
    assert "looks like the key of another subgraph's Customer (it is called so)" in shown
    assert "  customer: Customer" in shown
    assert "shop_subgraph/entities/order.py" in shown
    assert "# shop-subgraph" in shown
    assert "orders.x: has no type" in shown


def test_the_dialogue_leaves_out_renames_and_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = converse_with(monkeypatch, "n", "e", "Thing", "n", "Order", "Purchase", "w")
    assert made.spec.declined == ("Order.customer",)
    assert made.spec.exclude == ("Thing",)
    assert "type Purchase @key" in made.files["schema.graphql"]
    assert "customer: Customer" not in made.files["schema.graphql"]
    with pytest.raises(Quit):
        converse_with(monkeypatch, "y", "q")
