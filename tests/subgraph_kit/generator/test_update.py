"""`dictamesh subgraph update`: what the user made of a project survives, whatever changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import dictamesh
import subgraph_kit.scaffold.render as render
import subgraph_kit.scaffold.write as write
from subgraph_kit.cli import app, schema_changes
from tests.subgraph_kit.generator.sources import shop_database

ORDER = "shop_subgraph/entities/order.py"


class Project:
    """A project of the shop's database, and what a user does with both."""

    def __init__(self, directory: Path) -> None:
        self.database = shop_database(directory)
        self.path = directory / "shop"
        self.command("new", "shop", "--from", f"sqlite:{self.database}", "--out", str(self.path))

    def command(self, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(
            app, [*arguments, *(["--yes"] if arguments[0] == "new" else [])]
        )
        assert result.exit_code == code, (result.output, result.exception)
        return result

    def update(self, *options: str, code: int = 0) -> str:
        return self.command("update", str(self.path), "--yes", *options, code=code).output

    def sql(self, script: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)
            connection.commit()

    def files(self) -> dict[str, str]:
        return {
            path.relative_to(self.path).as_posix(): path.read_text()
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }

    def read(self, path: str) -> str:
        return (self.path / path).read_text()

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text
        (self.path / path).write_text(text.replace(old, new, 1))

    def edit_all(self) -> None:
        """Put a line before the first of every file but the memory."""
        for path, text in self.files().items():
            if not path.startswith(".dictamesh/"):
                (self.path / path).write_text(mark(path) + text)

    def edited(self) -> set[str]:
        return {path for path, text in self.files().items() if text.startswith(mark(path))}


def mark(path: str) -> str:
    """A line that changes nothing for whoever reads such a file."""
    return "\n" if path.endswith((".json", ".typed", ".md")) else "# mine\n"


@pytest.fixture(autouse=True)
def _nobody_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_changes, "_graders", [])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_running_it_twice_changes_nothing(project: Project) -> None:
    before = project.files()
    assert "Nothing to change" in project.update()
    project.sql("ALTER TABLE customers ADD COLUMN city TEXT")
    project.update()
    after = project.files()
    assert "city" in after["shop_subgraph/entities/customer.py"]
    assert after != before
    assert "Nothing to change" in project.update()
    assert project.files() == after


def test_edits_in_every_file_survive_a_changed_source(project: Project) -> None:
    project.edit_all()
    edited = project.edited()
    assert len(edited) > 30
    project.sql(
        """ALTER TABLE customers ADD COLUMN city TEXT;
        CREATE TABLE shelves (id INTEGER PRIMARY KEY, tag TEXT REFERENCES tags(name))"""
    )
    output = project.update()
    assert "conflict" not in output
    assert project.edited() == edited
    files = project.files()
    assert "city" in files["shop_subgraph/entities/customer.py"]
    assert "shelf.ShelfAdapter" in files["shop_subgraph/adapters.py"]
    assert "type Shelf @key" in files["schema.graphql"]
    assert "| `Shelf` |" in files["README.md"]
    assert "class TestShelf" in files["tests/test_contract.py"]


def test_edits_in_every_file_survive_changed_templates(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.edit_all()
    edited = project.edited()
    templates = render._templates()

    def changed() -> Mapping[str, str]:
        return {
            name: text + ("" if "json" in name or not text else "# of the new template\n")
            for name, text in templates.items()
        }

    render._environment.cache_clear()
    monkeypatch.setattr(render, "_templates", changed)
    try:
        project.update()
    finally:
        render._environment.cache_clear()
    assert project.edited() == edited
    merged = [p for p, text in project.files().items() if text.endswith("# of the new template\n")]
    assert len(merged) > 25


def test_a_real_conflict_is_marked_and_not_guessed_at(project: Project) -> None:
    before, after = ('"parcelId",\n            "string",', '"parcelId",\n            "uuid",')
    project.edit(ORDER, before, after)
    project.sql("DROP INDEX orders_parcel")
    output = project.update(code=1)
    assert f"{ORDER}: conflicts with yours (1)" in output
    text = project.read(ORDER)
    assert "<<<<<<< yours" in text
    assert after in text
    assert ">>>>>>> rendered now" in text
    project.sql("ALTER TABLE orders ADD COLUMN note TEXT")
    assert "still has the conflict markers" in project.update(code=4)


def test_a_deleted_file_stays_deleted_and_an_added_one_is_not_touched(project: Project) -> None:
    (project.path / "compose.yaml").unlink()
    (project.path / "shop_subgraph" / "entities" / "mine.py").write_text("MINE = 1\n")
    project.edit("README.md", "# shop-subgraph", "# Our shop")
    project.sql("ALTER TABLE customers ADD COLUMN city TEXT")
    project.update()
    assert not (project.path / "compose.yaml").exists()
    assert project.read("shop_subgraph/entities/mine.py") == "MINE = 1\n"
    assert project.read("README.md").startswith("# Our shop")


@pytest.mark.parametrize("is_edited", [False, True])
def test_what_is_not_rendered_any_more_goes_unless_it_was_edited(
    project: Project, is_edited: bool
) -> None:
    module = "shop_subgraph/entities/tag.py"
    if is_edited:
        project.edit(module, "class TagAdapter", "# mine\nclass TagAdapter")
    project.sql("DROP TABLE order_tags; DROP TABLE tags")
    before = project.files()
    output = project.update(code=4)
    assert "the type Tag would be gone" in output
    assert project.files() == before
    project.update("--drop-keys")
    assert (project.path / module).exists() is is_edited
    assert "tag.TagAdapter" not in project.read("shop_subgraph/adapters.py")


def test_a_key_is_not_dropped_silently(project: Project) -> None:
    project.sql(
        """CREATE TABLE new_customers (id INTEGER PRIMARY KEY, email TEXT, full_name TEXT);
        DROP TABLE customers; ALTER TABLE new_customers RENAME TO customers"""
    )
    before = project.files()
    output = project.update(code=4)
    assert "the key 'email' of Customer would be gone" in output
    assert project.files() == before
    project.update("--drop-keys")
    assert '@key(fields: "email")' not in project.read("schema.graphql")


def test_a_renamed_column_keeps_its_name_in_the_graph_if_the_answers_say_so(
    project: Project, tmp_path: Path
) -> None:
    project.sql("ALTER TABLE customers RENAME COLUMN full_name TO display_name")
    output = project.command("diff", str(project.path)).output
    assert "customers: full_name is gone and display_name is new" in output
    answers = tmp_path / "answers.yaml"
    answers.write_text(
        project.read(".dictamesh/answers.yaml").replace(
            "renames: {}", "renames: {customers.display_name: fullName}"
        )
    )
    project.update("--answers", str(answers))
    text = project.read("shop_subgraph/entities/customer.py")
    assert 'SqlColumn("fullName", "display_name")' in text
    assert "Nothing to change" in project.update()


def test_names_stay_when_the_source_grows(project: Project) -> None:
    project.sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT)")
    project.update()
    text = project.read("shop_subgraph/entities/customer.py")
    assert '"customers",' in text
    assert "from the table `customers`" in text


