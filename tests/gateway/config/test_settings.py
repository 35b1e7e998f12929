"""Settings: where they come from, which wins, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from inline_snapshot import snapshot

from gateway.config import GatewaySettings, json_schema, load_settings
from gateway.errors import ConfigurationError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistake(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(tmp_path, text))
    return str(caught.value)


def test_the_defaults_are_known() -> None:
    text = yaml.safe_dump(load_settings().model_dump(mode="json"), sort_keys=False)
    assert text == snapshot("""\
supergraph: null
supergraph_poll_seconds: 1.0
listen:
  host: 127.0.0.1
  port: 4000
  path: /graphql
  supergraph_path: null
  workers: 1
  keep_alive_seconds: 75
  shutdown_grace_seconds: 10
graphiql:
  enabled: true
cors:
  allow_origins: []
  allow_headers:
  - content-type
  - authorization
  allow_credentials: false
  max_age_seconds: 600
compression:
  enabled: true
  min_bytes: 1024
limits:
  max_header_bytes: 65536
  header_timeout_seconds: 15.0
  max_body_bytes: 2000000
  body_timeout_seconds: 30.0
  request_timeout_seconds: 60.0
  max_concurrent_requests: 5000
  max_document_characters: 500000
  max_tokens: 15000
  max_depth: 50
  max_aliases: 1000
  max_root_fields: 200
  max_selections: 20000
  introspection: true
  suggestions: true
  csrf_prevention: true
overrides:
  labels: []
  header: null
headers:
  forward:
  - authorization
  - traceparent
  - tracestate
transport:
  timeout_seconds: 30.0
  connect_timeout_seconds: 5.0
  max_body_bytes: 67108864
  http_version: '1.1'
  max_connections: 256
  idle_seconds: 30.0
  retry:
    max_attempts: 2
    initial_seconds: 0.05
    max_seconds: 1.0
    multiplier: 2.0
  breaker:
    failure_threshold: 20
    error_rate_threshold: 0.5
    window_seconds: 10.0
    open_seconds: 5.0
    success_threshold: 1
  batching:
    enabled: false
    window_seconds: 0.002
    max_representations: 1000
subgraphs: {}
sharing:
  subgraph_requests: true
  operations: false
cache:
  operations:
    max_entries: 2000
    max_characters: 2000000
    warm_up: 200
  entities:
    enabled: null
    ttl_seconds: 60.0
    max_entries: 100000
    max_bytes: 268435456
    redis_url: null
    key_prefix: 'dictamesh:gateway:'
events:
  url: null
  topics:
  - '*.entity_changed'
  registry_url: null
  reconnect_initial_seconds: 0.2
  reconnect_max_seconds: 10.0
executor: auto
telemetry:
  service_name: dictamesh-gateway
  log_level: INFO
  log_requests: false
  otlp_endpoint: null
  metrics: true
usage:
  directory: null
  interval_seconds: 60.0
  max_file_bytes: 10000000
  max_files: 10
  max_operations: 10000
  client_name_header: apollographql-client-name
  client_version_header: apollographql-client-version
  client_name: unknown client
