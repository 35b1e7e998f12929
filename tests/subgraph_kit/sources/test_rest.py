"""REST sources against real servers on loopback, well-behaved and not."""

import asyncio
import base64
import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
import structlog

from subgraph_kit.errors import (
    ConfigurationError,
    KitError,
    RateLimitedError,
    SourceNotFoundError,
    SourceResponseError,
    SourceTimeoutError,
    SourceUnavailableError,
)
from subgraph_kit.resilience.policy import ResilienceSettings
from subgraph_kit.resilience.retry import NO_RETRY, RetrySettings
from subgraph_kit.sources.auth import (
    ApiKeyAuth,
    BasicAuth,
    BearerAuth,
    OAuth2ClientCredentials,
)
from subgraph_kit.sources.pagination import cursor_pages, link_pages, offset_pages
from subgraph_kit.sources.rest import RestSource, path_segment
from subgraph_kit.testing.clock import FakeClock
from tests.testkit.servers import (
    CloseConnection,
    ReceivedRequest,
    ScriptedServer,
    answering,
    http,
    serve,
)

ONCE = ResilienceSettings(timeout_seconds=0.3, retry=NO_RETRY)


@asynccontextmanager
async def rest(
    script: Callable[..., Any], path: str = "", **options: Any
) -> AsyncIterator[tuple[RestSource, ScriptedServer]]:
    async with serve(script) as server:
        options.setdefault("resilience", ONCE)
        source = RestSource("shop", f"http://127.0.0.1:{server.port}{path}", **options)
        try:
            yield source, server
        finally:
            await source.close()


# --- Asking --------------------------------------------------------------------------------------


async def test_asks_under_the_base_url_with_parameters_and_reads_json() -> None:
    async with rest(answering(http('{"data": [1]}')), "/api/v2/") as (source, server):
        data = await source.get_json("/items", params={"limit": 2, "name": "a&b", "left_out": None})
    assert data == {"data": [1]}
    assert server.requests[0].target == "/api/v2/items?limit=2&name=a%26b"
    assert server.requests[0].headers["accept"] == "application/json"


async def test_sends_json_and_reads_an_empty_answer() -> None:
    async with rest(answering(http("", status=204))) as (source, server):
        response = await source.request("PATCH", "items/1", json={"email": "a@example.com"})
    assert (response.status, response.data) == (204, None)
    assert server.requests[0].json == {"email": "a@example.com"}
    assert server.requests[0].headers["content-type"] == "application/json"


async def test_an_id_stays_one_segment_of_the_path() -> None:
    async with rest(answering(http("{}"))) as (source, server):
        await source.get(f"items/{path_segment('../a/b?c#d')}")
        with pytest.raises(SourceNotFoundError):
            path_segment("..")
    assert server.requests[0].target == "/items/..%2Fa%2Fb%3Fc%23d"


async def test_money_can_be_read_exactly() -> None:
    body = '{"price": 0.1234567890123456789, "count": 3}'
    async with rest(answering(http(body)), exact_decimals=True) as (source, _):
        data = await source.get_json("items")
    assert data == {"price": Decimal("0.1234567890123456789"), "count": 3}


# --- Authentication ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "value", "kind"),
    [
        (BearerAuth("s3cret"), "authorization", "Bearer s3cret", "bearer"),
        (ApiKeyAuth("s3cret"), "x-api-key", "s3cret", "api_key"),
        (ApiKeyAuth("s3cret", "X-Vendor"), "x-vendor", "s3cret", "api_key"),
        (
            BasicAuth("u", "s3cret"),
            "authorization",
            "Basic " + base64.b64encode(b"u:s3cret").decode(),
            "basic",
        ),
    ],
)
async def test_says_who_we_are(auth: Any, header: str, value: str, kind: str) -> None:
    async with rest(answering(http("{}")), auth=auth) as (source, server):
        await source.get("items")
        assert source.auth_type == kind
    assert server.requests[0].headers[header] == value
    assert "s3cret" not in repr(auth)


def token_server(
    tokens: list[str], expires_in: float = 3600
) -> Callable[[ReceivedRequest, asyncio.StreamWriter], Any]:
    """Gives `tokens` in turn at /token, and serves whoever has the newest one."""
    given: list[str] = []

    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        if request.target == "/token":
            given.append(tokens[len(given)])
            answer = {"access_token": given[-1], "expires_in": expires_in}
            return http(json.dumps(answer))
        ok = request.headers.get("authorization") == f"Bearer {given[-1] if given else '?'}"
        return http("{}", status=200 if ok else 401)

    return script


def oauth(server: ScriptedServer, **options: Any) -> OAuth2ClientCredentials:
    return OAuth2ClientCredentials(
        f"http://127.0.0.1:{server.port}/token", "client", "s3cret", **options
    )


async def test_an_oauth_token_is_fetched_once_and_shared() -> None:
    async with serve(token_server(["one"])) as server:
        source = RestSource(
            "shop", f"http://127.0.0.1:{server.port}", auth=oauth(server, scope="read")
        )
        await asyncio.gather(*(source.get("items") for _ in range(5)))
        await source.close()
    asked = [request for request in server.requests if request.target == "/token"]
    assert len(asked) == 1
    assert b"grant_type=client_credentials&scope=read" in asked[0].body
    assert asked[0].headers["authorization"].startswith("Basic ")


