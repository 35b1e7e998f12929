"""A schema named on the command line: a file, a file at a git revision, stdin, or what composes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from supergraph.cli.common import (
    EXIT_COMPOSITION,
    MAX_SUPERGRAPH_BYTES,
    fail,
    read_inputs,
    read_text,
)
from supergraph.cli.report import Format, report_result
from supergraph.compose import compose

GIT_SECONDS = 60.0
"""Longer than git takes for any file; it may have to fetch one in a partial clone."""

_CONFIG_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SchemaInput:
    """A schema's text, and how places in it are named."""

    name: str
    sdl: str


def read_schema_input(given: str, format: Format = Format.TEXT) -> SchemaInput:
    """Read what the user named; ends the command with a sentence if it cannot be had.

    `-` is stdin, `REVISION:PATH` a file in git, a configuration in YAML is composed, anything else
    is a file.
    """
    if given == "-":
        return SchemaInput("stdin", _read_stdin(format))
    path = Path(given)
    if path.suffix in _CONFIG_SUFFIXES and path.is_file():
        return SchemaInput(given, _composed(path, format))
    if ":" in given and not path.exists():
        return SchemaInput(given, _read_git(given, format))
    if not path.exists():
        fail(
            [f"{given}: there is no such file. Name a schema, or one in git as REVISION:PATH."],
            format,
        )
    return SchemaInput(given, read_text(path, format))


def _read_stdin(format: Format) -> str:
    try:
        return sys.stdin.buffer.read(MAX_SUPERGRAPH_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        fail(["stdin: cannot be read as text; pipe a schema into it."], format)


def _composed(path: Path, format: Format) -> str:
    inputs = read_inputs([path], format)
    result = compose(inputs)
    if result.supergraph_sdl is None:
        report_result(result, inputs, format, include_sdl=False)
        raise typer.Exit(EXIT_COMPOSITION)
    return result.supergraph_sdl


def _read_git(given: str, format: Format) -> str:
    revision, _, path = given.partition(":")
    if path.endswith(_CONFIG_SUFFIXES):
        fail(
            [
                f"{given}: a configuration at a revision is composed by "
                f"dictamesh supergraph check --base; name a schema file here."
            ],
            format,
        )
    # Git counts a path from the repository's root, a user from where he is.
    for name in (f"{revision}:{path}", f"{revision}:./{path}"):
        text = _git_blob(name, given, format)
        if text is not None:
            break
    else:
        fail(
            [
                f"{given}: git has no such revision or no such file in it. "
                "A CI job may have to fetch more than the last commit."
            ],
            format,
        )
    return text


def _git_blob(name: str, given: str, format: Format) -> str | None:
    try:
        done = subprocess.run(
            ["git", "cat-file", "blob", "--", name],
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        fail([f"{given}: there is no such file, and git is not installed."], format)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        fail([f"{given}: git does not answer."], format)
    if done.returncode != 0:
        return None
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        fail([f"{given}: cannot be read as text; name a schema."], format)
