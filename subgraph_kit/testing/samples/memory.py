"""Sample rows in memory, for projects that have no source yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.sources.samples import SampleAdapter
from subgraph_kit.testing.samples.base import Rows, Samples

_ANSWER_SECONDS = 0.002


class MemorySamples(Samples):
    """The adapters are the source; each answer takes as long as a quick source's."""

    def serve(self, adapters: Sequence[DataProductAdapter]) -> None:
        """Take the adapters, slow enough for a cache to show."""
        super().serve(adapters)
        for adapter in adapters:
            if isinstance(adapter, SampleAdapter):
                adapter.answer_seconds = _ANSWER_SECONDS

    @classmethod
    @asynccontextmanager
    async def open(cls, rows: Rows, _directory: Path) -> AsyncIterator[MemorySamples]:
        """Nothing to start."""
        yield cls(rows)

    @contextmanager
    def failure(self) -> Iterator[None]:
        """No adapter answers."""
        adapters = [each for each in self.adapters if isinstance(each, SampleAdapter)]
        for adapter in adapters:
            adapter.available = False
        try:
            yield
        finally:
            for adapter in adapters:
                adapter.available = True