async def test_an_oauth_token_is_renewed_before_it_ends_and_when_it_is_refused() -> None:
    clock = FakeClock()
    async with serve(token_server(["one", "two", "three"], expires_in=100)) as server:
        auth = oauth(server, clock=clock)
        source = RestSource("shop", f"http://127.0.0.1:{server.port}", auth=auth)
        await source.get("items")
        clock.advance(71)
        await source.get("items")
        assert [r.target for r in server.requests] == ["/token", "/items", "/token", "/items"]
        auth._token = "revoked"
        await source.get("items")
        await source.close()
    assert [r.target for r in server.requests[4:]] == ["/items", "/token", "/items"]


async def test_refused_client_credentials_say_what_to_check() -> None:
    async with serve(answering(http('{"error": "invalid_client"}', status=401))) as server:
        source = RestSource("shop", f"http://127.0.0.1:{server.port}", auth=oauth(server))
        with pytest.raises(ConfigurationError, match="check client id, secret and scope") as caught:
            await source.get("items")
        await source.close()
    assert "s3cret" not in str(caught.value)


# --- Conditional requests ------------------------------------------------------------------------


async def test_an_unchanged_answer_is_not_sent_again() -> None:
    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        if request.headers.get("if-none-match") == '"v1"':
            return http("", status=304, headers={"etag": '"v1"'})
        return http('{"n": 1}', headers={"etag": '"v1"'})

    async with rest(script) as (source, server):
        first, second = await source.get("items/1"), await source.get("items/1")
        assert first.data == second.data == {"n": 1}
        assert second.status == 200
        assert second.etag == '"v1"'
        explicit = await source.get("items/1", headers={"If-None-Match": '"v1"'})
        assert (explicit.status, explicit.data) == (304, None)
        await source.get("items/2")
    assert "if-none-match" not in server.requests[3].headers


# --- Errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (400, SourceResponseError, "HTTP 400"),
        (401, SourceResponseError, "check the credentials"),
        (403, SourceResponseError, "check the credentials"),
        (404, SourceNotFoundError, "HTTP 404"),
        (410, SourceNotFoundError, "HTTP 410"),
        (408, SourceTimeoutError, "HTTP 408"),
        (429, RateLimitedError, "HTTP 429"),
        (500, SourceUnavailableError, "HTTP 500"),
        (503, SourceUnavailableError, "HTTP 503"),
        (301, SourceResponseError, "check the base URL"),
    ],
)
async def test_every_status_has_its_error(status: int, error: type[KitError], text: str) -> None:
    response = http("{}", status=status, headers={"location": "http://127.0.0.1:1/"})
    async with rest(answering(response)) as (source, _):
        with pytest.raises(error, match=text) as caught:
            await source.get("items/7")
    assert caught.type is error
    assert "GET /items/7" in str(caught.value)


async def rate_limited(retry_after: str) -> float | None:
    response = http("{}", status=429, headers={"retry-after": retry_after})
    async with rest(answering(response)) as (source, _):
        with pytest.raises(RateLimitedError) as caught:
            await source.get("items")
    return caught.value.retry_after_seconds


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("soon", None), ("9" * 400, None), ("-3", None)]
)
async def test_reads_how_many_seconds_to_wait(value: str, seconds: float | None) -> None:
    assert await rate_limited(value) == seconds


async def test_reads_until_when_to_wait() -> None:
    now = datetime.now(UTC)
    in_an_hour = format_datetime(now + timedelta(hours=1), usegmt=True)
    assert await rate_limited(in_an_hour) == pytest.approx(3600, abs=30)
    an_hour_ago = format_datetime(now - timedelta(hours=1), usegmt=True)
    assert await rate_limited(an_hour_ago) == 0.0


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (http("<html>", content_type="text/html; charset=utf-8"), "text/html instead of JSON"),
        (http('{"half": '), "broken JSON"),
        (http("[" * 100_000), "broken JSON"),
        (http("NaN"), "broken JSON"),
        (http(b"\xff\xfe"), "broken JSON"),
        (http(b"no gzip", headers={"content-encoding": "gzip"}), "broken content encoding"),
    ],
)
@pytest.mark.parametrize("exact_decimals", [False, True])
async def test_what_is_not_json_is_an_error(
    response: bytes, text: str, exact_decimals: bool
) -> None:
    async with rest(answering(response), exact_decimals=exact_decimals) as (source, _):
        with pytest.raises(SourceResponseError, match=text):
            await source.get("items")


async def test_an_answer_that_unpacks_to_too_much_is_cut_off() -> None:
    bomb = gzip.compress(b'"' + b"a" * 5_000_000 + b'"')
    response = http(bomb, headers={"content-encoding": "gzip"})
    async with rest(answering(response), max_body_bytes=100_000) as (source, _):
        with pytest.raises(SourceResponseError, match="more than 100,000 bytes"):
            await source.get("items")


