"""Usual answers are written as one; all others as uvicorn writes them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from gateway.server.response_cycle import WholeResponseCycle

HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"2")]


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.closed = True


async def answer(
    headers: list[tuple[bytes, bytes]] = HEADERS,
    *bodies: bytes,
    method: str = "POST",
    keep_alive: bool = True,
) -> Transport:
    """What a connection carries when an application answers with `bodies`."""
    transport = Transport()
    cycle = WholeResponseCycle(
        scope={"method": method},  # type: ignore[typeddict-item] # what is read of it
        transport=transport,
        flow=FlowControl(transport),
        logger=logging.getLogger("uvicorn.error"),
        access_logger=logging.getLogger("uvicorn.access"),
        access_log=False,
        default_headers=[(b"date", b"now")],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )
    await cycle.send({"type": "http.response.start", "status": 200, "headers": headers})
    for number, body in enumerate(bodies, 1):
        more = number < len(bodies)
        await cycle.send({"type": "http.response.body", "body": body, "more_body": more})
    assert cycle.response_complete
    return transport


async def test_head_and_body_are_written_as_one() -> None:
    transport = await answer(HEADERS, b"{}")
    assert transport.written == [
        b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-type: application/json\r\n"
        b"content-length: 2\r\n\r\n{}"
    ]
    assert not transport.closed


@pytest.mark.parametrize(
    ("bodies", "options"),
    [
        ((b"{", b"}"), {}),
        ((b"{}",), {"keep_alive": False}),
        ((b"{}",), {"headers": [(b"content-type", b"application/json")]}),
        ((b"{}",), {"headers": [*HEADERS, (b"connection", b"close")]}),
    ],
)
async def test_what_is_not_usual_begins_with_its_head(
    bodies: tuple[bytes, ...], options: dict[str, Any]
) -> None:
    options = {"headers": HEADERS, **options}
    transport = await answer(options.pop("headers"), *bodies, **options)
    assert transport.written[0].endswith(b"\r\n\r\n")
    assert len(transport.written) > 1


async def test_the_answer_to_head_has_no_body() -> None:
    transport = await answer(HEADERS, b"{}", method="HEAD")
    assert b"".join(transport.written).endswith(b"\r\n\r\n")


async def test_a_large_body_is_not_copied() -> None:
    body = b" " * 300_000
    headers = [(b"content-length", b"300000")]
    assert len((await answer(headers, body)).written) == 2


@pytest.mark.parametrize("header", [(b"x\r", b"1"), (b"x", b"1\r\ny: 2")])
async def test_what_cannot_stand_in_a_head_is_refused(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(RuntimeError):
        await answer([*HEADERS, header], b"{}")
