"""Which headers go on to subgraphs, and which of them tell callers apart."""

from __future__ import annotations

import pytest

from gateway.transport.headers import ForwardedHeaders, HeaderRules, deciding_headers

ASGI = [
    (b"host", b"gateway"),
    (b"authorization", b"Bearer t"),
    (b"cookie", b"c=1"),
    (b"x-tenant-id", b"7"),
    (b"x-tenant-name", b"\xfcber"),
    (b"x-list", b"1"),
    (b"x-list", b"2"),
    (b"connection", b"keep-alive"),
    (b"content-length", b"3"),
]


def test_by_default_credentials_and_traces_only() -> None:
    assert HeaderRules().forwarded(ASGI) == {"authorization": "Bearer t"}


def test_patterns_pick_families() -> None:
    rules = HeaderRules(["X-Tenant-*"])
    assert rules.forwarded(ASGI) == {"x-tenant-id": "7", "x-tenant-name": "über"}


def test_a_repeated_header_keeps_all_its_values() -> None:
    assert HeaderRules(["x-list"]).forwarded(ASGI) == {"x-list": "1, 2"}


def test_even_a_pattern_for_all_leaves_out_what_belongs_to_the_connection_and_the_body() -> None:
    names = set(HeaderRules(["*"]).forwarded(ASGI))
    assert names == {"authorization", "cookie", "x-tenant-id", "x-tenant-name", "x-list"}


def test_what_decides_an_answer_tells_callers_apart_but_not_traces() -> None:
    rules = HeaderRules(["*"])

    def deciding(*headers: tuple[bytes, bytes]) -> object:
        return deciding_headers(rules.forwarded(headers))

    one = deciding((b"authorization", b"a"), (b"traceparent", b"1"))
    assert one == deciding((b"traceparent", b"2"), (b"authorization", b"a"))
    assert one != deciding((b"authorization", b"b"), (b"traceparent", b"1"))
    assert one != deciding((b"authorization", b"a"), (b"x-tenant", b"t"))
    assert deciding((b"traceparent", b"1")) == deciding()


@pytest.mark.parametrize("value", ["a\r\nx: 1", "a\nb", "a\rb", "a\0b", "x: 1\r\n"])
def test_a_value_cannot_end_its_header(value: str) -> None:
    headers = ForwardedHeaders({"x-a": "1", "x-b": value, "x-c": "ü"})
    headers.settle()
    assert headers.lines == "x-a: 1\r\nx-c: ü\r\n".encode("latin-1")
    headers = ForwardedHeaders({"x-a": "1", "x-b": value})
    headers.settle()
    assert headers.lines == b"x-a: 1\r\n"
