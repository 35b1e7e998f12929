"""What the gateway writes down of operations: enough for checks, and nothing of any user."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.config.usage import UsageSettings
from gateway.usage import UsageRecorder
from gateway.usage import recorder as module
from gateway.usage.files import UsageFiles
from gateway.usage.signature import Signature, signature_of
from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Client
from supergraph.checks.operations.raw import guess_source, read_recorded
from supergraph.checks.operations.usage_file import read_usage

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def recorder(directory: Path, **settings: Any) -> UsageRecorder:
    return UsageRecorder(UsageSettings(directory=directory, **settings), now=lambda: NOON)


def records(directory: Path) -> list[dict[str, Any]]:
    """What stands in the file below its first line."""
    first, *lines = (directory / "usage.jsonl").read_text().splitlines()
    assert json.loads(first)["kind"] == "file"
    return [json.loads(line) for line in lines]


def web(version: bytes = b"1") -> dict[bytes, bytes]:
    return {b"apollographql-client-name": b"web", b"apollographql-client-version": version}


# --- What is written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "written"),
    [
        (
            '# secret\nquery Q($id: ID = "jane") { user(email: "j@x.org", n: 7, f: 1.5) { id } }',
            'query Q($id: ID = "") {\n  user(email: "", n: 0, f: 0.0) {\n    id\n  }\n}',
        ),
        (
            '{ all(ids: ["a", "b"], in: {name: "x", kind: NEW, no: null}) @skip(if: false) }',
            '{\n  all(ids: [""], in: { name: "", kind: NEW, no: null }) @skip(if: false)\n}',
        ),
        ('{ text(block: """secret""") }', '{\n  text(block: "")\n}'),
        (
            "{ ...B } fragment C on Q { c } fragment B on Q { b ...C } fragment D on Q { d }",
            "{\n  ...B\n}\n\nfragment B on Q {\n  b\n  ...C\n}\n\nfragment C on Q {\n  c\n}",
        ),
    ],
)
def test_nothing_of_a_user_is_in_the_text(document: str, written: str) -> None:
    signature = signature_of(document, None)
    assert signature is not None
    assert signature.text == written


def test_the_operation_that_ran_is_the_one_written() -> None:
    document = "query A { a } query B { b }"
    assert signature_of(document, "B") == signature_of("query B { b }", None)
    assert signature_of(document, "C") is None
    assert signature_of("{ not", None) is None


async def test_counts_are_by_operation_and_client(tmp_path: Path) -> None:
    usage = recorder(tmp_path)
    for name in ("x", "y", "x"):
        usage.count(f'{{ user(name: "{name}") {{ id }} }}', None, web())
    usage.count("query Top { top }", None, {})
    await usage.flush()
    found = records(tmp_path)
    assert [(item["kind"], item.get("client"), item.get("count")) for item in found] == [
        ("operation", None, None),
        ("count", "web", 3),
        ("operation", None, None),
        ("count", "unknown client", 1),
    ]
    assert found[1]["until"] == "2026-11-28T12:00:00Z"
    assert "x" not in found[0]["text"]


async def test_what_is_written_can_be_checked(tmp_path: Path) -> None:
    usage = recorder(tmp_path)
    usage.count("query Top { top }", None, web(b"2"))
    await usage.flush()
    usage.count("query Top { top }", None, web(b"2"))
    usage.count("query Top { top }", None, web(b"3"))
    await usage.flush()
    [operation] = read_usage(read_recorded([guess_source(tmp_path)]))
    assert (operation.name, operation.text) == ("Top", "query Top {\n  top\n}")
    assert operation.clients == (Client("web", "2", 2), Client("web", "3", 1))


async def test_a_text_is_written_once_a_file(tmp_path: Path) -> None:
    usage = recorder(tmp_path)
    for _ in range(3):
        usage.count("{ a }", None, {})
        await usage.flush()
    assert [item["kind"] for item in records(tmp_path)] == ["operation", "count", "count", "count"]
    (tmp_path / "usage.jsonl").unlink()
    usage.count("{ a }", None, {})
    await usage.flush()
    assert [item["kind"] for item in records(tmp_path)] == ["operation", "count"]


async def test_several_processes_share_a_file(tmp_path: Path) -> None:
    one, two = recorder(tmp_path), recorder(tmp_path)
    for _ in range(5):
        for usage in (one, two):
            usage.count("{ a }", None, {})
        await asyncio.gather(one.flush(), two.flush())
    [operation] = read_usage(read_recorded([guess_source(tmp_path)]))
    assert operation.count == 10


# --- Bounds --------------------------------------------------------------------------------------


def test_files_are_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    files = UsageFiles(tmp_path, max_file_bytes=10_000, max_files=3)
    for number in range(200):
        signature = Signature(f"{number:064}", None, "{ a }" + " " * 200)
        files.append({(signature, "web", None): number}, "2026-11-28T12:00:00Z")
    names = sorted(path.name for path in tmp_path.glob("usage*"))
    assert names == ["usage.jsonl", "usage.jsonl.1", "usage.jsonl.2"]
    assert all(path.stat().st_size < 11_000 for path in tmp_path.glob("usage*"))
    newest = json.loads((tmp_path / "usage.jsonl").read_text().splitlines()[-1])
    assert newest["count"] == 199
    # Every file can be understood without the others.
    for path in tmp_path.glob("usage*"):
        assert read_usage(read_recorded([guess_source(path)]))


async def test_documents_and_clients_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS", 2)
    usage = recorder(tmp_path, max_operations=3)
    for number in range(5):
        usage.count("{ a }", None, web(str(number).encode()))
    usage.count("{ b }", None, {})
    await usage.flush()
    counts = [item for item in records(tmp_path) if item["kind"] == "count"]
    assert [(item["client"], item["version"], item["count"]) for item in counts] == [
        ("web", "0", 1),
        ("web", "1", 1),
        ("other clients", None, 3),
    ]


async def test_names_of_clients_are_short_texts(tmp_path: Path) -> None:
    usage = recorder(tmp_path)
    usage.count("{ a }", None, {b"apollographql-client-name": b"\xff\x00\n" + b"x" * 10_000})
    await usage.flush()
    [count] = [item for item in records(tmp_path) if item["kind"] == "count"]
    assert count["client"] == "\ufffd" + "x" * 99


# --- When things go wrong ------------------------------------------------------------------------


async def test_a_line_that_was_cut_off_is_cut_away(tmp_path: Path) -> None:
    usage = recorder(tmp_path)
    usage.count("{ a }", None, {})
    await usage.flush()
    with (tmp_path / "usage.jsonl").open("a") as file:
        file.write('{"v":1,"kind":"cou')
    assert read_usage(read_recorded([guess_source(tmp_path)]))[0].count == 1
    usage.count("{ a }", None, {})
    await usage.flush()
    assert read_usage(read_recorded([guess_source(tmp_path)]))[0].count == 2


def test_a_broken_line_between_others_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "usage.jsonl").write_text(
        '{"v":1\n{"v":1,"kind":"operation","hash":"a","text":"{a}"}\n'
    )
    with pytest.raises(CheckInputError, match=r"usage\.jsonl:1"):
        read_usage(read_recorded([guess_source(tmp_path)]))


async def test_a_directory_that_cannot_be_written_costs_counts_only(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    usage = recorder(tmp_path / "taken" / "usage")
    usage.count("{ a }", None, {})
    await usage.flush()


def test_nothing_is_recorded_by_default() -> None:
    assert load_settings().usage.directory is None
    assert load_settings().listen.supergraph_path is None
