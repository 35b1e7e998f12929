"""`dictamesh supergraph compose --watch`: composes at each change and keeps the last good file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from supergraph.cli.report import Format
from supergraph.cli.watch import Watcher
from supergraph.load import load_supergraph
from tests.supergraph.cli.project import RATINGS, run, serving

BROKEN = RATINGS.replace("stars: Int", "price: String")


class NothingMoreError(Exception):
    """Ends a watch that has nothing more to see."""


class Days:
    """A clock on which waiting takes no time, and things happen while one waits."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self.now = 0.0
        self.events = list(events)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if seconds < 0.5:
            return  # until it is quiet
        if not self.events:
            raise NothingMoreError
        self.events.pop(0)()


def watch(project: Path, *events: Callable[[], object], format: Format = Format.TEXT) -> None:
    days = Days(*events)
    watcher = Watcher(
        [project / "supergraph.yaml"], project / "out.graphql", format, 10, days.clock, days.sleep
    )
    with pytest.raises(NothingMoreError):
        watcher.run()


def fields(project: Path) -> list[str]:
    return list(load_supergraph((project / "out.graphql").read_text()).types["P"].fields)  # type: ignore[index] # a name


def test_composes_at_the_start_and_at_each_change(project: Path) -> None:
    seen: list[list[str]] = []
    watch(
        project,
        lambda: seen.append(fields(project)),
        lambda: (project / "ratings.graphql").write_text(RATINGS.replace("stars", "points")),
        lambda: seen.append(fields(project)),
    )
    assert seen == [["id", "price", "stars"], ["id", "price", "points"]]


def test_keeps_the_last_good_file_and_goes_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        seen.append(fields(project))

    watch(
        project,
        lambda: (project / "ratings.graphql").write_text(BROKEN),
        look,
        lambda: (project / "ratings.graphql").unlink(),
        look,
        lambda: (project / "supergraph.yaml").write_text("subgraphs: ["),
        look,
    )
    assert seen == [["id", "price", "stars"]] * 3
    said = capsys.readouterr().err
    assert "error[FIELD_TYPE_MISMATCH]" in said
    assert "there is no file" in said
    assert "not valid YAML" in said
    assert said.count("out.graphql stays as it was") == 3


def test_sees_files_that_the_configuration_names_later(project: Path) -> None:
    config = project / "supergraph.yaml"
    new = project / "stock.graphql"
    watch(
        project,
        lambda: (
            new.write_text(RATINGS.replace("stars", "stock")),
            config.write_text(
                config.read_text() + "  stock:\n    schema: { file: stock.graphql }\n"
            ),
        ),
        lambda: new.write_text(RATINGS.replace("stars", "shelf")),
        lambda: None,
    )
    assert fields(project) == ["id", "price", "stars", "shelf"]


def test_says_nothing_when_a_file_is_touched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(project, lambda: (project / "ratings.graphql").write_text(RATINGS), lambda: None)
    assert capsys.readouterr().err.count("2 subgraphs") == 1


def test_json_is_one_line_per_composition(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(
        project,
        lambda: (project / "ratings.graphql").write_text(BROKEN),
        lambda: (project / "ratings.graphql").unlink(),
        lambda: None,
        format=Format.JSON,
    )
    reports = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    codes = [[error["code"] for error in report["errors"]] for report in reports]
    assert codes[0] == []
    assert codes[1][0] == "FIELD_TYPE_MISMATCH"
    assert codes[2] == ["CONFIGURATION"]


def test_needs_a_file_to_write_and_files_to_watch(project: Path) -> None:
    config = project / "supergraph.yaml"
    assert "--out" in run("compose", "--config", config, "--watch").stderr
    missing = run("compose", "--config", project / "no.yaml", "--watch", "--out", project / "o")
    assert missing.exit_code == 4
    assert "no such file to watch" in missing.stderr


def test_ctrl_c_ends_it_cleanly(project: Path) -> None:
    out = project / "out.graphql"
    command = ["compose", "--config", "supergraph.yaml", "--watch", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-c", "from supergraph.cli import app; app()", *command],
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert out.exists()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 0
    assert said.endswith("Stopped watching.\n")
    assert "Traceback" not in said


def test_asks_subgraphs_for_their_schema_again(project: Path) -> None:
    served = project / "served.graphql"
    served.write_text(RATINGS)
    with serving(lambda: served.read_bytes()) as url:
        config = project / "supergraph.yaml"
        config.write_text(config.read_text().replace("file: ratings.graphql", f"url: {url}"))
        seen: list[list[str]] = []
        looks: list[Callable[[], object]] = [
            lambda: None
        ] * 25  # more than the ten seconds between two questions
        watch(
            project,
            lambda: served.write_text(RATINGS.replace("stars", "points")),
            lambda: seen.append(fields(project)),
            *looks,
            lambda: seen.append(fields(project)),
        )
    assert seen == [["id", "price", "stars"], ["id", "price", "points"]]
