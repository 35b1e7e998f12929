"""Answers that came while compiled code ran, for the interpreter to look at.

Nothing is asked twice: what was answered (or failed) is given out again, each answer once; what
was not asked yet goes to the subgraph.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TypeAlias

import msgspec

from gateway.transport.answer import read_body
from gateway.transport.base import SubgraphClient, SubgraphRequest, SubgraphResponse

Answer: TypeAlias = SubgraphResponse | Exception
_Key: TypeAlias = tuple[str, str, bytes]

_encode = msgspec.json.Encoder().encode


class ReplayingClient:
    """A `SubgraphClient` that knows answers already."""

    def __init__(
        self, inner: SubgraphClient, recorded: list[tuple[SubgraphRequest, Answer]]
    ) -> None:
        self._inner = inner
        self._answers: defaultdict[_Key, deque[Answer]] = defaultdict(deque)
        for request, answer in recorded:
            self._answers[_key(request)].append(answer)

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """See `SubgraphClient`."""
        answers = self._answers.get(_key(request))
        if not answers:
            return await self._inner.execute(request)
        answer = answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        if answer.is_decoded or answer.body is None:
            return answer
        return read_body(request.subgraph, answer.body)

    async def close(self) -> None:
        """The inner client belongs to others."""


def _key(request: SubgraphRequest) -> _Key:
    return request.subgraph, request.operation, _encode(request.variables)
