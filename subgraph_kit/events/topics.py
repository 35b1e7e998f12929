"""Topic names and their configuration (rows 26 to 29).

<domain>.<source>.entity_changed              customers.directus.entity_changed
<tenant>.<domain>.<source>.entity_changed     acme.customers.directus.entity_changed
system.metadata.entity_registered             what is registered, latest state kept
system.lineage.relationship_created           what relates to what, latest state kept
system.dead_letter.<group>                    what a consumer group could not process
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.events.base import TopicConfig

ENTITY_CHANGED = "entity_changed"
ENTITY_CHANGED_TOPICS = f"*.{ENTITY_CHANGED}"
"""Pattern of every entity topic, with and without a tenant."""
ENTITY_REGISTERED = "system.metadata.entity_registered"
RELATIONSHIP_CREATED = "system.lineage.relationship_created"
SYSTEM = "system"
"""First part of the mesh's own topics; no domain and no tenant may be called so."""

_DEAD_LETTER_PREFIX = f"{SYSTEM}.dead_letter."
_PART = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")  # 249: Kafka's own limit

_ENTITY_CONFIG = TopicConfig(partitions=12, replication_factor=3, retention_days=30)
_SYSTEM_CONFIG = TopicConfig(
    partitions=3, replication_factor=3, retention_days=365, cleanup="compact"
)
_DEAD_LETTER_CONFIG = TopicConfig(partitions=1, replication_factor=3, retention_days=90)


def entity_topic(domain: str, source_system: str, *, tenant: str | None = None) -> str:
    """Return the topic that carries the changes of one source's entities.

    Raises:
        ConfigurationError: if a part cannot stand in a topic name.
    """
    for what, part in (("domain", domain), ("source system", source_system), ("tenant", tenant)):
        if part is not None and not _PART.fullmatch(part):
            raise ConfigurationError(
                f"{what} {part!r} cannot be part of a topic name: use lower-case letters, digits, "
                "'_' and '-', starting and ending with a letter or digit"
            )
    first = tenant or domain
    if first == SYSTEM:
        raise ConfigurationError(f"{SYSTEM!r} is reserved for the mesh's own topics")
    parts = [domain, source_system, ENTITY_CHANGED]
    return check_topic(".".join([tenant, *parts] if tenant else parts))


def dead_letter_topic(group: str) -> str:
    """Return the topic for what consumer group `group` could not process."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", group)
    return (_DEAD_LETTER_PREFIX + name)[:249]


def config_for(topic: str) -> TopicConfig:
    """Return the configuration that a topic of this name gets unless someone says otherwise."""
    if topic.startswith(_DEAD_LETTER_PREFIX):
        return _DEAD_LETTER_CONFIG
    if topic.startswith(f"{SYSTEM}."):
        return _SYSTEM_CONFIG
    return _ENTITY_CONFIG


def check_topic(topic: str) -> str:
    """Return `topic`, or say why no bus could have a topic of that name.

    Raises:
        ConfigurationError: if Kafka would refuse the name.
    """
    if not _TOPIC.fullmatch(topic) or topic in {".", ".."}:
        raise ConfigurationError(
            f"{topic[:80]!r} is no topic name: 1 to 249 letters, digits, '.', '_' and '-'"
        )
    return topic


def check_config(config: TopicConfig) -> TopicConfig:
    """Return `config`, or say which of its values makes no sense.

    Raises:
        ConfigurationError: if a number is below what a topic needs.
    """
    for name, value in (
        ("partitions", config.partitions),
        ("replication_factor", config.replication_factor),
        ("retention_days", config.retention_days),
    ):
        if value is not None and value < 1:
            raise ConfigurationError(f"a topic's {name} must be 1 or more, not {value}")
    return config


def pattern_regex(patterns: Iterable[str]) -> str:
    """Return one regular expression for names that equal a pattern, `*` being any characters."""
    alternatives = [
        ".*".join(re.escape(piece) for piece in pattern.split("*")) for pattern in patterns
    ]
    # Without patterns nothing matches; an empty expression would match everything.
    return rf"(?:{'|'.join(alternatives)})\Z" if alternatives else "(?!)"


def matching_topics(patterns: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return, sorted, the names that match one of the patterns."""
    regex = re.compile(pattern_regex(patterns))
    return sorted(name for name in names if regex.match(name))
