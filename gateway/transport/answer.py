"""From an HTTP answer to a GraphQL response, or to the one error that says why not.

A subgraph may answer with a status other than 2xx and still mean it: a well-formed GraphQL body
is used whatever the status ("GraphQL over HTTP", section 6). Everything else (HTML of a proxy,
half a JSON, a JSON that is no GraphQL answer) becomes a `SubgraphCallError` that names the
subgraph and the kind of failure, never the body or the address.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.transport.base import JsonObject, SubgraphCallError, SubgraphResponse
from gateway.transport.connection import HttpAnswer

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
"""zlib detects which of the two formats it reads."""


_NO_HEADERS: dict[str, str] = {}

_DATA_FIRST = b'{"data":{'

_TAIL_BYTES = 2 * 1024


def read_answer(
    subgraph: str, answer: HttpAnswer, *, max_body_bytes: int, undecoded: bool = False
) -> SubgraphResponse:
    """Decode `answer`; `max_body_bytes` limits the body after decompression.

    With `undecoded` the body of what looks like a good answer is left to the caller, who knows the
    types to decode it to. Looking for `"errors"` where servers write it is enough for that: an
    answer that has it elsewhere, or written in another way, shows when it is decoded.

    Raises:
        SubgraphCallError: if it is no GraphQL response.
    """
    body = answer.body
    if "content-encoding" in answer.headers:
        body = _decompressed(subgraph, answer, max_body_bytes)
    if undecoded and 200 <= answer.status < 300 and _looks_good(body):
        return SubgraphResponse(None, body=body, is_decoded=False)
    return _decoded(subgraph, answer, body)


def _looks_good(body: bytes) -> bool:
    """Whether a body may be a JSON object without errors; what is none at all fails here already.

    So that pages of a proxy and halves of answers are counted and traced as what they are.
    """
    text = body.strip()  # no copy where there is nothing to strip
    if text[-1:] != b"}":
        return False
    if text.startswith(_DATA_FIRST):  # what follows the data stands near the end
        return text.rfind(b'"errors"', -_TAIL_BYTES) < 0
    return text[:1] == b"{" and b'"errors"' not in text


def read_body(subgraph: str, body: bytes) -> SubgraphResponse:
    """Decode a body that `read_answer` left undecoded, or once more for another owner.

    Raises:
        SubgraphCallError: if it is no GraphQL response.
    """
    return _decoded(subgraph, HttpAnswer(200, _NO_HEADERS, body), body)


def _decoded(subgraph: str, answer: HttpAnswer, body: bytes) -> SubgraphResponse:
    try:
        # msgspec keeps integers beyond 64 bits, which orjson would turn into floats.
        decoded = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise _not_json(subgraph, answer, body) from None
    response = _as_graphql(decoded, body)
    if response is not None:
        return response
    if not _is_success(answer.status):
        raise _http_error(subgraph, answer)
    raise SubgraphCallError(
        subgraph,
        "SUBREQUEST_MALFORMED_RESPONSE",
        f'Subgraph "{subgraph}" answered with JSON that is no GraphQL response',
        status=answer.status,
    )


def _as_graphql(decoded: Any, body: bytes) -> SubgraphResponse | None:
    """Return the response if `decoded` is one: `data`, `errors` or both, in the right shapes."""
    if not isinstance(decoded, dict):
        return None
    data = decoded.get("data")
    errors = decoded.get("errors")
    extensions = decoded.get("extensions")
    if data is not None and not isinstance(data, dict):
        return None
    if errors is None:
        if "data" not in decoded:
            return None
        errors = []
    if not isinstance(errors, list) or not all(isinstance(error, dict) for error in errors):
        return None
    if not errors and "data" not in decoded:
        return None
    return SubgraphResponse(
        data=data,
        errors=_with_messages(errors),
        extensions=extensions if isinstance(extensions, dict) else None,
        body=body,
    )


def _with_messages(errors: list[JsonObject]) -> Sequence[JsonObject]:
    """Give every error the message the specification asks for."""
    return [
        error
        if isinstance(error.get("message"), str)
        else {**error, "message": "The subgraph reported an error without a message"}
        for error in errors
    ]


def _decompressed(subgraph: str, answer: HttpAnswer, max_body_bytes: int) -> bytes:
    encoding = answer.headers["content-encoding"].strip().lower()
    if encoding in ("", "identity") or not answer.body:
        return answer.body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise SubgraphCallError(
            subgraph,
            "SUBREQUEST_MALFORMED_RESPONSE",
            f'Subgraph "{subgraph}" answered in a content encoding that was not asked for',
            status=answer.status,
        )
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        body = inflater.decompress(answer.body, max_body_bytes + 1)
    except zlib.error:
        body, inflater = b"", zlib.decompressobj(_GZIP_OR_ZLIB)
    if len(body) > max_body_bytes:
        raise too_large(subgraph, "body")
    if not inflater.eof:
        raise SubgraphCallError(
            subgraph,
            "SUBREQUEST_MALFORMED_RESPONSE",
            f'Subgraph "{subgraph}" answered with compressed data that is damaged or not whole',
            status=answer.status,
        )
    return body


def too_large(subgraph: str, part: str) -> SubgraphCallError:
    """The error for an answer whose header or body is beyond the limit."""
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_TOO_LARGE",
        f'The {part} of the answer of subgraph "{subgraph}" is larger than the gateway allows',
    )


def _not_json(subgraph: str, answer: HttpAnswer, body: bytes) -> SubgraphCallError:
    if not _is_success(answer.status):
        return _http_error(subgraph, answer)
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        found = "an empty body"
    elif content_type == "text/html" or body.lstrip()[:1] == b"<":
        found = "an HTML page instead of JSON"
    else:
        found = "a body that is not valid JSON"
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_MALFORMED_RESPONSE",
        f'Subgraph "{subgraph}" answered with {found}',
        status=answer.status,
    )


def _http_error(subgraph: str, answer: HttpAnswer) -> SubgraphCallError:
    text = f'Subgraph "{subgraph}" answered with HTTP status {answer.status}'
    if 300 <= answer.status < 400:
        text += "; redirects are not followed, its routing URL has to be the final address"
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_HTTP_ERROR",
        text,
        status=answer.status,
        retry_after_seconds=_retry_after(answer.headers.get("retry-after")),
    )


def _retry_after(header: str | None) -> float | None:
    """Seconds of a `Retry-After` header; its other form, a date, is rare and left aside."""
    text = (header or "").strip()
    return float(text) if text.isascii() and text.isdigit() else None


def _is_success(status: int) -> bool:
    return 200 <= status < 300
