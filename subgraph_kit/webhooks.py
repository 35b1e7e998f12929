"""`POST /webhooks/{source_system}`: take a source's word for a change, durably, before thanking.

    401  the delivery is not authentic        400  it cannot be read
    404  no adapter of this source            413  it is too large
    503  the outbox cannot store it now: send it again
    202  it stands in the outbox; {"accepted": n, "event_ids": [...]}

A delivery is authentic by an HMAC-SHA256 of its body in `X-Webhook-Signature: sha256=<hex>`, or by
`Authorization: Bearer <secret>`, compared in constant time. What is not authentic is not parsed.
"""

from __future__ import annotations

import hashlib
import hmac
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.data_product import EntityChange
from subgraph_kit.errors import InvalidEventError, RetriableError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.schema.app import read_body
from subgraph_kit.telemetry import metrics, names
from subgraph_kit.telemetry.setup import server_span

_log = structlog.get_logger(__name__)

DEFAULT_SIGNATURE_HEADER = "X-Webhook-Signature"


@dataclass(frozen=True, slots=True)
class WebhookAuth:
    """The secret a source proves that it has; `signature_header` is where it puts the HMAC."""

    secret: str = field(repr=False)
    signature_header: str = DEFAULT_SIGNATURE_HEADER

    def __post_init__(self) -> None:
        if not self.secret:
            raise ValueError("a webhook secret must not be empty")

    def accepts(self, request: Request, body: bytes) -> bool:
        """Whether the delivery is signed with the secret, or carries it as bearer token."""
        signature = request.headers.get(self.signature_header)
        if signature is not None:
            expected = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            given = signature.strip().removeprefix("sha256=").lower()
            return hmac.compare_digest(expected.encode(), given.encode())
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            self.secret.encode(), token.strip().encode()
        )


Accept = Callable[[RegisteredAdapter, Sequence[EntityChange]], Awaitable[Sequence[str]]]
"""Stores changes durably and returns their event ids; raises `RetriableError` if it cannot."""


@dataclass(slots=True)
class WebhookSource:
    """The adapters of one source system and how its deliveries are authenticated."""

    auth: WebhookAuth | None = None
    adapters: list[RegisteredAdapter] = field(default_factory=list)


class WebhookEndpoint:
    """Takes deliveries; `handle` is a Starlette endpoint with the parameter `source_system`."""

    def __init__(self, accept: Accept, *, max_body_bytes: int) -> None:
        self._accept = accept
        self._max_body_bytes = max_body_bytes
        self._sources: dict[str, WebhookSource] = {}

    def add(self, adapter: RegisteredAdapter, auth: WebhookAuth | None) -> None:
        """Let deliveries of the adapter's source come in."""
        source = self._sources.setdefault(adapter.data_product.source_system, WebhookSource())
        source.adapters.append(adapter)
        source.auth = auth or source.auth

    async def handle(self, request: Request) -> Response:
        """Answer one delivery; never raises."""
        source_system = str(request.path_params["source_system"])
        headers = {name.lower(): value for name, value in request.headers.items()}
        known = source_system if source_system in self._sources else "unknown"
        with server_span(names.SPAN_WEBHOOK, headers, {names.ATTR_SOURCE_SYSTEM: known}) as span:
            status, answer = await self._answer(request, source_system)
            span.set_attribute(names.ATTR_HTTP_STATUS, status)
        metrics.WEBHOOKS.labels(known, str(status)).inc()
        if status >= 400:
            _log.warning("webhook refused", source_system=known, status=status)
        return Response(orjson.dumps(answer), status, media_type="application/json")

    async def _answer(self, request: Request, source_system: str) -> tuple[int, object]:
        source = self._sources.get(source_system)
        if source is None:
            return 404, _problem("no adapter of this source is registered here")
        body = await read_body(request, self._max_body_bytes)
        if body is None:
            return 413, _problem(f"a delivery may have {self._max_body_bytes:,} bytes")
        if source.auth is None:
            # Open by default would let anyone write events.
            return 401, _problem(
                "webhooks of this source have no secret here: set DICTAMESH_WEBHOOK_SECRET"
            )
        if not source.auth.accepts(request, body):
            return 401, _problem(
                f"send the body's HMAC-SHA256 in {source.auth.signature_header}, or the secret "
                "as bearer token"
            )
        try:
            parsed = _parse(source.adapters, body)
        except InvalidEventError as error:
            return 400, _problem(str(error))
        event_ids: list[str] = []
        try:
            for adapter, changes in parsed:
                event_ids.extend(await self._accept(adapter, changes))
        except RetriableError:
            return 503, _problem("the delivery could not be stored: send it again")
        except Exception:
            _log.exception("a webhook could not be stored", source_system=source_system)
            return 503, _problem("the delivery could not be stored: send it again")
        return 202, {"accepted": len(event_ids), "event_ids": event_ids}


def _parse(
    adapters: Sequence[RegisteredAdapter], body: bytes
) -> list[tuple[RegisteredAdapter, list[EntityChange]]]:
    """Let the source's adapters read the body; each takes the changes of its entity type.

    Raises:
        InvalidEventError: if none can read it, or a change names a type that none serves.
    """
    now = datetime.now(UTC)
    by_type = {adapter.entity_type: adapter for adapter in adapters}
    changes: dict[str, list[EntityChange]] = {}
    refusal: InvalidEventError | None = None
    understood = False
    for adapter in adapters:
        if type(adapter.adapter).parse_webhook is DataProductAdapter.parse_webhook:
            continue
        try:
            found = adapter.parse_webhook(body)
        except InvalidEventError as error:
            refusal = refusal or error
            continue
        except Exception as error:
            # An author's parser met what it did not expect: the body is at fault, not the service.
            # The error's text may quote the body, so where it happened has to do.
            _log.error(
                "a webhook parser failed",
                entity_type=adapter.entity_type,
                error=type(error).__name__,
                where=_where(error),
            )
            refusal = refusal or InvalidEventError("the body is not what the source sends")
            continue
        understood = True
        for change in found:
            if change.entity_type not in by_type:
                raise InvalidEventError(f"no adapter serves {change.entity_type[:100]!r} here")
            if not change.entity_id:
                raise InvalidEventError("a change without an entity id")
            # The event must be the same on every attempt: the time is fixed here.
            timed = change if change.occurred_at else replace(change, occurred_at=now)
            of_type = changes.setdefault(change.entity_type, [])
            if timed not in of_type:
                of_type.append(timed)
    if not understood:
        raise refusal or InvalidEventError("this source's adapters take no webhooks")
    return [(by_type[entity_type], found) for entity_type, found in changes.items()]


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"


def _problem(message: str) -> dict[str, str]:
    return {"error": message}
