"""Numbers counted on the event loop look like Prometheus' own when they are read."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.tally import Counts, Durations, Joined

BOUNDS = (0.01, 0.5, 1.0)
SECONDS = (0.005, 0.01, 0.3, 0.5, 0.7, 2.0)


def samples(text: bytes) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_a_histogram_has_the_numbers_of_prometheus_own() -> None:
    registry, expected = CollectorRegistry(), CollectorRegistry()
    durations = Durations("took", "t", ("of",), BOUNDS)
    registry.register(durations)
    theirs = Histogram("took", "t", ("of",), buckets=BOUNDS, registry=expected)
    for seconds in SECONDS:
        durations.add(("a",), seconds)
        theirs.labels("a").observe(seconds)
    assert samples(generate_latest(registry)) == samples(generate_latest(expected))


def test_a_counter_too() -> None:
    registry, expected = CollectorRegistry(), CollectorRegistry()
    counts = Counts("asked", "a", ("of", "kind"))
    registry.register(counts)
    theirs = Counter("asked", "a", ("of", "kind"), registry=expected)
    for labels in (("a", "x"), ("a", "x"), ('"', "\n")):
        counts.add(labels)
        theirs.labels(*labels).inc()
    assert samples(generate_latest(registry)) == samples(generate_latest(expected))


def test_metrics_of_one_name_stand_under_one_header() -> None:
    registry = CollectorRegistry()
    Counter("asked", "a", ("of",), registry=registry).labels("there").inc()
    counts, other = Counts("asked", "a", ("of",)), Counts("answered", "a", ("of",))
    counts.add(("here",))
    other.add(("here",))
    text = generate_latest(Joined(registry, [counts, other]))
    assert text.count(b"# TYPE asked_total counter") == 1
    found = samples(text)
    assert found["asked_total[('of', 'here')]"] == found["asked_total[('of', 'there')]"] == 1
    assert found["answered_total[('of', 'here')]"] == 1
