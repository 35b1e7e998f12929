"""What a project is called and made from: the user's answers, kept in `.dictamesh/answers.yaml`.

Everything that shapes a render and is not in the source itself stands here, so that `update` asks
nothing twice. Passwords never do: an address is kept without, and given again by a variable.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import asdict, dataclass, field
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.options import InspectOptions

ANSWERS_VERSION = 1

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
_HEADER = """\
# What `dictamesh subgraph new` was told; `dictamesh subgraph update` renders from it.
# Change an answer and run update. Passwords do not belong here: see `address_variable`.
"""


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """The answers. `location` is what stood behind `--from kind:`, without a password.

    `accepted` and `declined` are references to entities of other subgraphs, as `Order.customer`.
    """

    name: str
    kind: str
    location: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    entities: dict[str, str] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    supergraph: str | None = None
    accepted: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_project_name(self.name)

    @property
    def package(self) -> str:
        """The Python package: `order-data` → `order_data_subgraph`."""
        return f"{self.name.replace('-', '_')}_subgraph"

    @property
    def service(self) -> str:
        """The name in logs, traces and deployments."""
        return f"{self.name}-subgraph"

    @property
    def env_prefix(self) -> str:
        """What the variables of the project's settings begin with."""
        return f"{self.name.replace('-', '_').upper()}_"

    @property
    def options(self) -> InspectOptions:
        """What the reader of the source is told."""
        return InspectOptions(
            include=self.include,
            exclude=self.exclude,
            entities=dict(self.entities),
            keys=dict(self.keys),
            renames=dict(self.renames),
        )


def check_project_name(name: str) -> str:
    """Return the name if it can be one.

    Raises:
        ConfigurationError: else.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{name[:60]!r} cannot be the name of a subgraph: use up to 40 lower-case letters, "
            "digits and '-', beginning with a letter"
        )
    return name


def write_answers(spec: ProjectSpec) -> str:
    """The answers as YAML."""
    data = asdict(spec)
    document: dict[str, Any] = {"version": ANSWERS_VERSION, "name": spec.name}
    document["from"] = {
        "kind": spec.kind,
        "location": spec.location,
        # Read before the location: it may hold a password.
        "address_variable": f"{spec.env_prefix}SOURCE",
    }
    for name in ("include", "exclude", "accepted", "declined"):
        document[name] = list(data[name])
    document["entities"] = dict(sorted(spec.entities.items()))
    document["keys"] = {name: list(key) for name, key in sorted(spec.keys.items())}
    document["renames"] = dict(sorted(spec.renames.items()))
    document["supergraph"] = spec.supergraph
    buffer = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 1_000
    yaml.dump(document, buffer)
    return _HEADER + buffer.getvalue()


def read_answers(text: str, where: str) -> ProjectSpec:
    """Read answers; only `name` and `from` must be there.

    Raises:
        ConfigurationError: if they are none, with the member that is wrong.
    """
    try:
        document = YAML(typ="safe").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise ConfigurationError(f"{where}{line}: this is not valid YAML") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{where}: answers are a mapping with name and from")
    known = {
        "version", "name", "from", "include", "exclude", "accepted", "declined", "entities",
        "keys", "renames", "supergraph",
    }  # fmt: skip
    for member in document:
        if member not in known:
            raise ConfigurationError(f"{where}: unknown answer {str(member)[:60]!r}")
    if document.get("version", ANSWERS_VERSION) != ANSWERS_VERSION:
        raise ConfigurationError(f"{where}: answers of this version need a newer dictamesh")
    source = document.get("from")
    if isinstance(source, str):
        kind, _, location = source.partition(":")
    elif isinstance(source, dict):
        kind, location = _text(source, "kind", where), str(source.get("location") or "")
    else:
        raise ConfigurationError(f"{where}: from must say what the project is made from")
    supergraph = document.get("supergraph")
    return ProjectSpec(
        name=_text(document, "name", where),
        kind=kind,
        location=location,
        include=_texts(document, "include", where),
        exclude=_texts(document, "exclude", where),
        entities=_mapping(document, "entities", where),
        keys=_keys(document, where),
        renames=_mapping(document, "renames", where),
        supergraph=str(supergraph) if supergraph else None,
        accepted=_texts(document, "accepted", where),
        declined=_texts(document, "declined", where),
    )


def _text(document: dict[str, Any], name: str, where: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: {name} must be a text")
    return value


def _texts(document: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = document.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigurationError(f"{where}: {name} must be a list of texts")
    return tuple(value)


def _keys(document: dict[str, Any], where: str) -> dict[str, tuple[str, ...]]:
    value = document.get("keys") or {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: keys must be a mapping from source names to fields")
    found: dict[str, tuple[str, ...]] = {}
    for name, fields in value.items():
        listed = [fields] if isinstance(fields, str) else fields
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise ConfigurationError(f"{where}: the key of {name} must be a list of field names")
        found[str(name)] = tuple(listed)
    return found


def _mapping(document: dict[str, Any], name: str, where: str) -> dict[str, str]:
    value = document.get(name) or {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where}: {name} must be a mapping")
    return {str(key): str(item) for key, item in value.items()}
