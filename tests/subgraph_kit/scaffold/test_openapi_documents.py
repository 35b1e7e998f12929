"""Documents that are none: one clear sentence with what to do, soon, and nothing of their text."""

import time
from pathlib import Path

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.openapi import inspect_openapi
from subgraph_kit.scaffold.inspect.openapi.yaml_tree import YamlError, read_yaml
from subgraph_kit.scaffold.options import InspectOptions
from tests.testkit.servers import answering, http, serve

START = b'{"openapi": "3.0.0", "info": {}, "paths": {'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; an OpenAPI document was expected"),
        (b"  \n", "is empty"),
        (START, "cannot be read as JSON or YAML: it is broken at line 1.*is the file complete"),
        (
            START + b" " * 5_000_000,
            "cannot be read as JSON: it is broken at .* is the file complete",
        ),
        (
            b"<!doctype html><html>",
            "is HTML, not an OpenAPI document: give the address of the JSON",
        ),
        (b"<?xml version='1.0'?><a/>", "is XML, not"),
        (bytes(range(256)), "is no text; an OpenAPI document is JSON or YAML"),
        (b"[1, 2]", "has no members such as 'openapi'"),
        (b"hello", "has no members such as 'openapi'"),
        (b'{"openapi": "4.0.0"}', "says it is OpenAPI 4.0.0; OpenAPI 3.0, 3.1 and Swagger 2.0"),
        (b'{"swagger": "1.2"}', "says it is Swagger 1.2"),
        (b'{"asyncapi": "2.0"}', "neither 'openapi: 3.x'.*it is an AsyncAPI document"),
        (b'{"data": {"__schema": {}}}', "a GraphQL introspection result: use graphql:"),
        (b'{"info": {}, "item": []}', "a Postman collection: export it as OpenAPI"),
        (b'{"openapi": "3.0.0", "paths": {}}', "has no paths with GET"),
        (b'{"openapi": "3.1.0", "paths": {"/a": {"get": {"x": 1}}}}', "no path that names one"),
        (b"openapi: 3.0.0\npaths: [", "cannot be read as JSON or YAML: .* at line 3"),
        (b"a: &x [*x]", "the alias at line 1 stands for nothing"),
        (b"[" * 100_000, "nested more than 500 deep|is broken at line 1"),
        (b"{a: " * 100_000, "is broken at|nested more than 500 deep"),
    ],
)
async def test_what_is_no_document_is_said_so(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "api").write_bytes(content)
    started = time.monotonic()
    with pytest.raises(ConfigurationError, match=says):
        await inspect_openapi(str(tmp_path / "api"), InspectOptions())
    assert time.monotonic() - started < 20


async def test_a_place_with_nothing_is_said_so(tmp_path: Path) -> None:
    for location, says in (
        (str(tmp_path / "none.json"), "there is no file .*none.json"),
        (str(tmp_path), "is a directory; name the file"),
        ("ftp://example.com/x", "cannot be read: give a path, or an http"),
        ("http://user:secret@127.0.0.1:9/api.json?key=secret", "127.0.0.1:9/api.json cannot be re"),
    ):
        with pytest.raises(ConfigurationError, match=says) as caught:
            await inspect_openapi(location, InspectOptions())
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http("", status=404), "answered HTTP 404; an OpenAPI document was expected there"),
        (http("", status=401), "it wants credentials; download"),
        (http("<html>", content_type="text/html"), "is HTML, not an OpenAPI document"),
    ],
)
async def test_a_url_with_something_else_is_said_so(answer: bytes, says: str) -> None:
    async with serve(answering(answer)) as server:
        with pytest.raises(ConfigurationError, match=says):
            await inspect_openapi(server.url, InspectOptions())


def test_yaml_is_read_as_its_version_1_2_says() -> None:
    text = b"{a: NO, b: 2020-01-01, c: 0x1F, d: 1e3, e: ~, f: 'true', g: true, 404: x, h: !!str 7}"
    assert read_yaml(text) == {
        "a": "NO", "b": "2020-01-01", "c": 31, "d": 1000.0, "e": None, "f": "true", "g": True,
        "404": "x", "h": "7",
    }  # fmt: skip


def test_yaml_shares_what_aliases_mean_and_merges() -> None:
    assert read_yaml(b"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x\n") == {
        "a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}, "c": {"p": 1, "q": 2},
    }  # fmt: skip


def test_yaml_that_would_be_billions_of_values_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(YamlError, match="has more than 30,000,000 values"):
        read_yaml("\n".join(lines).encode())
