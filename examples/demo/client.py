"""Asks the gateway as any client would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx


class GraphQLClient:
    """A GraphQL client over one keep-alive connection. Use as an asynchronous context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=30)

    async def __aenter__(self) -> GraphQLClient:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.aclose()

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the whole answer, with data and errors."""
        body = {"query": query, "variables": variables or {}}
        response = await self._client.post(self._url, json=body, headers=headers)
        answer = response.json()
        if not isinstance(answer, dict):
            raise TypeError("the gateway answered what is no GraphQL answer")
        return answer
