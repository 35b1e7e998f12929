"""All settings of a gateway, and where each comes from.

From strongest to weakest: the command line, environment variables, the YAML file, defaults.
Variables are named by path: `DICTAMESH_GATEWAY__LIMITS__MAX_DEPTH=12`. Four names that other parts
of a mesh share are read too: `DICTAMESH_EVENTS_URL`, `DICTAMESH_REDIS_URL`,
`OTEL_EXPORTER_OTLP_ENDPOINT` and `LOG_LEVEL`; the variable with the long name wins over them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.config.cache import CacheSettings
from gateway.config.events import EventSettings
from gateway.config.execution import ExecutorChoice
from gateway.config.headers import HeaderSettings
from gateway.config.limits import LimitSettings
from gateway.config.listen import (
    CompressionSettings,
    CorsSettings,
    GraphiqlSettings,
    ListenSettings,
)
from gateway.config.overrides import OverrideSettings
from gateway.config.sharing import SharingSettings
from gateway.config.subgraphs import SubgraphSettings, TransportSettings
from gateway.config.telemetry import TelemetrySettings
from gateway.config.usage import UsageSettings
from gateway.config.yaml_file import YamlFile, read_yaml
from gateway.errors import ConfigurationError

ENV_PREFIX = "DICTAMESH_GATEWAY__"

SHARED_VARIABLES = {
    "DICTAMESH_EVENTS_URL": ("events", "url"),
    "DICTAMESH_REDIS_URL": ("cache", "entities", "redis_url"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("telemetry", "otlp_endpoint"),
    "LOG_LEVEL": ("telemetry", "log_level"),
}
"""Variables that other parts of a mesh read as well, and the settings they give."""


class GatewaySettings(BaseSettings):
    """The configuration of one gateway."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    supergraph: Path | None = None
    """File with the supergraph SDL; watched, a changed one is taken over while running."""
    supergraph_poll_seconds: float = Field(default=1.0, gt=0)
    """How often that file is looked at."""
    listen: ListenSettings = ListenSettings()
    """Address."""
    graphiql: GraphiqlSettings = GraphiqlSettings()
    """Page for browsers."""
    cors: CorsSettings = CorsSettings()
    """Pages of other origins."""
    compression: CompressionSettings = CompressionSettings()
    """Compressed answers."""
    limits: LimitSettings = LimitSettings()
    """Limits of one request."""
    overrides: OverrideSettings = OverrideSettings()
    """Labels of progressive overrides."""
    headers: HeaderSettings = HeaderSettings()
    """Headers forwarded to subgraphs."""
    transport: TransportSettings = TransportSettings()
    """Calls to subgraphs."""
    subgraphs: dict[str, SubgraphSettings] = Field(default_factory=dict)
    """What is different for single subgraphs, by name."""
    sharing: SharingSettings = SharingSettings()
    """What requests in flight share."""
    cache: CacheSettings = CacheSettings()
    """Caches."""
    events: EventSettings = EventSettings()
    """Change events."""
    executor: ExecutorChoice = "auto"
    """How plans are executed: auto, interpreter or compiled; the answers are the same."""
    telemetry: TelemetrySettings = TelemetrySettings()
    """Logs, traces, metrics."""
    usage: UsageSettings = UsageSettings()
    """Files on which operations clients send, for checks."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but what `load_settings` hands over: one place decides on the order."""
        return (init_settings,)


def load_settings(
    config_file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> GatewaySettings:
    """Read all sources and return the settings.

    `overrides` come from the command line, nested like the file; None in it means "not given".

    Raises:
        ConfigurationError: if a source has an unknown key or a value that cannot be used; the
            text lists all of them, with the line of the file.
    """
    environ = environ or {}
    file = read_yaml(config_file) if config_file is not None else YamlFile({}, {}, "")
    shared: dict[str, Any] = {}
    for variable, path in SHARED_VARIABLES.items():
        if environ.get(variable):
            value = environ[variable]
            _set_path(shared, path, value.upper() if variable == "LOG_LEVEL" else value)
    values = _merged(file.values, shared)
    values = _merged(values, _from_environment(environ))
    values = _merged(values, _without_none(overrides or {}))
    try:
        return GatewaySettings(**values)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, file)) from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the YAML file, for editors."""
    schema = GatewaySettings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "DictaMesh gateway configuration"
    return schema


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.upper().startswith(ENV_PREFIX) or not environ[name]:
            continue
        path = tuple(part.lower() for part in name[len(ENV_PREFIX) :].split("__"))
        if path[0] not in GatewaySettings.model_fields or not all(path):
            known = ", ".join(ENV_PREFIX + key.upper() for key in GatewaySettings.model_fields)
            raise ConfigurationError(
                f"The environment variable {name} names no setting. It must start with one of: "
                f"{known}"
            )
        _set_path(values, path, _environment_value(environ[name]))
    return values


def _environment_value(text: str) -> Any:
    """Lists and objects are written as JSON; everything else is for pydantic to read."""
    if text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _set_path(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        inner = values.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = values[key] = {}
        values = inner
    values[path[-1]] = value


def _merged(weak: Mapping[str, Any], strong: Mapping[str, Any]) -> dict[str, Any]:
    """`strong` over `weak`, key by key at every depth."""
    result = dict(weak)
    for key, value in strong.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    return result


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner = _without_none(value)
            if inner:
                result[key] = inner
        elif value is not None:
            result[key] = value
    return result


def _explain(error: ValidationError, file: YamlFile) -> str:
    lines = ["The configuration cannot be used:"]
    for problem in error.errors(include_url=False, include_input=False):
        path = tuple(str(part) for part in problem["loc"])
        line = file.lines.get(path)
        where = f" ({file.name}, line {line})" if line is not None else ""
        if problem["type"] == "extra_forbidden":
            known = _known_keys(path[:-1])
            text = "there is no such setting" + (f"; known here: {known}" if known else "")
        else:
            text = problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {'.'.join(path)}{where}: {text}")
    return "\n".join(lines)


def _known_keys(path: tuple[str, ...]) -> str:
    """The keys allowed at `path`, for the person who mistyped one."""
    model: Any = GatewaySettings
    for part in path:
        if model is GatewaySettings and part == "subgraphs":
            model = dict
            continue
        if model is dict:
            model = SubgraphSettings
            continue
        field = model.model_fields.get(part)
        model = field.annotation if field is not None else None
        if not hasattr(model, "model_fields"):
            return ""
    return ", ".join(model.model_fields) if hasattr(model, "model_fields") else ""
