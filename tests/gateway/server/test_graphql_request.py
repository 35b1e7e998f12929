"""From HTTP to the parameters of a GraphQL request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RequestError
from gateway.server.graphql_request import GraphQLRequest, read_get, read_post

JSON_TYPE = {b"content-type": b"application/json"}
QUERY = "query Q { a }"


def post(body: Any, headers: dict[bytes, bytes] | None = None) -> GraphQLRequest:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return read_post(headers or JSON_TYPE, raw)


def get(headers: dict[bytes, bytes] | None = None, **parameters: str) -> GraphQLRequest:
    return read_get(headers or {}, urlencode(parameters).encode(), csrf_prevention=True)


def refusal(call: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        call()
    return caught.value


def test_a_post_carries_all_parameters() -> None:
    request = post(
        {"query": QUERY, "operationName": "Q", "variables": {"n": 2**70}, "extensions": {"x": 1}}
    )
    assert request == GraphQLRequest(QUERY, "Q", {"n": 2**70}, {"x": 1})


def test_null_and_unknown_parameters_are_as_good_as_none() -> None:
    request = post({"query": QUERY, "operationName": None, "variables": None, "id": 7})
    assert request == GraphQLRequest(QUERY)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b"{", "JSON"),
        (b'{"query": "{ a }"', "JSON"),
        (b"{'query': '{ a }'}", "JSON"),
        (b'\xff{"query":"{ a }"}', "JSON"),
        (b'{"query":"\xff"}', "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b'"{ a }"', "object"),
        (b"null", "object"),
        (b"{}", "`query` is missing"),
        (b'{"query":null}', "`query` is missing"),
        (b'{"query":7}', "`query` must be a string, not a number"),
        (b'{"query":{"kind":"Document"}}', "`query` must be a string, not an object"),
        (b'{"query":"{a}","operationName":[]}', "`operationName` must be a string, not a list"),
        (b'{"query":"{a}","variables":"{}"}', "`variables` must be an object, not a string"),
        (b'{"query":"{a}","variables":[1]}', "`variables` must be an object, not a list"),
        (b'{"query":"{a}","extensions":true}', "`extensions` must be an object, not a boolean"),
    ],
)
def test_a_body_that_is_no_request_is_a_400_that_says_why(body: bytes, word: str) -> None:
    error = refusal(lambda: post(body))
    assert error.status == 400
    assert error.code == "BAD_REQUEST"
    assert word in error.message


def test_the_error_does_not_repeat_what_was_sent() -> None:
    error = refusal(lambda: post(b'{"variables": {"password": "hunter2"'))
    assert "hunter2" not in error.message


def test_a_batch_is_refused_by_name() -> None:
    error = refusal(lambda: post([{"query": QUERY}, {"query": QUERY}]))
    assert (error.status, error.code) == (400, "BATCHING_NOT_SUPPORTED")


def test_a_persisted_query_without_text_makes_the_client_send_the_text() -> None:
    error = refusal(lambda: post({"extensions": {"persistedQuery": {"version": 1}}}))
    assert error.code == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert error.message == "PersistedQueryNotSupported"


@pytest.mark.parametrize(
    "content_type",
    [b"", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"],
)
def test_a_post_must_be_json_so_that_no_foreign_page_can_send_it(content_type: bytes) -> None:
    error = refusal(lambda: post({"query": QUERY}, {b"content-type": content_type}))
    assert (error.status, error.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type", [b"application/json; charset=utf-8", b'Application/JSON; charset="UTF-8"']
)
def test_a_charset_of_utf_8_is_fine(content_type: bytes) -> None:
    assert post({"query": QUERY}, {b"content-type": content_type}).query == QUERY


@pytest.mark.parametrize(
    "headers",
    [
        {b"content-type": b"application/json; charset=latin-1"},
        {b"content-type": b"application/json", b"content-encoding": b"gzip"},
    ],
)
def test_other_encodings_are_refused(headers: dict[bytes, bytes]) -> None:
    assert refusal(lambda: post({"query": QUERY}, headers)).status == 415


def test_a_get_carries_json_in_its_query_string() -> None:
    request = get(query=QUERY, operationName="Q", variables='{"a":"ü&b"}', extensions="")
    assert request == GraphQLRequest(QUERY, "Q", {"a": "ü&b"}, None, is_get=True)


@pytest.mark.parametrize(
    "query_string",
    [
        b"",
        b"query=",
        b"query=%ff",
        b"query=a&query=b",
        b"query={a}&variables={",
        b"query={a}&variables=[]",
        b"&".join(b"a%d=1" % i for i in range(1000)),
    ],
)
def test_a_query_string_that_is_no_request_is_a_400(query_string: bytes) -> None:
    if query_string == b"query=":  # An empty document is GraphQL's own affair.
        assert read_get({}, query_string, csrf_prevention=True).query == ""
        return
    error = refusal(lambda: read_get({}, query_string, csrf_prevention=True))
    assert error.status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {b"sec-fetch-site": b"cross-site"},
        {b"sec-fetch-site": b"same-site"},
        {b"origin": b"https://evil.example"},
        {b"referer": b"https://evil.example/page"},
        {b"user-agent": b"Mozilla/5.0"},
        {b"user-agent": b"Mozilla/5.0", b"content-type": b"text/plain"},
    ],
)
def test_a_get_that_a_foreign_page_could_send_is_refused(headers: dict[bytes, bytes]) -> None:
    error = refusal(lambda: get(headers, query=QUERY))
    assert (error.status, error.code) == (400, "CSRF_PREVENTED")
    assert "graphql-require-preflight" in error.message
    raw = urlencode({"query": QUERY}).encode()
    assert read_get(headers, raw, csrf_prevention=False).query == QUERY


@pytest.mark.parametrize(
    "headers",
    [
        {b"user-agent": b"curl/8"},
        {b"user-agent": b"Mozilla/5.0", b"content-type": b"application/json"},
        {b"origin": b"https://a.example", b"apollo-require-preflight": b"1"},
        {b"sec-fetch-site": b"cross-site", b"graphql-require-preflight": b"1"},
        {b"sec-fetch-site": b"same-origin", b"referer": b"https://self.example/"},
        {b"sec-fetch-site": b"none", b"user-agent": b"Mozilla/5.0"},
    ],
)
def test_other_gets_are_served(headers: dict[bytes, bytes]) -> None:
    assert get(headers, query=QUERY).query == QUERY


def status_of(call: Callable[[], object]) -> int:
    try:
        call()
    except RequestError as error:
        return error.status
    return 200


@given(st.binary(max_size=200))
def test_no_body_makes_reading_fail_otherwise(body: bytes) -> None:
    assert 200 <= status_of(lambda: post(body)) < 500


@given(st.binary(max_size=200))
def test_no_query_string_makes_reading_fail_otherwise(query_string: bytes) -> None:
    assert 200 <= status_of(lambda: read_get({}, query_string, csrf_prevention=True)) < 500
