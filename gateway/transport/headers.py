"""Which headers of a client's request go on to subgraphs.

Only those that are named (`authorization`, `traceparent`, …) or match a pattern (`x-tenant-*`):
forwarding everything would hand cookies and internals to every subgraph. What belongs to one
connection, or to the body the gateway itself writes, is never forwarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

DEFAULT_FORWARDED = ("authorization", "traceparent", "tracestate")

NEVER_FORWARDED = frozenset(
    (
        # of one connection (RFC 9110 §7.6.1)
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        # of the body the gateway writes, and of the answer it can read
        "content-length", "content-type", "content-encoding", "accept", "accept-encoding",
        "accept-charset", "host", "range", "if-match", "if-none-match", "if-modified-since",
        "if-unmodified-since", "if-range",
    )
)  # fmt: skip

_TRACING = frozenset(("traceparent", "tracestate", "baggage", "x-request-id", "x-correlation-id"))
"""Headers that differ with every request and change nothing in an answer."""


class HeaderRules:
    """Decides by name, once per distinct name; `patterns` may contain `*`."""

    def __init__(self, patterns: Sequence[str] = DEFAULT_FORWARDED) -> None:
        self._patterns = tuple(pattern.lower() for pattern in patterns)
        self._exact = {
            p.encode("latin-1"): p
            for p in self._patterns
            if "*" not in p and p not in NEVER_FORWARDED
        }
        self._wild = tuple(p for p in self._patterns if "*" in p)

    def forwarded(self, headers: Iterable[tuple[bytes, bytes]]) -> ForwardedHeaders:
        """Pick from ASGI `headers` (names in lower case); repeated ones are joined with commas."""
        picked = ForwardedHeaders()
        for raw_name, raw_value in headers:
            name = self._exact.get(raw_name)
            if name is None:
                if not self._wild:
                    continue
                name = raw_name.decode("latin-1")
                if not any(fnmatchcase(name, pattern) for pattern in self._wild):
                    continue
                if name in NEVER_FORWARDED:
                    continue
            value = raw_value.decode("latin-1")
            picked[name] = f"{picked[name]}, {value}" if name in picked else value
        picked.settle()
        return picked


class ForwardedHeaders(dict[str, str]):
    """The headers of one client request that go on; not changed once they are picked.

    What every one of its subgraph calls needs of them is made once, by `settle`.
    """

    __slots__ = ("deciding", "lines")

    deciding: frozenset[tuple[str, str]]
    """See `deciding_headers`."""
    lines: bytes
    """As they stand in an HTTP/1.1 request."""

    def settle(self) -> None:
        """Take note that all are picked."""
        self.deciding = _deciding(self)
        lines = "".join([f"{name}: {value}\r\n" for name, value in self.items()])
        is_plain = (
            lines.isascii()
            and lines.count("\n") == len(self)
            and lines.replace("\r\n", "").isprintable()
        )
        # Nearly always, and found out at once; the others are looked at one by one.
        self.lines = lines.encode() if is_plain else header_lines(self)


def header_lines(headers: Mapping[str, str]) -> bytes:
    """The lines of an HTTP/1.1 request; what cannot stand in a header is left out."""
    return "".join(
        f"{name}: {value}\r\n" for name, value in headers.items() if is_header_safe(name + value)
    ).encode("latin-1")


def is_header_safe(text: str) -> bool:
    """Whether `text` can stand in a header without ending it (RFC 9110 §5.5)."""
    if text.isascii() and text.isprintable():
        return True  # nearly always, and found out at once
    return not any(c in text for c in "\r\n\0") and all(ord(c) < 256 for c in text)


def deciding_headers(headers: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The headers that can make answers differ: all but those for tracing."""
    return headers.deciding if isinstance(headers, ForwardedHeaders) else _deciding(headers)


def _deciding(headers: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset([item for item in headers.items() if item[0] not in _TRACING])
