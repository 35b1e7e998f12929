"""Numbers that are counted on the event loop and read when metrics are asked for.

Prometheus' own counters take a lock and make an object or two for each count, which is a tenth of a
small request. One event loop counts here, so plain lists will do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Labels = tuple[str, ...]


class Counts(Collector):
    """A counter by label values: `counts[labels] += 1` is what `add` does."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str]) -> None:
        self._name, self._help_text, self._labels = name, help_text, labels
        self._counts: dict[Labels, Count] = {}

    def add(self, labels: Labels) -> None:
        """Count one."""
        count = self._counts.get(labels)
        if count is None:
            count = self.count(labels)
        count.value += 1

    def count(self, labels: Labels) -> Count:
        """The count with these label values, for who adds to it all the time."""
        count = self._counts.get(labels)
        if count is None:
            count = self._counts[labels] = Count()
        return count

    def collect(self) -> Iterator[Metric]:
        """As Prometheus asks for it."""
        family = CounterMetricFamily(self._name, self._help_text, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count.value)
        yield family


class Count:
    """A number that only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class Durations(Collector):
    """A histogram of seconds by label values."""

    def __init__(
        self, name: str, help_text: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        self._name, self._help_text, self._labels = name, help_text, labels
        self._bounds = tuple(bounds)
        self._les = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        self._series: dict[Labels, Series] = {}

    def add(self, labels: Labels, seconds: float) -> None:
        """Note one duration."""
        self.series(labels).add(seconds)

    def series(self, labels: Labels) -> Series:
        """The durations with these label values, for who adds to them all the time."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = Series(self._bounds)
        return series

    def collect(self) -> Iterator[Metric]:
        """As Prometheus asks for it."""
        family = HistogramMetricFamily(self._name, self._help_text, labels=self._labels)
        for labels, series in self._series.items():
            below = 0
            buckets: list[tuple[str, float]] = []
            for le, count in zip(self._les, series.buckets, strict=True):
                below += count
                buckets.append((le, below))
            family.add_metric(labels, buckets, series.sum)
        yield family


class Series:
    """A histogram of seconds; the last bucket has no bound."""

    __slots__ = ("_bounds", "buckets", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Note one duration."""
        self.buckets[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds


class Joined:
    """A registry's metrics, with the samples of `own` collectors put to those of the same name."""

    def __init__(self, registry: Collector, own: Sequence[Collector]) -> None:
        self._registry, self._own = registry, own

    def collect(self) -> Iterator[Metric]:
        """As Prometheus asks for it."""
        own = {family.name: family for collector in self._own for family in collector.collect()}
        for family in self._registry.collect():
            same = own.pop(family.name, None)
            if same is not None:
                family.samples = [*family.samples, *same.samples]
            yield family
        yield from own.values()