""")


def test_the_strongest_source_wins(tmp_path: Path) -> None:
    file = write(tmp_path, "limits: {max_depth: 1, max_tokens: 1, max_aliases: 1}")
    environ = {
        "DICTAMESH_GATEWAY__LIMITS__MAX_TOKENS": "2",
        "DICTAMESH_GATEWAY__LIMITS__MAX_ALIASES": "2",
    }
    overrides = {"limits": {"max_aliases": 3, "max_depth": None}}
    limits = load_settings(file, overrides, environ).limits
    assert (limits.max_depth, limits.max_tokens, limits.max_aliases) == (1, 2, 3)


def test_lists_and_single_subgraphs_can_be_set_by_environment() -> None:
    settings = load_settings(
        environ={
            "DICTAMESH_GATEWAY__HEADERS__FORWARD": '["Authorization", "X-Tenant-*"]',
            "DICTAMESH_GATEWAY__SUBGRAPHS__PRODUCTS__URL": "http://127.0.0.1:1/",
        }
    )
    assert settings.headers.forward == ("authorization", "x-tenant-*")
    assert settings.subgraphs["products"].url == "http://127.0.0.1:1/"


def test_variables_shared_with_other_parts_are_read_but_yield_to_the_gateways_own() -> None:
    environ = {
        "DICTAMESH_EVENTS_URL": "kafka://shared:9092",
        "DICTAMESH_REDIS_URL": "redis://shared",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "LOG_LEVEL": "debug",
        "DICTAMESH_GATEWAY__EVENTS__URL": "kafka://own:9092",
    }
    settings = load_settings(environ=environ)
    assert settings.events.url is not None
    assert settings.events.url.get_secret_value() == "kafka://own:9092"
    assert settings.cache.entities.redis_url is not None
    assert settings.telemetry.otlp_endpoint == "http://collector:4318"
    assert settings.telemetry.log_level == "DEBUG"


def test_secrets_are_not_shown() -> None:
    settings = load_settings(
        environ={
            "DICTAMESH_EVENTS_URL": "postgresql://user:hunter2@host/db",
            "DICTAMESH_GATEWAY__SUBGRAPHS__A__HEADERS": '{"x-api-key": "hunter2"}',
        }
    )
    assert "hunter2" not in repr(settings) + str(settings.model_dump(mode="json"))


def test_an_unknown_key_is_told_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    text = mistake(tmp_path, "limits:\n  max_tokens: 5\n  max_deep: 3\n")
    assert "limits.max_deep (gateway.yaml, line 3): there is no such setting" in text
    assert "max_depth" in text


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = mistake(tmp_path, "listen: {port: 70000}\nsubgraphs:\n  a: {uri: x}\nother: 1\n")
    assert "listen.port (gateway.yaml, line 1)" in text
    assert "subgraphs.a.uri (gateway.yaml, line 3)" in text
    assert "timeout_seconds" in text
    assert "other (gateway.yaml, line 4)" in text


def test_a_wrong_value_is_not_repeated(tmp_path: Path) -> None:
    text = mistake(tmp_path, "events:\n  url: {password: hunter2}\n")
    assert "events.url" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("limits: {max_depth: 1", "no valid YAML"),
        ("- a\n- b\n", "key: value"),
        ("just text", "key: value"),
        ("limits: {max_depth: 1}\nlimits: {max_tokens: 1}\n", "twice, on lines 1 and 2"),
        ("a: !!python/object/apply:os.system ['true']", "no valid YAML"),
        ("headers: {forward: [Host]}", "cannot be forwarded"),
        ("headers: {forward: ['a b']}", "no header name"),
        ("listen: {path: graphql}", "listen.path"),
        ("subgraphs: {a: {tls: {ca_file: no-such.pem}}}", "subgraphs.a.tls.ca_file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert words in mistake(tmp_path, text)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "# nothing yet\n")) == load_settings()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path / "no.yaml")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError):
        load_settings(path)


@pytest.mark.parametrize("name", ["DICTAMESH_GATEWAY__LIMIT__MAX_DEPTH", "DICTAMESH_GATEWAY__"])
def test_a_variable_that_names_no_setting_is_told(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(environ={name: "1"})


def test_a_variable_with_an_unknown_second_part_is_told() -> None:
    with pytest.raises(ConfigurationError, match="max_deep"):
        load_settings(environ={"DICTAMESH_GATEWAY__LIMITS__MAX_DEEP": "1"})


def test_the_schema_for_editors_describes_every_setting() -> None:
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(GatewaySettings.model_fields)
    for name, definition in {**schema["$defs"], "GatewaySettings": schema}.items():
        for key, value in definition["properties"].items():
            assert value.get("description"), f"{name}.{key}"
