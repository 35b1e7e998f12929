"""The configuration of `compose`: which subgraphs there are and where their schemas come from.

The format is rover's `supergraph.yaml`, so that an existing file works unchanged. Every mistake is
reported with its line, all mistakes at once.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from supergraph.federation.directives import LATEST_VERSION

MAX_CONFIG_BYTES = 5_000_000
"""A configuration of a thousand subgraphs has some 200 KB, unless it holds the schemas."""

_SOURCES = ("file", "files", "url", "subgraph_url", "sdl")
_ONE_OF = "file, files, url, subgraph_url and sdl"
_VERSION = re.compile(r"^=?v?(?P<major>\d{1,3})(\.(?P<minor>\d{1,4}))?(\.\d{1,4})?(-[\w.]+)?$")
_VARIABLE = re.compile(r"\$\{env\.(?P<name>\w+)\}")


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are sentences fit for users."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SubgraphConfig:
    """One subgraph; exactly one of `file`, `files`, `schema_url`, `subgraph_url` and `sdl` is set.

    `file` is absolute, and so are `files`, each a path or a pattern such as `/graph/*.graphql`;
    together they are one schema (rover knows one file only). `schema_url` answers with SDL,
    `subgraph_url` is a running subgraph to ask; `headers` go with the request to either and are
    never shown. `place` is file and line of the configuration.
    """

    name: str
    routing_url: str | None
    file: Path | None = None
    files: tuple[Path, ...] = ()
    schema_url: str | None = None
    subgraph_url: str | None = None
    sdl: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    place: str = field(default="", compare=False)

    @property
    def is_remote(self) -> bool:
        """Whether the SDL comes over the network."""
        return self.subgraph_url is not None or self.schema_url is not None

    @property
    def url(self) -> str | None:
        """Where a gateway reaches the subgraph."""
        return self.routing_url or self.subgraph_url


@dataclass(frozen=True, slots=True)
class SupergraphConfig:
    """A whole configuration; `subgraphs` stand in the order written."""

    path: Path
    federation_version: str | None
    subgraphs: tuple[SubgraphConfig, ...]


def load_configs(
    paths: Sequence[Path], environment: Mapping[str, str] | None = None
) -> tuple[SubgraphConfig, ...]:
    """The subgraphs of several configurations, which together make one graph.

    Raises:
        ConfigError: with every problem of every file; also if two list the same subgraph.
    """
    problems: list[str] = []
    found: dict[str, SubgraphConfig] = {}
    for path in paths:
        try:
            config = load_config(path, environment)
        except ConfigError as error:
            problems += error.problems
            continue
        for subgraph in config.subgraphs:
            other = found.setdefault(subgraph.name, subgraph)
            if other is not subgraph:
                problems.append(
                    f'{subgraph.place}: subgraph "{subgraph.name}" is listed at {other.place} '
                    "already: every subgraph stands in one configuration."
                )
    if problems:
        raise ConfigError(problems)
    return tuple(found.values())


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> SupergraphConfig:
    """Read a configuration file; `${env.NAME}` in it stands for an environment variable.

    Raises:
        ConfigError: with every problem found.
    """
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ConfigError([f"{path}: the file is larger than {MAX_CONFIG_BYTES} bytes."])
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            [
                f"{path}: there is no such file. Name a configuration with --config; it lists the "
                "subgraphs, see `dictamesh supergraph compose --help`."
            ]
        ) from None
    except IsADirectoryError:
        raise ConfigError([f"{path}: this is a directory, not a configuration file."]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{path}: the file is not UTF-8 text."]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}."]) from error
    return parse_config(text, path, environment)


def parse_config(
    text: str, path: Path, environment: Mapping[str, str] | None = None
) -> SupergraphConfig:
    """Read the text of a configuration file; files in it count from the directory of `path`.

    Raises:
        ConfigError: with every problem found.
    """
    return _Reader(path, environment if environment is not None else os.environ).read(text)


@lru_cache(maxsize=4)
def _document(text: str) -> Any:
    """The text as YAML, only to be looked at: a check reads the same text for both its sides."""
    return YAML(typ="rt").load(text)


class _Reader:
    """One reading of a file; collects problems."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._environment = environment
        self._problems: list[str] = []

    def read(self, text: str) -> SupergraphConfig:
        document = self._parse(text)
        self._known_keys(document, ("federation_version", "subgraphs"), "the configuration")
        version = self._version(document)
        subgraphs = []
        listed = document.get("subgraphs")
        if not isinstance(listed, CommentedMap) or not listed:
            self._problem(
                document,
                "subgraphs",
                '"subgraphs" must map the name of each subgraph to its routing_url and schema.',
            )
        else:
            for name, value in listed.items():
                found = self._subgraph(listed, name, value)
                if found is not None:
                    subgraphs.append(found)
        if self._problems:
            raise ConfigError(self._problems)
        return SupergraphConfig(self._path, version, tuple(subgraphs))

    def _parse(self, text: str) -> CommentedMap:
        try:
            document = _document(text)
        except DuplicateKeyError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            problem = str(error.problem).split(" with value")[0]
            raise ConfigError(
                [f"{self._path}:{line}: {problem}: each key may stand once."]
            ) from None
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise ConfigError(
                [f"{self._path}:{line}: this is not valid YAML: {error.problem or error.context}."]
            ) from None
        except (YAMLError, ValueError, RecursionError):
            raise ConfigError([f"{self._path}: this is not valid YAML."]) from None
        if not isinstance(document, CommentedMap):
            raise ConfigError(
                [f'{self._path}:1: a configuration is a mapping with the key "subgraphs".']
            )
        return document

    def _version(self, document: CommentedMap) -> str | None:
        value = document.get("federation_version")
        if value is None:
            return None
        match = _VERSION.match(str(value))
        if match is None:
            self._problem(
                document,
                "federation_version",
                f'federation_version "{value}" is not a version such as "=2.9" or 2.',
            )
            return None
        version = (int(match["major"]), int(match["minor"] or 0))
        if version[0] == 1:
            self._problem(
                document,
                "federation_version",
                "federation_version 1 is not supported: Federation 1 subgraphs are composed as "
                "they are, into a Federation 2 supergraph; write federation_version: 2.",
            )
        elif version[0] != 2 or version > LATEST_VERSION:
            self._problem(
                document,
                "federation_version",
                f'federation_version "{value}" is not known; the latest is '
                f"{LATEST_VERSION[0]}.{LATEST_VERSION[1]}.",
            )
        return str(value)

    def _subgraph(self, listed: CommentedMap, name: Any, value: Any) -> SubgraphConfig | None:
        if not isinstance(name, str) or not name.strip():
            self._problem(listed, name, f"{name!r} is no name for a subgraph: write a string.")
            return None
        if not isinstance(value, CommentedMap):
            self._problem(
                listed, name, f'subgraph "{name}" must have a "schema" and usually a "routing_url".'
            )
            return None
        self._known_keys(value, ("routing_url", "schema"), f'subgraph "{name}"')
        schema = value.get("schema")
        if not isinstance(schema, CommentedMap):
            self._problem(
                value if "schema" in value else listed,
                "schema" if "schema" in value else name,
                f'subgraph "{name}" needs a "schema" with one of {_ONE_OF}.',
            )
            return None
        if "graphref" in schema:
            self._problem(
                schema,
                "graphref",
                f'subgraph "{name}": "graphref" needs a schema registry that is not available '
                f"here; use one of {_ONE_OF}.",
            )
            return None
        where = f'the schema of subgraph "{name}"'
        self._known_keys(schema, (*_SOURCES, "introspection_headers"), where)
        given = [key for key in _SOURCES if schema.get(key) is not None]
        if len(given) != 1:
            said = "none" if not given else " and ".join(given)
            self._problem(
                value,
                "schema",
                f"{where} must have exactly one of {_ONE_OF}, but has {said}.",
            )
            return None
        if given[0] == "files":
            files = self._files(schema, where)
            text = "" if files else None
        else:
            files, text = (), self._text(schema, given[0], where)
        routing_url = self._text(value, "routing_url", f'subgraph "{name}"')
        headers = self._headers(schema, where)
        if text is None:
            return None
        return SubgraphConfig(
            name=name,
            routing_url=routing_url,
            file=(self._path.parent / text).absolute() if given[0] == "file" else None,
            files=files,
            schema_url=text if given[0] == "url" else None,
            subgraph_url=text if given[0] == "subgraph_url" else None,
            sdl=text if given[0] == "sdl" else None,
            headers=headers,
            place=f"{self._path}:{listed.lc.key(name)[0] + 1}",
        )

    def _files(self, schema: CommentedMap, where: str) -> tuple[Path, ...]:
        value = schema.get("files")
        if not isinstance(value, list) or not value:
            self._problem(schema, "files", f'"files" of {where} must be a list of paths.')
            return ()
        if not all(isinstance(item, str) and item for item in value):
            self._problem(schema, "files", f'"files" of {where} must be a list of strings.')
            return ()
        return tuple((self._path.parent / item).absolute() for item in value)

    def _headers(self, schema: CommentedMap, where: str) -> dict[str, str]:
        value = schema.get("introspection_headers")
        if value is None:
            return {}
        if not isinstance(value, CommentedMap):
            self._problem(
                schema, "introspection_headers", f"{where}: introspection_headers is a mapping."
            )
            return {}
        found = {name: self._text(value, name, where) for name in value}
        return {str(name): text for name, text in found.items() if text is not None}

    def _text(self, mapping: CommentedMap, key: str, where: str) -> str | None:
        value = mapping.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self._problem(mapping, key, f'"{key}" of {where} must be a string.')
            return None
        missing = [
            match["name"]
            for match in _VARIABLE.finditer(value)
            if match["name"] not in self._environment
        ]
        if missing:
            self._problem(
                mapping,
                key,
                f'"{key}" of {where} needs the environment variable {missing[0]}, which is not '
                "set.",
            )
            return None
        return _VARIABLE.sub(lambda match: self._environment[match["name"]], str(value))

    def _known_keys(self, mapping: CommentedMap, known: tuple[str, ...], where: str) -> None:
        for key in mapping:
            if key in known or (key == "graphref" and "sdl" in known):
                continue
            close = difflib.get_close_matches(str(key), known, n=1)
            suggestion = (
                f' Did you mean "{close[0]}"?' if close else f" Known keys: {', '.join(known)}."
            )
            self._problem(mapping, key, f'unknown key "{key}" in {where}.{suggestion}')

    def _problem(self, mapping: CommentedMap, key: object, message: str) -> None:
        try:
            line = mapping.lc.key(key)[0] + 1
        except KeyError:
            line = mapping.lc.line + 1
        self._problems.append(f"{self._path}:{line}: {message}")
