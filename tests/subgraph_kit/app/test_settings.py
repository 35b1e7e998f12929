"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.settings import load_settings


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("DICTAMESH_") or name in ("LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT"):
            monkeypatch.delenv(name)


def test_everything_has_a_default_that_works_alone() -> None:
    settings = load_settings()
    assert settings.effective_events_url is None
    assert (settings.host, settings.port, settings.log_level) == ("127.0.0.1", 8080, "INFO")


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICTAMESH_CATALOG_DSN", "postgresql://u:s3cret@db/catalog")
    monkeypatch.setenv("DICTAMESH_PORT", "9000")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    settings = load_settings()
    assert settings.port == 9000
    assert settings.log_level == "DEBUG"
    assert settings.otlp_endpoint == "http://collector:4318"
    assert settings.effective_events_url == "postgresql://u:s3cret@db/catalog"
    assert "s3cret" not in repr(settings)


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    monkeypatch.setenv("DICTAMESH_WEBHOOK_SECRET_FILE", str(path))
    secret = load_settings().webhook_secret
    assert secret is not None
    assert secret.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("DICTAMESH_PORT", "many", "DICTAMESH_PORT: .*integer"),
        ("DICTAMESH_PORT", "70000", "DICTAMESH_PORT: .*65535"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: .*'DEBUG'"),
        ("DICTAMESH_WEBHOOK_SECRET_FILE", "/no/such/file", "webhook_secret_file cannot be read"),
    ],
)
def test_a_mistake_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, text: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=text):
        load_settings()


def test_a_secret_in_two_places_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret")
    monkeypatch.setenv("DICTAMESH_REDIS_URL", "redis://:s3cret@r")
    monkeypatch.setenv("DICTAMESH_REDIS_URL_FILE", str(path))
    with pytest.raises(ConfigurationError, match="keep one") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)
