"""What belongs to one request."""

from __future__ import annotations

from itertools import combinations

from gateway.context import SecurityContext


def test_partitions_differ_wherever_a_part_differs() -> None:
    contexts = [
        SecurityContext(),
        SecurityContext(tenant="a"),
        SecurityContext(subject="a"),
        SecurityContext(scopes=frozenset({"a"})),
        SecurityContext(scopes=frozenset({"a b"})),
        SecurityContext(scopes=frozenset({"a", "b"})),
        SecurityContext(tenant="a\x1fb", subject="c"),
        SecurityContext(tenant="a", subject="b\x1fc"),
        SecurityContext(tenant='a", "b', subject=""),
        SecurityContext(tenant="a", subject="b"),
    ]
    for left, right in combinations(contexts, 2):
        assert left.cache_partition != right.cache_partition


def test_the_order_of_scopes_means_nothing() -> None:
    left = SecurityContext(scopes=frozenset(["x", "y", "z"]))
    right = SecurityContext(scopes=frozenset(["z", "y", "x"]))
    assert left.cache_partition == right.cache_partition
