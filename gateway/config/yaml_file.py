"""A YAML file as plain values, remembering on which line each key stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class YamlFile:
    """`lines` gives, per path of keys, the line (from 1) on which the last of them stands."""

    values: dict[str, Any]
    lines: dict[tuple[str, ...], int]
    name: str


def read_yaml(path: Path) -> YamlFile:
    """Read a file whose top level is a mapping.

    Raises:
        ConfigurationError: if it cannot be read, is no YAML, or gives a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(
            f"The configuration file {path} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The configuration file {path} is not UTF-8 text") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigurationError(
            f"The configuration file {path}{where} is no valid YAML: {problem}"
        ) from error
    if node is None or values is None:
        return YamlFile({}, {}, path.name)
    if not isinstance(values, dict):
        raise ConfigurationError(
            f"The configuration file {path} must contain `key: value` lines at its top level"
        )
    lines: dict[tuple[str, ...], int] = {}
    _note_lines(path, node, (), lines)
    return YamlFile({str(key): value for key, value in values.items()}, lines, path.name)


def _note_lines(
    file: Path, node: yaml.Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int]
) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            key_path = (*path, str(key.value))
            line = key.start_mark.line + 1
            if key_path in lines:
                raise ConfigurationError(
                    f"The configuration file {file} gives {'.'.join(key_path)} twice, on lines "
                    f"{lines[key_path]} and {line}"
                )
            lines[key_path] = line
            _note_lines(file, value, key_path, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            item_path = (*path, str(index))
            lines[item_path] = item.start_mark.line + 1
            _note_lines(file, item, item_path, lines)
