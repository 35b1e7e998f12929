"""One JSON object, versioned, with a JSON Schema: for programs, and to be read back."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from supergraph.checks.result import FORMAT_VERSION, CheckResult

_ADAPTER = TypeAdapter(CheckResult)


def render(result: CheckResult) -> str:
    """The result as JSON."""
    return _ADAPTER.dump_json(result, indent=2).decode("utf-8") + "\n"


def parse(text: str | bytes) -> CheckResult:
    """The result that `render` wrote.

    Raises:
        ValueError: if it is none.
    """
    result = _ADAPTER.validate_json(text)
    if result.version != FORMAT_VERSION:
        raise ValueError(f"version {result.version} of the format is not known")
    return result


def json_schema() -> dict[str, Any]:
    """The JSON Schema of what `render` writes."""
    schema = _ADAPTER.json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "DictaMesh check result"
    schema["properties"]["version"] = {"const": FORMAT_VERSION}
    return schema
