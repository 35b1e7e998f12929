"""Which headers go on to subgraphs, and which of them tell callers apart."""

from __future__ import annotations

from gateway.transport.headers import HeaderRules, credential_digest

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


def test_the_digest_tells_callers_apart_but_not_traces() -> None:
    first = credential_digest({"authorization": "a", "traceparent": "1"})
    assert first == credential_digest({"authorization": "a", "traceparent": "2"})
    assert first != credential_digest({"authorization": "b", "traceparent": "1"})
    assert first != credential_digest({"x-tenant": "t", "authorization": "a"})
    assert credential_digest({"traceparent": "1"}) == ""


def test_values_cannot_move_between_headers() -> None:
    one = credential_digest({"x-a": "1", "x-b": "2"})
    assert one != credential_digest({"x-a": "1\0x-b\0002"})
