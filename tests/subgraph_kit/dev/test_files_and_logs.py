"""What counts as a change of a subgraph, and how its output is followed."""

from pathlib import Path

from subgraph_kit.dev.files import stamps
from subgraph_kit.dev.logs import LogFollower


def test_sources_below_a_directory_are_looked_at_and_rubbish_is_not(tmp_path: Path) -> None:
    for name in ("app.py", "deep/schema.graphql", "a.pyc", "__pycache__/b.py", ".venv/c.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert sorted(path.name for path in stamps([tmp_path])) == ["app.py", "schema.graphql"]


def test_a_change_and_a_removal_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("a")
    before = stamps([tmp_path])
    file.write_text("ab")
    after = stamps([tmp_path])
    file.unlink()

    assert before != after
    assert stamps([tmp_path]) == {} == stamps([tmp_path / "gone.yaml"])


def test_lines_come_whole_and_once(tmp_path: Path) -> None:
    log, follower = tmp_path / "log", LogFollower()
    log.write_text("of yesterday\n")
    follower.follow(log)

    with log.open("a") as file:
        file.write("one\ntw")
        file.flush()
        assert list(follower.new_lines(log)) == ["one"]
        file.write("o\n")
        file.flush()
        assert list(follower.new_lines(log)) == ["two"]
    assert list(follower.new_lines(log)) == []


def test_a_log_that_was_cut_or_is_gone_is_followed_on(tmp_path: Path) -> None:
    log, follower = tmp_path / "log", LogFollower()
    log.write_text("a long line of yesterday\n")
    follower.follow(log)
    log.write_text("new\n")

    assert list(follower.new_lines(log)) == ["new"]
    log.unlink()
    assert list(follower.new_lines(log)) == []
