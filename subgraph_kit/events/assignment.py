"""Who reads which partition: the same rule for every member, so that no one has to lead.

Each member of a group computes the assignment of the whole group from the same facts (members,
what they subscribed to, the topics' sizes) and takes its own part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subgraph_kit.events.topics import matching_topics


def assign_partitions(
    members: Mapping[str, Sequence[str]], topic_sizes: Mapping[str, int]
) -> dict[str, set[tuple[str, int]]]:
    """Spread partitions evenly over the members that subscribed to their topic.

    `members` gives the topic patterns by member id; `topic_sizes` the number of partitions by
    topic. The result has an entry, possibly empty, for every member.
    """
    assigned: dict[str, set[tuple[str, int]]] = {member: set() for member in members}
    wanted = {m: set(matching_topics(p, topic_sizes)) for m, p in members.items()}
    turn = 0
    for topic in sorted(topic_sizes):
        readers = sorted(member for member in members if topic in wanted[member])
        if not readers:
            continue
        for partition in range(topic_sizes[topic]):
            assigned[readers[turn % len(readers)]].add((topic, partition))
            turn += 1
    return assigned