def test_rows_that_come_and_go_are_no_drift(project: Project) -> None:
    project.sql("INSERT INTO customers VALUES (3, 'eve@x', 'Eve'), (4, 'joe@x', 'Joe')")
    assert "is what its source gives" in project.command("check", str(project.path)).output
    project.sql(
        """WITH RECURSIVE n(i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
        INSERT INTO customers SELECT i, i || '@x', 'Name' FROM n"""
    )
    project.update()
    assert "row_estimate=50" in project.read("shop_subgraph/entities/customer.py")


def test_what_a_change_means_for_the_graph_is_graded(project: Project) -> None:
    dictamesh.grade_schema_changes()  # as the command does
    project.sql(
        """CREATE TABLE changed (
          shop TEXT NOT NULL, number INTEGER NOT NULL,
          customer_id INTEGER REFERENCES customers(id),
          status TEXT CHECK (status IN ('open', 'in progress', 'done', 'lost')),
          total NUMERIC(10, 2), updated_at TIMESTAMP NOT NULL, PRIMARY KEY (shop, number)
        );
        INSERT INTO changed SELECT shop, number, customer_id, status, total, updated_at FROM orders;
        DROP TABLE orders; ALTER TABLE changed RENAME TO orders;
        CREATE INDEX orders_total ON orders(total);
        ALTER TABLE customers ADD COLUMN city TEXT"""
    )
    shown = project.command("check", str(project.path), code=1).output.splitlines()
    graded = [line for line in shown if line.startswith(("breaking", "dangerous", "safe"))]
    assert graded == [
        'breaking: Field "Order.parcelId" was removed.',
        'breaking: Field "Order.total" changed its type from "Decimal!" to "Decimal".',
        'breaking: Input field "OrderFilter.parcelId" was removed.',
        'breaking: Enum value "OrderOrderBy.parcelId_ASC" was removed.',
        'breaking: Enum value "OrderOrderBy.parcelId_DESC" was removed.',
        'dangerous: Enum value "OrderStatus.LOST" was added.',
        'safe: Field "Customer.city" of type "String" was added.',
    ]
    assert [line for line in project.update().splitlines() if line in graded] == graded


def test_diff_and_check_tell_of_drift_and_write_nothing(project: Project) -> None:
    assert "is what its source gives" in project.command("check", str(project.path)).output
    project.sql("ALTER TABLE customers ADD COLUMN city TEXT")
    before = project.files()
    shown = project.command("diff", str(project.path)).output
    assert "+  city: String" in shown
    project.command("diff", "--check", str(project.path), code=1)
    assert "customer.py: changed" in project.command("check", str(project.path), code=1).output
    assert project.files() == before


def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.sql("ALTER TABLE customers ADD COLUMN city TEXT")
    before = project.files()
    real, written = write._replace, []

    def fails(target: Path, content: bytes) -> None:
        written.append(target)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        real(target, content)

    monkeypatch.setattr(write, "_replace", fails)
    assert "everything is as it was" in project.update(code=4)
    assert project.files() == before


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda p: (p / ".dictamesh/render.json").write_text("{"), "is damaged"),
        (lambda p: (p / ".dictamesh/answers.yaml").unlink(), "is no project made by"),
        (lambda p: (p / ".dictamesh/answers.yaml").write_text("a: ["), "not valid YAML"),
        (lambda p: (p / "README.md").write_bytes(b"\xff"), "not UTF-8"),
    ],
)
def test_a_damaged_project_is_told_in_a_sentence(
    project: Project, break_it: Any, problem: str
) -> None:
    project.sql("ALTER TABLE customers ADD COLUMN city TEXT; DROP INDEX orders_parcel;"
                "CREATE TABLE shelves (id INTEGER PRIMARY KEY)")  # fmt: skip
    break_it(project.path)
    assert problem in project.update(code=4)