async def test_a_source_that_is_not_there_cannot_be_reached() -> None:
    async with serve(answering(http("{}"))) as server:
        port = server.port
    source = RestSource("shop", f"http://127.0.0.1:{port}", resilience=ONCE)
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        await source.get("items")
    await source.close()


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"])
async def test_a_source_that_closes_early_is_unavailable(sent: bytes) -> None:
    async def script(_: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        await writer.drain()
        raise CloseConnection

    async with rest(script) as (source, _):
        with pytest.raises(SourceUnavailableError, match="broke off"):
            await source.get("items")


async def test_a_source_that_hangs_is_cut_off() -> None:
    async def script(_: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        await asyncio.Event().wait()
        return b""

    async with rest(script) as (source, _):
        with pytest.raises(SourceTimeoutError):
            await asyncio.wait_for(source.get("items"), 2)


async def test_a_source_that_drips_is_cut_off() -> None:
    async def script(_: ReceivedRequest, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with rest(script) as (source, _):
        with pytest.raises(SourceTimeoutError):
            await asyncio.wait_for(source.get("items"), 2)


async def test_a_passing_failure_is_retried_but_a_post_is_not() -> None:
    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        return http("{}", status=503 if request.number % 2 else 200)

    retrying = ResilienceSettings(retry=RetrySettings(initial_seconds=0.001))
    async with rest(script, resilience=retrying) as (source, server):
        assert (await source.get("items")).status == 200
        assert len(server.requests) == 2
        with pytest.raises(SourceUnavailableError):
            await source.request("POST", "items", json={})
        assert len(server.requests) == 3


# --- Nothing leaks -------------------------------------------------------------------------------


async def test_no_credential_and_no_data_in_errors_and_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither in the text, nor in the causes that a traceback would print."""
    caplog.set_level(logging.DEBUG)
    bad = http('{"email": "jane@example.com" oops', status=200)
    with structlog.testing.capture_logs() as logs:
        async with rest(answering(bad), auth=BearerAuth("s3cret")) as (source, _):
            with pytest.raises(SourceResponseError) as caught:
                await source.get("items", params={"email": "jane@example.com"})
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(f"{error!r} {vars(error)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for text in (
        *chain,
        repr(logs),
        *(r.getMessage() for r in caplog.records if r.name != "httpx"),
    ):
        assert "jane" not in text
        assert "s3cret" not in text


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example", "http://"])
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must look like https://"):
        RestSource("shop", url)


def test_credentials_in_the_base_url_are_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        RestSource("shop", "https://user:s3cret@shop.example")
    assert "s3cret" not in str(caught.value)


# --- Pages ---------------------------------------------------------------------------------------


async def test_pages_by_offset() -> None:
    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        offset = int(request.target.rpartition("offset=")[2])
        return http(json.dumps({"data": list(range(5))[offset : offset + 2]}))

    async with rest(script) as (source, server):
        pages = [
            page
            async for page in offset_pages(
                source, "items", items=lambda page: page["data"], page_size=2
            )
        ]
    assert pages == [[0, 1], [2, 3], [4]]
    assert len(server.requests) == 3


async def test_pages_by_cursor() -> None:
    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        cursor = request.target.partition("cursor=")[2]
        following = {"": "a", "a": "b", "b": None}[cursor]
        return http(json.dumps({"rows": [cursor], "next": following}))

    async with rest(script) as (source, _):
        pages = [
            page
            async for page in cursor_pages(
                source, "items", items=lambda p: p["rows"], next_cursor=lambda p: p["next"]
            )
        ]
    assert pages == [[""], ["a"], ["b"]]


async def test_a_cursor_that_repeats_ends_in_an_error() -> None:
    async with rest(answering(http('{"rows": [1], "next": "x"}'))) as (source, server):
        with pytest.raises(SourceResponseError, match="repeats a cursor"):
            async for _ in cursor_pages(
                source, "items", items=lambda p: p["rows"], next_cursor=lambda p: p["next"]
            ):
                pass
    assert len(server.requests) == 2


async def test_pages_by_link_on_the_same_host_only() -> None:
    async def script(request: ReceivedRequest, _: asyncio.StreamWriter) -> bytes:
        host = request.headers["host"]
        link = {
            "/items": f'<http://{host}/items?page=1>; rel="first", '
            f'<http://{host}/items?page=2>; rel="next"',
            "/items?page=2": '<http://elsewhere.example/items?page=3>; rel="next"',
        }[request.target]
        return http("[1]", headers={"link": link})

    async with rest(script, auth=BearerAuth("s3cret")) as (source, server):
        pages = link_pages(source, "items", items=lambda page: page)
        assert [await anext(pages), await anext(pages)] == [[1], [1]]
        with pytest.raises(SourceResponseError, match="another host"):
            await anext(pages)
    assert [request.target for request in server.requests] == ["/items", "/items?page=2"]


async def test_a_page_of_another_shape_is_an_error() -> None:
    async with rest(answering(http('{"data": {"not": "a list"}}'))) as (source, _):
        with pytest.raises(SourceResponseError, match="another shape"):
            async for _ in offset_pages(source, "items", items=lambda page: page["data"]):
                pass
