"""Gives each subgraph the client of the protocol it is configured for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from gateway.transport.base import SubgraphClient, SubgraphRequest, SubgraphResponse
from gateway.transport.http import HttpConnections, HttpSubgraphClient
from gateway.transport.http2 import Http2Connections, Http2SubgraphClient
from gateway.transport.route import HttpTarget, InvalidTargetError


def clients_by_version(
    targets: Mapping[str, HttpTarget], connections: HttpConnections, http2: Http2Connections
) -> SubgraphClient:
    """One client for all `targets`; that of HTTP/1.1 itself where nothing else is asked for.

    Raises:
        InvalidTargetError: if a target cannot be used, or what speaks HTTP/2 is not installed.
    """
    newer = {name: target for name, target in targets.items() if target.http_version == "2"}
    older = {name: target for name, target in targets.items() if name not in newer}
    first = HttpSubgraphClient(older, connections)
    if not newer:
        return first
    if importlib.util.find_spec("pyreqwest") is None:
        raise InvalidTargetError(
            f'Subgraph "{min(newer)}" is to be called over HTTP/2, which needs the package '
            "pyreqwest: pip install 'dictamesh[http2]'"
        )
    return _ByVersion(first, Http2SubgraphClient(newer, http2), frozenset(newer))


class _ByVersion:
    def __init__(
        self, first: HttpSubgraphClient, second: Http2SubgraphClient, newer: frozenset[str]
    ) -> None:
        self._first = first
        self._second = second
        self._newer = newer

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        """Send `request` in the protocol of its subgraph; see `SubgraphClient`."""
        if request.subgraph in self._newer:
            return await self._second.execute(request)
        return await self._first.execute(request)

    async def close(self) -> None:
        """Close both."""
        await self._first.close()
        await self._second.close()
