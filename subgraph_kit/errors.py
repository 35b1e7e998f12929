"""The kit's errors, grouped by how a caller reacts to them.

    KitError
    ├── ConfigurationError        a person must change something; the text says what
    ├── RetriableError            the same call may succeed later
    │   ├── SourceUnavailableError    the source did not answer, or answered that it cannot
    │   │   └── SourceTimeoutError        ... within its time-out
    │   ├── RateLimitedError          the source asked to wait (`retry_after_seconds`)
    │   └── CircuitOpenError          the breaker did not let the call through
    └── FatalError                the same call will fail again
        ├── EntityNotFoundError
        ├── SourceResponseError       the source answered what its contract does not allow
        │   └── SourceNotFoundError       ... that there is nothing at the address
        ├── InvalidEventError         bytes that are no event
        └── IncompatibleSchemaError   a schema that breaks its readers

Texts of these errors may be shown to operators. None carries a credential or an entity's data.
"""

from __future__ import annotations


class KitError(Exception):
    """Base of all errors the kit raises on purpose."""

    code = "KIT_ERROR"


class ConfigurationError(KitError):
    """Something is missing or wrong in the configuration; the text says what to change."""

    code = "CONFIGURATION_ERROR"


class RetriableError(KitError):
    """The same call may succeed later."""

    code = "RETRIABLE_ERROR"


class SourceUnavailableError(RetriableError):
    """The source did not answer, or answered that it cannot (HTTP 5xx, connection refused)."""

    code = "SOURCE_UNAVAILABLE"


class SourceTimeoutError(SourceUnavailableError):
    """The source did not answer within the time-out."""

    code = "SOURCE_TIMEOUT"


class RateLimitedError(RetriableError):
    """The source asked to wait; `retry_after_seconds` is None where it did not say how long."""

    code = "SOURCE_RATE_LIMITED"

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class CircuitOpenError(RetriableError):
    """The breaker `name` is open; it lets a trial call through in `retry_after_seconds`."""

    code = "CIRCUIT_OPEN"

    def __init__(self, name: str, retry_after_seconds: float) -> None:
        super().__init__(f"circuit breaker {name!r} is open")
        self.name = name
        self.retry_after_seconds = retry_after_seconds


class FatalError(KitError):
    """The same call will fail again."""

    code = "FATAL_ERROR"


class EntityNotFoundError(FatalError):
    """The source has no entity of this type with this id."""

    code = "ENTITY_NOT_FOUND"

    def __init__(self, entity_type: str, entity_id: str) -> None:
        super().__init__(f"{entity_type} {entity_id!r} does not exist")
        self.entity_type = entity_type
        self.entity_id = entity_id


class SourceResponseError(FatalError):
    """The source answered, but not what its contract allows (a 4xx, HTML, half a JSON).

    `status` is the HTTP status, where the source speaks HTTP.
    """

    code = "SOURCE_RESPONSE_INVALID"

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class SourceNotFoundError(SourceResponseError):
    """There is nothing at the address (HTTP 404, 410).

    An adapter that asked for one entity makes an `EntityNotFoundError` of it.
    """

    code = "SOURCE_NOT_FOUND"


class InvalidEventError(FatalError):
    """Bytes from a topic or a webhook that are no event."""

    code = "INVALID_EVENT"


class IncompatibleSchemaError(FatalError):
    """A schema version that existing readers or writers could not work with."""

    code = "INCOMPATIBLE_SCHEMA"
