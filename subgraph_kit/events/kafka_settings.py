"""How to reach a Kafka cluster and prove who we are (row 40), from an address and environment."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from subgraph_kit.errors import ConfigurationError

_PARAMETERS = (
    "security_protocol", "sasl_mechanism", "username", "password",
    "ssl_cafile", "ssl_certfile", "ssl_keyfile",
)  # fmt: skip
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
ENVIRONMENT_PREFIX = "DICTAMESH_KAFKA_"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """`servers` is `host:port[,host:port]`. What is secret is not shown by `repr`."""

    servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None

    def client_options(self) -> dict[str, Any]:
        """Return the arguments that all of aiokafka's clients take."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": 15_000,
        }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.security_protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
            if self.ssl_certfile is not None:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "Kafka's certificates cannot be read: check ssl_cafile, ssl_certfile, ssl_keyfile"
            ) from error
        return context


def kafka_settings(url: str, environment: Mapping[str, str] = os.environ) -> KafkaSettings:
    """Read `kafka://[user:password@]host:port[,host:port][?parameter=value]`.

    Parameters are `security_protocol`, `sasl_mechanism` (SCRAM-SHA-512 where a user is given),
    `ssl_cafile`, `ssl_certfile` and `ssl_keyfile` (for mutual TLS). Each, and `username` and
    `password`, can also be an environment variable, `DICTAMESH_KAFKA_PASSWORD` and so on; the
    address wins. `kafka+ssl://` asks for TLS.

    Raises:
        ConfigurationError: if a part is missing or unknown; the text shows no credential.
    """
    parts = urlsplit(url)
    credentials, _, servers = parts.netloc.rpartition("@")
    values = {
        name: environment[ENVIRONMENT_PREFIX + name.upper()]
        for name in _PARAMETERS
        if environment.get(ENVIRONMENT_PREFIX + name.upper())
    }
    given = dict(parse_qsl(parts.query))
    if unknown := sorted(given.keys() - set(_PARAMETERS)):
        raise ConfigurationError(
            f"unknown parameter {unknown[0]!r} in Kafka's address; known: {', '.join(_PARAMETERS)}"
        )
    values |= given
    if credentials:
        user, _, password = credentials.partition(":")
        values |= {"username": unquote(user), "password": unquote(password)}
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            raise ConfigurationError(
                f"Kafka's address must be kafka://host:port[,host:port]; {server!r} is no host:port"
            )
    return _checked(parts.scheme, servers, values)


def _checked(scheme: str, servers: str, values: dict[str, str]) -> KafkaSettings:
    if "username" in values:
        values.setdefault("sasl_mechanism", "SCRAM-SHA-512")
    secure = scheme == "kafka+ssl" or "ssl_cafile" in values or "ssl_certfile" in values
    values.setdefault(
        "security_protocol",
        ("SASL_" if "username" in values else "") + ("SSL" if secure else "PLAINTEXT"),
    )
    settings = KafkaSettings(servers, **values)
    if settings.security_protocol not in _PROTOCOLS:
        raise ConfigurationError(f"security_protocol must be one of {', '.join(_PROTOCOLS)}")
    if settings.security_protocol.startswith("SASL"):
        if settings.sasl_mechanism not in _MECHANISMS:
            raise ConfigurationError(f"sasl_mechanism must be one of {', '.join(_MECHANISMS)}")
        if not settings.username or not settings.password:
            raise ConfigurationError(
                "SASL needs a user and a password: put them into the address or into"
                " DICTAMESH_KAFKA_USERNAME and DICTAMESH_KAFKA_PASSWORD"
            )
    return settings
