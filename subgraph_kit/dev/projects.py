"""Generated projects need no entry in `dictamesh.dev.yaml`: they are started as what they are.

A subgraph of `supergraph.yaml` whose schema file lies in a project made by `dictamesh subgraph new`
is that project. Secrets of a laptop stand in the project's `.env`; the environment wins over it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from subgraph_kit.scaffold.state import ANSWERS, read_spec


def project_of(listed: Any, directory: Path) -> Path | None:
    """The project that an entry of `supergraph.yaml` is of, if it is of one.

    `directory` is where `supergraph.yaml` is.
    """
    schema = listed.get("schema") if isinstance(listed, Mapping) else None
    file = schema.get("file") if isinstance(schema, Mapping) else None
    if not isinstance(file, str):
        return None
    project = (directory / file).absolute().parent
    return project if (project / ANSWERS).is_file() else None


def start_of(project: Path) -> dict[str, Any]:
    """The entry that `dictamesh.dev.yaml` would have for the project.

    Raises:
        ConfigurationError: if the project's answers cannot be read.
    """
    package = read_spec(project).package
    given = {
        name: value
        for name, value in dotenv_values(project / ".env").items()
        if value and name not in os.environ
    }
    return {
        "directory": project,
        "command": f"{{python}} -m {package} --port {{port}}",
        "watch": [Path(package), Path(".env")],
        "environment": given,
    }
