"""`dictamesh subgraph add`: a project becomes part of a mesh."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.text import Text
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from subgraph_kit.cli.common import console, fail, sentences_for_errors
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.state import read_spec
from subgraph_kit.scaffold.write import change_project

_FIRST_PORT = 4101


def add_command(
    project: Annotated[Path, typer.Argument(help="The project's directory.")],
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The mesh it becomes part of; made if missing.")
    ] = Path("supergraph.yaml"),
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Where the gateway reaches it; by default a free port of this machine.",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        Path | None,
        typer.Option(
            "--demo",
            help="Data directory of a running `dictamesh demo` (.dictamesh): compose it into that, "
            "the demo's gateway takes it over.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Put a project into supergraph.yaml, or into the running demo.

    Comments and order of the file stay. Doing it again changes nothing but the address.
    """
    with sentences_for_errors():
        screen = console()
        spec = read_spec(project)
        if demo is not None:
            config = demo / "supergraph.yaml"
            if not config.is_file():
                fail(f"{demo} has no supergraph.yaml: start `dictamesh demo` first")
        document = _read(config)
        subgraphs = document.setdefault("subgraphs", CommentedMap())
        if not isinstance(subgraphs, dict):
            fail(f"{config}: subgraphs must be a mapping")
        address = url or _known_url(subgraphs.get(spec.name)) or _free_url(subgraphs)
        schema = os.path.relpath((project / "schema.graphql").absolute(), config.absolute().parent)
        entry = CommentedMap(
            {"routing_url": address, "schema": CommentedMap({"file": Path(schema).as_posix()})}
        )
        is_new = spec.name not in subgraphs
        before = config.read_text(encoding="utf-8") if config.exists() else None
        if subgraphs.get(spec.name) != entry:
            subgraphs[spec.name] = entry
            change_project(config.absolute().parent, {config.name: _text(document)})
        if demo is not None:
            _compose(config, demo / "supergraph.graphql", before)
        done = "Added" if is_new else "Updated"
        screen.print(Text(f"{done} {spec.name} at {address} in {config}.", style="bold green"))
        port = urlsplit(address).port or 80
        if demo is not None:
            screen.print(Text(f"Start it: cd {project} && python -m {spec.package} --port {port}"))
        else:
            screen.print(Text("Run the mesh: dictamesh dev" + _config_option(config)))


def _config_option(config: Path) -> str:
    return "" if config == Path("supergraph.yaml") else f" --config {config}"


def _compose(config: Path, out: Path, before: str | None) -> None:
    """Compose; where that fails the configuration is as it was, and the demo goes on."""
    command = [
        sys.executable, "-m", "dictamesh", "supergraph", "compose",
        "--config", str(config), "--out", str(out),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return
    if before is not None:
        change_project(config.absolute().parent, {config.name: before})
    raise ConfigurationError(
        f"it does not compose with the demo, which goes on as it was:\n{result.stderr.strip()}"
    )


def _read(config: Path) -> CommentedMap:
    if not config.exists():
        return CommentedMap({"federation_version": "=2.9.0", "subgraphs": CommentedMap()})
    try:
        document = YAML(typ="rt").load(config.read_text(encoding="utf-8"))
    except (YAMLError, OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{config} cannot be read as YAML: mend it first") from None
    if not isinstance(document, CommentedMap):
        raise ConfigurationError(f"{config} must be a mapping with subgraphs")
    return document


def _text(document: CommentedMap) -> str:
    from io import StringIO

    yaml = YAML(typ="rt")
    yaml.width = 1_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    buffer = StringIO()
    yaml.dump(document, buffer)
    return buffer.getvalue()


def _known_url(entry: Any) -> str | None:
    url = entry.get("routing_url") if isinstance(entry, dict) else None
    return str(url) if url else None


def _free_url(subgraphs: dict[str, Any]) -> str:
    """The next port that no subgraph of the mesh has."""
    urls = [_known_url(entry) for entry in subgraphs.values()]
    taken = {urlsplit(url).port for url in urls if url}
    port = next(port for port in range(_FIRST_PORT, 65536) if port not in taken)
    return f"http://127.0.0.1:{port}/graphql"
