"""Settings of a subgraph process, from the environment (row 135).

    DICTAMESH_CATALOG_DSN         PostgreSQL of catalog and outbox      none: in memory
    DICTAMESH_EVENTS_URL          event bus                             none: the catalog database
    DICTAMESH_REDIS_URL           L2 cache                              none: memory only
    DICTAMESH_WEBHOOK_SECRET      what webhooks are authenticated by    none: webhooks are refused
    DICTAMESH_TENANT              tenant, part of topics and cache keys
    DICTAMESH_HOST, _PORT         where to listen
    OTEL_EXPORTER_OTLP_ENDPOINT   where traces go                       none: no traces
    LOG_LEVEL                     DEBUG, INFO, WARNING or ERROR

A `*_FILE` of the secrets (`DICTAMESH_WEBHOOK_SECRET_FILE`) names a file to read it from.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgraph_kit.errors import ConfigurationError

_SECRETS = ("catalog_dsn", "events_url", "redis_url", "webhook_secret")


class MeshSettings(BaseSettings):
    """Where a subgraph finds the mesh, and where it listens. Addresses may hold passwords."""

    model_config = SettingsConfigDict(
        env_prefix="DICTAMESH_", extra="ignore", populate_by_name=True, hide_input_in_errors=True,
        # Compose files and charts pass on variables that may be empty: they are as good as unset.
        env_ignore_empty=True,
    )  # fmt: skip

    catalog_dsn: SecretStr | None = None
    events_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    catalog_dsn_file: Path | None = None
    events_url_file: Path | None = None
    redis_url_file: Path | None = None
    webhook_secret_file: Path | None = None
    tenant: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    webhook_body_bytes: int = Field(default=1024 * 1024, gt=0)
    l1_max_entries: int = Field(default=50_000, gt=0)
    l1_max_bytes: int = Field(default=64 * 1024 * 1024, gt=0)
    l1_ttl_seconds: float = Field(default=60.0, gt=0)
    max_batch_size: int | None = Field(default=None, gt=0)
    """The most keys of one DataLoader batch; None makes one call of any number."""
    batch_window_seconds: float = Field(default=0.0, ge=0, le=1)
    catalog_consumer: bool = True
    """Whether this process helps to keep the catalog current from the topics (row 57)."""
    otlp_endpoint: str | None = Field(default=None, alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", alias="LOG_LEVEL"
    )

    @model_validator(mode="before")
    @classmethod
    def _level_in_any_case(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for name in ("LOG_LEVEL", "log_level"):
                if isinstance(values.get(name), str):
                    values[name] = values[name].upper()
        return values

    @model_validator(mode="after")
    def _read_files(self) -> Self:
        for name in _SECRETS:
            path: Path | None = getattr(self, f"{name}_file")
            if path is None:
                continue
            if getattr(self, name) is not None:
                raise ValueError(f"{name} and {name}_file are both set: keep one")
            try:
                text = path.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ValueError(f"{name}_file cannot be read: {error.strerror}") from None
            setattr(self, name, SecretStr(text))
        return self

    @property
    def effective_events_url(self) -> str | None:
        """The bus's address: the one given, or the catalog's database."""
        url = self.events_url or self.catalog_dsn
        return url.get_secret_value() if url is not None else None


def load_settings(**overrides: Any) -> MeshSettings:
    """Read the environment; `overrides` win.

    Raises:
        ConfigurationError: with a sentence per mistake that names the variable.
    """
    try:
        return MeshSettings(**overrides)
    except ValidationError as error:
        raise _configuration_error(error, "DICTAMESH_") from None


class SourceSettings(BaseSettings):
    """Base of the settings of a subgraph's own source; a generated project has one.

    A secret of the name `token` may stand in a file that `<PREFIX>TOKEN_FILE` names.
    """

    model_config = SettingsConfigDict(
        extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    poll_seconds: float = Field(default=5.0, gt=0)
    """How often the source is asked for changes, where that is how they are found."""

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: Any) -> Any:
        prefix = str(cls.model_config.get("env_prefix", ""))
        for name, field in cls.model_fields.items():
            path = os.environ.get(f"{prefix}{name}_FILE".upper())
            if not path or not _is_secret(field.annotation) or values.get(name) is not None:
                continue
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ValueError(f"{name}_file cannot be read: {error.strerror}") from None
        return values


S = TypeVar("S", bound=SourceSettings)


def load_source_settings(cls: type[S], **overrides: Any) -> S:
    """Read the environment; `overrides` win.

    Raises:
        ConfigurationError: with a sentence per mistake that names the variable.
    """
    try:
        return cls(**overrides)
    except ValidationError as error:
        raise _configuration_error(error, str(cls.model_config.get("env_prefix", ""))) from None


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in get_args(annotation)


def _configuration_error(error: ValidationError, prefix: str) -> ConfigurationError:
    problems = []
    for problem in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        variable = where if where.isupper() else f"{prefix}{where.upper()}"
        missing = problem["type"] == "missing"
        text = "is not set" if missing else f": {problem['msg']}"
        problems.append(f"{variable if where else 'settings'}{' ' if missing else ''}{text}")
    return ConfigurationError("; ".join(problems))
