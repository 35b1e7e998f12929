"""Sends the CMS's webhooks: signed, in order, tried again until the receiver took them.

A receiver that is down is tried again with growing pauses, for ever: a change must not be lost
because somebody restarts. A receiver that says that it will never take a body (a 4xx other than
408 and 429) gets `MAX_REFUSALS` tries, in case its configuration is being mended, and then the
delivery is given up so that those behind it go out.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from dataclasses import dataclass

import httpx

from examples.sources.cms_store import CustomerStore, Delivery

_logger = logging.getLogger("cms.webhooks")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
TIMEOUT_SECONDS = 5.0
MAX_REFUSALS = 5


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where webhooks go, and the secret that signs them."""

    url: str
    secret: str
    signature_header: str

    def signature(self, body: bytes) -> str:
        """`sha256=` and the HMAC of the body, in hex."""
        return "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookSender:
    """Delivers what the store has; `wake` tells it that there is something new."""

    def __init__(
        self,
        store: CustomerStore,
        target: WebhookTarget,
        *,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._store = store
        self._target = target
        self._first_pause_seconds = first_pause_seconds
        self._transport = transport
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for deliveries now."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=self._transport) as client:
            while True:
                delivery = await asyncio.to_thread(self._store.next_delivery)
                if delivery is None:
                    await self._woken.wait()
                    self._woken.clear()
                elif await self._delivered(client, delivery):
                    await asyncio.to_thread(self._store.forget_delivery, delivery)
                else:
                    await asyncio.to_thread(self._store.note_attempt, delivery)
                    pause = self._first_pause_seconds * 2 ** min(delivery.attempts, 10)
                    await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS))

    async def _delivered(self, client: httpx.AsyncClient, delivery: Delivery) -> bool:
        """Whether the delivery is over: taken, or refused too often."""
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            self._target.signature_header: self._target.signature(body),
        }
        try:
            response = await client.post(self._target.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            _logger.warning("delivery %s failed: %s", delivery.id, type(error).__name__)
            return False
        if response.is_success:
            return True
        _logger.warning("delivery %s was answered %s", delivery.id, response.status_code)
        final = response.is_client_error and response.status_code not in (408, 429)
        return final and delivery.attempts + 1 >= MAX_REFUSALS
