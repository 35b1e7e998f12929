from __future__ import annotations

import aiokafka.partitioner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.events.assignment import assign_partitions
from subgraph_kit.events.base import TopicConfig
from subgraph_kit.events.partitioning import murmur2, partition_for_key
from subgraph_kit.events.topics import (
    ENTITY_CHANGED_TOPICS,
    ENTITY_REGISTERED,
    RELATIONSHIP_CREATED,
    config_for,
    dead_letter_topic,
    entity_topic,
    matching_topics,
)


def test_a_topic_is_named_by_domain_and_source() -> None:
    assert entity_topic("customers", "directus") == "customers.directus.entity_changed"
    with_tenant = entity_topic("customers", "directus", tenant="acme")
    assert with_tenant == "acme.customers.directus.entity_changed"


@pytest.mark.parametrize(
    ("domain", "source", "tenant"),
    [
        ("", "x", None),
        ("Customers", "x", None),
        ("a.b", "x", None),
        ("a", "x y", None),
        ("a", "-x", None),
        ("a", "x", "ä"),
        ("a", "x", ""),
        ("system", "x", None),
        ("a", "x", "system"),
        ("a", "x" * 250, None),
    ],
)
def test_refuses_parts_that_make_no_topic(domain: str, source: str, tenant: str | None) -> None:
    with pytest.raises(ConfigurationError):
        entity_topic(domain, source, tenant=tenant)


def test_topics_get_the_configuration_of_their_kind() -> None:
    assert config_for("a.b.entity_changed") == TopicConfig(12, 3, 30, "delete")
    for system in (ENTITY_REGISTERED, RELATIONSHIP_CREATED):
        assert config_for(system) == TopicConfig(3, 3, 365, "compact")
    assert config_for(dead_letter_topic("search")).cleanup == "delete"


def test_a_dead_letter_topic_can_be_named_after_any_group() -> None:
    assert dead_letter_topic("search") == "system.dead_letter.search"
    assert dead_letter_topic("a b/ü") == "system.dead_letter.a-b--"
    assert len(dead_letter_topic("x" * 1000)) == 249


def test_patterns_match_whole_names() -> None:
    names = [
        "customers.directus.entity_changed",
        "acme.customers.directus.entity_changed",
        "system.dead_letter.catalog",
        "customers_directus_entity_changed",
    ]
    assert matching_topics([ENTITY_CHANGED_TOPICS], names) == [names[1], names[0]]
    assert matching_topics(["customers.*"], names) == [names[0]]
    assert matching_topics([names[0], "system.*"], names) == [names[0], names[2]]
    assert matching_topics([], names) == []


@given(key=st.binary(max_size=40))
def test_keys_are_placed_like_kafka_places_them(key: bytes) -> None:
    assert murmur2(key) == aiokafka.partitioner.murmur2(key)
    expected = aiokafka.partitioner.DefaultPartitioner()(key, list(range(12)), list(range(12)))
    assert partition_for_key(key, 12) == expected


@given(
    members=st.dictionaries(st.text(min_size=1, max_size=3), st.just(["*"]), max_size=6),
    sizes=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 12), max_size=4),
)
def test_every_partition_has_one_reader_and_the_load_is_even(
    members: dict[str, list[str]], sizes: dict[str, int]
) -> None:
    assigned = assign_partitions(members, sizes)
    assert set(assigned) == set(members)
    everything = [partition for own in assigned.values() for partition in own]
    if members:
        assert sorted(everything) == sorted(
            (t, n) for t, size in sizes.items() for n in range(size)
        )
        counts = [len(own) for own in assigned.values()]
        assert max(counts) - min(counts) <= 1


def test_a_member_gets_only_topics_it_subscribed_to() -> None:
    assigned = assign_partitions({"a": ["x.*"], "b": ["*"]}, {"x.1": 2, "y.1": 1})
    assert assigned["a"] <= {("x.1", 0), ("x.1", 1)}
    assert ("y.1", 0) in assigned["b"]
