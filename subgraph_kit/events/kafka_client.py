"""What bus, consumer and replay on Kafka share: the library, its errors, its messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from subgraph_kit.errors import ConfigurationError, FatalError, RetriableError
from subgraph_kit.events.base import Record

try:
    import aiokafka
    import aiokafka.admin
    import aiokafka.errors
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ConfigurationError("Kafka needs aiokafka: pip install 'dictamesh[events]'") from error

__all__ = ["aiokafka", "record_of", "translated_errors"]


def record_of(message: Any) -> Record:
    """Return the record of an aiokafka message."""
    return Record(
        topic=message.topic,
        key=message.key or b"",
        value=message.value or b"",
        headers=dict(message.headers),
        partition=message.partition,
        offset=message.offset,
        timestamp=datetime.fromtimestamp(message.timestamp / 1000, UTC),
    )


@contextmanager
def translated_errors(servers: str) -> Iterator[None]:
    """Turn aiokafka's errors into the kit's; `servers` is shown, credentials never are."""
    try:
        yield
    except aiokafka.errors.MessageSizeTooLargeError as error:
        raise FatalError("a record is larger than Kafka takes") from error
    except (
        aiokafka.errors.TopicAuthorizationFailedError,
        aiokafka.errors.GroupAuthorizationFailedError,
        aiokafka.errors.ClusterAuthorizationFailedError,
        aiokafka.errors.SaslAuthenticationFailed,
        aiokafka.errors.UnsupportedSaslMechanismError,
    ) as error:
        raise ConfigurationError(
            f"Kafka at {servers} refuses us ({type(error).__name__}): check user, password and ACLs"
        ) from error
    except (aiokafka.errors.KafkaError, OSError) as error:
        raise RetriableError(f"Kafka at {servers} failed ({type(error).__name__})") from error
