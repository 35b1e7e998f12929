"""What belongs to one request and travels with it through the stages."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec


class SecurityContext(msgspec.Struct, frozen=True, cache_hash=True):
    """On whose behalf a request runs; part of every key that shares or caches anything.

    The headers that go on to subgraphs are a part of these keys, too, so two callers with
    different credentials share nothing, whatever is known of them here.
    """

    tenant: str = ""
    subject: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def cache_partition(self) -> str:
        """A text that differs wherever any of the parts differs."""
        # JSON, because no separator is safe: the parts come from outside.
        return json.dumps([self.tenant, self.subject, sorted(self.scopes)])


class RequestContext(msgspec.Struct, frozen=True):
    """`headers` are those of the client's request that go on to subgraphs, in lower case."""

    security: SecurityContext = SecurityContext()
    headers: Mapping[str, str] = {}
    override_labels: frozenset[str] = frozenset()
    """Labels of progressive overrides that the request names itself."""
