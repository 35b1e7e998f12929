"""What a project remembers of its last render, in `.dictamesh/`: enough to render again and merge.

answers.yaml   what the user answered; may be edited (`project.py`)
source.json    what the source held: names, types and keys by the source's own names
render.json    the files as they were rendered, which a three-way merge starts from
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec, read_answers, write_answers

DIRECTORY = ".dictamesh"
ANSWERS = f"{DIRECTORY}/answers.yaml"
SOURCE = f"{DIRECTORY}/source.json"
RENDER = f"{DIRECTORY}/render.json"


@dataclass(frozen=True, slots=True)
class KnownEntity:
    """An entity type as it was rendered last; `fields` has (name, type) by source name.

    `rows` is about how many there were.
    """

    name: str
    keys: tuple[tuple[str, ...], ...]
    fields: Mapping[str, tuple[str, str]]
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class KnownSource:
    """What the source held; `entities` by their source name."""

    fingerprint: str
    entities: Mapping[str, KnownEntity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectState:
    """All three files."""

    spec: ProjectSpec
    source: KnownSource
    rendered: Mapping[str, str]


def known_source(model: SourceModel) -> KnownSource:
    """What there is to remember of a model."""
    return KnownSource(
        model.fingerprint, {entity.source_name: _known_entity(entity) for entity in model.entities}
    )


def _known_entity(entity: EntityModel) -> KnownEntity:
    fields = {
        each.source_name: (each.name, f"{each.type.name}{'[]' if each.type.is_list else ''}")
        for each in entity.fields
    }
    return KnownEntity(entity.name, entity.keys, fields, entity.row_estimate)


def state_files(
    spec: ProjectSpec, model: SourceModel, rendered: Mapping[str, str]
) -> dict[str, str]:
    """The files of `.dictamesh/`, by path."""
    known = known_source(model)
    source = {
        "fingerprint": known.fingerprint,
        "entities": {
            name: {
                "name": entity.name,
                "keys": [list(key) for key in entity.keys],
                "fields": {column: list(each) for column, each in entity.fields.items()},
                "rows": entity.rows,
            }
            for name, entity in sorted(known.entities.items())
        },
    }
    return {
        ANSWERS: write_answers(spec),
        SOURCE: _json(source),
        RENDER: _json({"files": {path: text.split("\n") for path, text in rendered.items()}}),
    }


def read_spec(directory: Path) -> ProjectSpec:
    """Read a project's answers.

    Raises:
        ConfigurationError: if the directory is no generated project, or they cannot be read.
    """
    if not (directory / ANSWERS).is_file():
        raise ConfigurationError(
            f"{directory} is no project made by `dictamesh subgraph new`: it has no {ANSWERS}"
        )
    return read_answers(_read(directory / ANSWERS), ANSWERS)


def read_state(directory: Path) -> ProjectState:
    """Read a project's memory.

    Raises:
        ConfigurationError: if the directory is no generated project, or its memory is damaged.
    """
    spec = read_spec(directory)
    try:
        source = json.loads(_read(directory / SOURCE))
        entities = {
            str(name): KnownEntity(
                str(each["name"]),
                tuple(tuple(map(str, key)) for key in each["keys"]),
                {str(key): (str(one), str(two)) for key, (one, two) in each["fields"].items()},
                None if each.get("rows") is None else int(each["rows"]),
            )
            for name, each in source["entities"].items()
        }
        known = KnownSource(str(source["fingerprint"]), entities)
        files = json.loads(_read(directory / RENDER))["files"]
        rendered = {str(path): "\n".join(lines) for path, lines in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(
            f"{directory / DIRECTORY} is damaged: take {SOURCE} and {RENDER} from version control"
        ) from None
    return ProjectState(spec, known, rendered)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {reason}") from None


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
