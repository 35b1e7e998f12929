"""An outcome as a client gets it: bytes, status, compressed or not."""

from __future__ import annotations

from gateway.outcome import Outcome
from gateway.server.compression import gzip_body
from gateway.server.negotiate import JSON
from gateway.server.responses import encode_json


class Answer:
    """An outcome and its bytes, written once for all who share it."""

    __slots__ = ("_gzipped", "body", "outcome")

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.body = encode_json(outcome.as_json())
        self._gzipped: bytes | None = None

    async def gzipped(self) -> bytes:
        """The body, compressed."""
        if self._gzipped is None:
            self._gzipped = await gzip_body(self.body)
        return self._gzipped


def status_of(outcome: Outcome, media_type: str) -> int:
    """The HTTP status ("GraphQL over HTTP", sections 6.4.1 and 6.4.2).

    Clients that ask for `application/json` expect 200 for everything that is GraphQL, also for an
    operation that is not valid; anything before that, and trouble of the gateway's own, keeps its
    status.
    """
    if outcome.was_executed:
        return 200
    if media_type == JSON and outcome.is_graphql_refusal:
        return 200
    return outcome.status


def error_kind(outcome: Outcome) -> str:
    """How much of an answer with errors there is, as metrics tell it."""
    if not outcome.was_executed:
        return "refused"
    return "no_data" if outcome.data is None else "partial"
