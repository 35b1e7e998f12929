"""What `dictamesh dev` has to start: `supergraph.yaml` and, beside it, `dictamesh.dev.yaml`.

    subgraphs:
      invoices:
        directory: ./invoices            # where the process runs
        command: "{python} -m invoices --port {port}"
        watch: ["."]                     # what makes it start again; default: the directory
        environment: { SHOP_URL: postgresql://localhost/shop }

`supergraph.yaml` says which subgraphs there are and at which address. A generated project needs no
entry here (`projects.py`); another subgraph without one runs elsewhere and is only composed.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subgraph_kit.dev.projects import project_of, start_of
from subgraph_kit.errors import ConfigurationError

DEV_FILE = "dictamesh.dev.yaml"
MAX_FILE_BYTES = 5_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class DevSubgraph(BaseModel):
    """One entry of `dictamesh.dev.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Field(Path(), description="Where the process runs; relative to this file.")
    command: str = Field(
        description="What starts it. `{port}` is the port of its routing_url, `{python}` the "
        "Python of the directory's .venv, or the one that runs `dictamesh`."
    )
    watch: tuple[Path, ...] = Field(
        (Path(),), description="Files and directories whose changes start it again."
    )
    environment: dict[str, str] = Field(default_factory=dict)


class DevFile(BaseModel):
    """The whole of `dictamesh.dev.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subgraphs: dict[str, DevSubgraph] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Program:
    """A subgraph to run: `command` in `directory`, to listen on `port`."""

    name: str
    port: int
    command: tuple[str, ...]
    directory: Path
    watch: tuple[Path, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DevPlan:
    """What is run and what is looked at. `elsewhere` are subgraphs that others run."""

    supergraph_config: Path
    dev_file: Path
    programs: tuple[Program, ...]
    elsewhere: tuple[str, ...]
    schema_files: tuple[Path, ...]


def load_plan(supergraph_config: Path) -> DevPlan:
    """Read both files.

    Raises:
        ConfigurationError: with a sentence on what to change.
    """
    dev_file = supergraph_config.parent / DEV_FILE
    listed = _read(supergraph_config).get("subgraphs")
    if not isinstance(listed, dict) or not listed:
        raise ConfigurationError(
            f'{supergraph_config} lists no subgraphs: "subgraphs" maps the name of each to its '
            "routing_url and schema. `dictamesh subgraph add NAME` writes an entry."
        )
    starts = _read_dev_file(dev_file).subgraphs if dev_file.exists() else {}
    unknown = sorted(starts.keys() - listed.keys())
    if unknown:
        raise ConfigurationError(
            f'{dev_file} starts "{unknown[0]}", which {supergraph_config.name} does not list.'
        )
    projects = {name: project_of(entry, dev_file.parent) for name, entry in listed.items()}
    starts = {
        **{
            name: DevSubgraph.model_validate(start_of(project))
            for name, project in projects.items()
            if project is not None and name not in starts
        },
        **starts,
    }
    programs = tuple(
        _program(name, entry, listed[name], dev_file) for name, entry in starts.items()
    )
    _check_ports(programs)
    return DevPlan(
        supergraph_config,
        dev_file,
        programs,
        tuple(str(name) for name in listed if name not in starts),
        tuple(_schema_files(listed, supergraph_config.parent)),
    )


def _program(name: str, entry: DevSubgraph, listed: Any, dev_file: Path) -> Program:
    directory = (dev_file.parent / entry.directory).resolve()
    if not directory.is_dir():
        raise ConfigurationError(f'{dev_file}: the directory of "{name}" is not there: {directory}')
    port = _port(name, listed)
    python = directory / ".venv" / "bin" / "python"
    places = {"port": str(port), "python": str(python) if python.exists() else sys.executable}
    try:
        command = tuple(part.format(**places) for part in shlex.split(entry.command))
    except (ValueError, KeyError, IndexError) as error:
        raise ConfigurationError(
            f'{dev_file}: the command of "{name}" cannot be read ({error}). It may have the '
            "places {port} and {python}; write {{ and }} for braces."
        ) from error
    if not command:
        raise ConfigurationError(f'{dev_file}: the command of "{name}" is empty.')
    watch = tuple((directory / path).resolve() for path in entry.watch)
    return Program(name, port, command, directory, watch, entry.environment)


def _port(name: str, listed: Any) -> int:
    url = listed.get("routing_url") if isinstance(listed, dict) else None
    try:
        parts = urlsplit(str(url))
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host not in _LOOPBACK or port is None:
        raise ConfigurationError(
            f'The routing_url of "{name}" must be of this machine and have a port to be started '
            f"here, as in http://127.0.0.1:4001/graphql; it is {url!r}."
        )
    return port


def _check_ports(programs: tuple[Program, ...]) -> None:
    owners: dict[int, str] = {}
    for program in programs:
        other = owners.setdefault(program.port, program.name)
        if other != program.name:
            raise ConfigurationError(
                f'"{other}" and "{program.name}" have the same port {program.port} in their '
                "routing_url: give one of them another."
            )


def _schema_files(listed: Mapping[str, Any], directory: Path) -> list[Path]:
    found = []
    for entry in listed.values():
        schema = entry.get("schema") if isinstance(entry, dict) else None
        file = schema.get("file") if isinstance(schema, dict) else None
        if isinstance(file, str):
            found.append((directory / file).absolute())
    return found


def _read_dev_file(path: Path) -> DevFile:
    try:
        return DevFile.model_validate(_read(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {place}: {first['msg']}.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes.")
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}). Name the supergraph's configuration with "
            "--config."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid YAML.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} must be a mapping.")
    return document
