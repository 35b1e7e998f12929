"""`dictamesh supergraph extract`: the subgraphs of a supergraph, as files or one on stdout."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from supergraph.cli.common import fail, read_text, write_file
from supergraph.cli.report import note
from supergraph.extract import extract_subgraphs
from supergraph.model import InvalidSupergraphError
from supergraph.subgraph.model import SubgraphInput

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+|^\.+")


def extract_command(
    supergraph: Annotated[Path, typer.Option("--supergraph", "-s", help="A composed supergraph.")],
    subgraph: Annotated[
        str | None, typer.Option("--subgraph", help="Print only this subgraph, to stdout.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write a file per subgraph and a supergraph.yaml to this directory."
        ),
    ] = None,
) -> None:
    """Take a supergraph apart into the SDL of its subgraphs.

    Composing them gives the same supergraph again. What a supergraph does not keep (comments, which
    of several subgraphs brought a description) is not in them.
    """
    try:
        found = extract_subgraphs(read_text(supergraph))
    except InvalidSupergraphError as error:
        fail([f"{supergraph}: {error.message}"])
    if subgraph is not None:
        wanted = next((item for item in found if item.name == subgraph), None)
        if wanted is None:
            names = ", ".join(item.name for item in found)
            fail([f'{supergraph}: there is no subgraph "{subgraph}"; there are: {names}.'])
        typer.echo(wanted.sdl, nl=False)
    elif out is not None:
        _write_all(found, out)
    else:
        fail(["Say what to print: --subgraph NAME for one, or --out DIRECTORY for all."])


def _write_all(found: Sequence[SubgraphInput], directory: Path) -> None:
    names = _file_names(found)
    lines = ["subgraphs:"]
    for item in found:
        write_file(directory / names[item.name], item.sdl)
        # JSON's strings are YAML's, whatever is in them.
        lines.append(f"  {json.dumps(item.name)}:")
        if item.url:
            lines.append(f"    routing_url: {json.dumps(item.url)}")
        lines.append(f"    schema: {{ file: {json.dumps(names[item.name])} }}")
    write_file(directory / "supergraph.yaml", "\n".join(lines) + "\n")
    count = len(found)
    note(f"Wrote {count} subgraph{'' if count == 1 else 's'} and supergraph.yaml to {directory}.")


def _file_names(found: Sequence[SubgraphInput]) -> dict[str, str]:
    """A file name per subgraph: its name where a file can have it."""
    names: dict[str, str] = {}
    for item in found:
        plain = _NOT_IN_FILE_NAMES.sub("_", item.name)
        taken = {name.lower() for name in names.values()}
        candidate, number = f"{plain}.graphql", 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{plain}_{number}.graphql"
        names[item.name] = candidate
    return names
