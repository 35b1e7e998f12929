"""Entity calls of different operations, made as one call while the subgraph is busy.

Two operations that resolve the same fields of different entities send the same document to the same
subgraph, with other representations. While one such call is in flight, those that come within
`window_seconds` are gathered and sent as one; where nothing is in flight a call goes at once, so an
idle gateway adds no latency.

Only queries of entities are gathered, and only if subgraph, document, all other variables,
forwarded headers and security context are equal. Each caller gets its own entities and the errors
that name them. Whatever cannot be told apart (an error that names no entity, a list of another
length, an answer that is too large) is asked again by each caller alone: what one operation asks
for never spoils another's answer.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway.transport.answer import read_body
from gateway.transport.base import (
    SubgraphCallError,
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)
from gateway.transport.headers import deciding_headers
from subgraph_kit.resilience.cut_off import cut_off
from subgraph_kit.resilience.deadline import current_deadline

_REPRESENTATIONS = "representations"
_ENTITY_CALL = "{_entities(representations:$representations)"
"""As the planner writes it."""

_OF_THE_SUBGRAPH = frozenset(
    ("SUBREQUEST_CONNECTION_ERROR", "SUBREQUEST_TIMEOUT", "SUBREQUEST_CIRCUIT_OPEN")
)
"""Failures that say nothing about what was asked: asking again would only add to the load."""


class _RawEntities(msgspec.Struct):
    entities: list[msgspec.Raw] = msgspec.field(name="_entities")


class _RawAnswer(msgspec.Struct):
    data: _RawEntities


_decode_raw = msgspec.json.Decoder(_RawAnswer).decode
_encode_variables = msgspec.json.Encoder().encode

Part = SubgraphResponse | SubgraphCallError | None
"""A caller's share of a batch; None where it has to ask alone."""


@dataclass(slots=True)
class _Batch:
    """Requests that wait to be sent together."""

    requests: list[SubgraphRequest] = field(default_factory=list)
    futures: list[asyncio.Future[Part]] = field(default_factory=list)
    size: int = 0
    """Representations of all of them."""
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Lane:
    """What is going on for one kind of call."""

    in_flight: int = 0
    gathering: _Batch | None = None


class BatchingSubgraphClient:
    """Wraps a client.

    A batch has at most `max_representations`, unless one caller alone has more.
    """

    def __init__(
        self, inner: SubgraphClient, *, window_seconds: float, max_representations: int
    ) -> None:
        self._inner = inner
        self._window_seconds = window_seconds
        self._max_representations = max_representations
        self._lanes: dict[Hashable, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        key = _key(request)
        if key is None:
            return await self._inner.execute(request)
        lane = self._lanes.get(key)
        if lane is not None and lane.in_flight:
            part = await self._gathered(key, lane, request)
            if isinstance(part, SubgraphCallError):
                raise part.again()
            if part is not None:
                return part
        return await self._alone(key, request)

    async def close(self) -> None:
        """Close the inner client; calls in flight end with their callers."""
        await self._inner.close()

    async def _alone(self, key: Hashable, request: SubgraphRequest) -> SubgraphResponse:
        lane = self._lanes.setdefault(key, _Lane())
        lane.in_flight += 1
        try:
            return await self._inner.execute(request)
        finally:
            self._left(key, lane)

    def _left(self, key: Hashable, lane: _Lane) -> None:
        lane.in_flight -= 1
        if not lane.in_flight and lane.gathering is None and self._lanes.get(key) is lane:
            del self._lanes[key]

    # --- Gathering -----------------------------------------------------------------------------

    async def _gathered(self, key: Hashable, lane: _Lane, request: SubgraphRequest) -> Part:
        size = len(request.variables[_REPRESENTATIONS])
        batch = lane.gathering
        if batch is not None and batch.size + size > self._max_representations:
            self._send(key, lane, batch)
            batch = None
        loop = asyncio.get_running_loop()
        if batch is None:
            batch = lane.gathering = _Batch()
            batch.timer = loop.call_later(self._window_seconds, self._send, key, lane, batch)
        future: asyncio.Future[Part] = loop.create_future()
        batch.requests.append(request)
        batch.futures.append(future)
        batch.size += size
        if batch.size >= self._max_representations:
            self._send(key, lane, batch)
        limit = current_deadline()
        if limit is None:
            return await future
        try:
            with cut_off(limit.remaining_seconds()):
                return await future
        except TimeoutError:
            return SubgraphCallError(
                request.subgraph,
                "SUBREQUEST_TIMEOUT",
                f'Subgraph "{request.subgraph}" did not answer within {limit.seconds:.3g} s',
            )

    def _send(self, key: Hashable, lane: _Lane, batch: _Batch) -> None:
        """Send what was gathered, in a task of its own: no caller's end is the others'."""
        if batch.timer is not None:
            batch.timer.cancel()
        if lane.gathering is batch:
            lane.gathering = None
        wanted = [i for i, future in enumerate(batch.futures) if not future.done()]
        lane.in_flight += 1
        if not wanted:
            self._left(key, lane)
            return
        requests = [batch.requests[i] for i in wanted]
        futures = [batch.futures[i] for i in wanted]
        task = asyncio.get_running_loop().create_task(
            self._run(key, lane, requests, futures),
            # The deadlines of single callers do not hold for all of them.
            context=contextvars.Context(),
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        waiting = len(futures)

        def one_left(_: asyncio.Future[Part]) -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                task.cancel()  # Nobody waits for the answer any more.

        for future in futures:
            future.add_done_callback(one_left)

    async def _run(
        self,
        key: Hashable,
        lane: _Lane,
        requests: list[SubgraphRequest],
        futures: list[asyncio.Future[Part]],
    ) -> None:
        parts: list[Part] = [None] * len(requests)
        try:
            parts = await self._call(requests)
        except SubgraphCallError as error:
            if error.code in _OF_THE_SUBGRAPH:
                parts = [error] * len(requests)
        finally:
            # Whatever happened, nobody waits for ever: None makes a caller ask alone.
            self._left(key, lane)
            for future, part in zip(futures, parts, strict=True):
                if not future.done():
                    future.set_result(part)

    async def _call(self, requests: list[SubgraphRequest]) -> list[Part]:
        if len(requests) == 1:
            return [await self._inner.execute(requests[0])]
        first = requests[0]
        representations = [item for r in requests for item in r.variables[_REPRESENTATIONS]]
        combined = replace(
            first,
            variables={**first.variables, _REPRESENTATIONS: representations},
            undecoded=True,
            body=None,
        )
        return split_answer(requests, await self._inner.execute(combined))


def split_answer(requests: list[SubgraphRequest], response: SubgraphResponse) -> list[Part]:
    """Give each of `requests` its part of the answer to all of them; None where that is unclear."""
    sizes = [len(request.variables[_REPRESENTATIONS]) for request in requests]
    nothing: list[Part] = [None] * len(requests)
    if response.is_decoded:
        return _split_decoded(sizes, response) or nothing
    try:
        entities = _decode_raw(response.body or b"").data.entities
    except (ValueError, RecursionError):
        return nothing
    if len(entities) != sum(sizes):
        return nothing
    parts: list[Part] = []
    start = 0
    for request, size in zip(requests, sizes, strict=True):
        own = b",".join(entities[start : start + size])
        start += size
        body = b'{"data":{"_entities":[' + own + b"]}}"
        if request.undecoded:
            parts.append(SubgraphResponse(None, body=body, is_decoded=False))
            continue
        try:
            parts.append(read_body(request.subgraph, body))
        except SubgraphCallError:
            parts.append(None)
    return parts


def _split_decoded(sizes: list[int], response: SubgraphResponse) -> list[Part] | None:
    """Split an answer that has errors; None unless each of them names an entity."""
    entities = (response.data or {}).get("_entities")
    if not isinstance(entities, list) or len(entities) != sum(sizes):
        return None
    errors: list[list[Mapping[str, Any]]] = [[] for _ in sizes]
    for error in response.errors:
        match error.get("path"):
            case ["_entities", int(index), *rest] if 0 <= index < len(entities):
                owner = 0
                while index >= sizes[owner]:
                    index -= sizes[owner]
                    owner += 1
                errors[owner].append({**error, "path": ["_entities", index, *rest]})
            case _:
                return None
    parts: list[Part] = []
    start = 0
    for size, own in zip(sizes, errors, strict=True):
        data = {"_entities": entities[start : start + size]}
        # With a body of its own, so that whoever shares this part can have a copy of it.
        body = msgspec.json.encode({"data": data, "errors": own} if own else {"data": data})
        parts.append(SubgraphResponse(data, [dict(error) for error in own], body=body))
        start += size
    return parts


def _key(request: SubgraphRequest) -> Hashable | None:
    """What has to be equal for requests to go together; None where a request goes alone."""
    if request.is_mutation:
        return None
    representations = request.variables.get(_REPRESENTATIONS)
    if not isinstance(representations, list) or not representations:
        return None
    if _ENTITY_CALL not in request.operation:
        return None  # a variable of the client's that has the same name
    others = {k: v for k, v in request.variables.items() if k != _REPRESENTATIONS}
    try:
        variables = _encode_variables(others) if others else b""
    except (TypeError, ValueError, RecursionError):
        return None
    return (
        request.subgraph,
        request.operation,
        request.operation_name,
        variables,
        deciding_headers(request.headers),
        request.security,
    )
