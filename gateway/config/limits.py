"""How much one request may ask of the gateway."""

from __future__ import annotations

from pydantic import Field

from gateway.config.base import ConfigModel
from gateway.operation.limits import OperationLimits

_DEFAULTS = OperationLimits()


class LimitSettings(ConfigModel):
    """Sizes in bytes or counts, times in seconds."""

    max_header_bytes: int = Field(default=64 * 1024, ge=1024)
    """Largest request header, the query string of a GET included; then status 431."""
    header_timeout_seconds: float = Field(default=15.0, gt=0)
    """How long a client may take to send a header; then status 408."""
    max_body_bytes: int = Field(default=2_000_000, ge=1)
    """Largest request body; larger ones get status 413."""
    body_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long a client may take to send its body; then status 408."""
    request_timeout_seconds: float = Field(default=60.0, gt=0)
    """How long a request may take. What has not arrived by then is null, with an error."""
    max_concurrent_requests: int = Field(default=5_000, ge=1)
    """Requests beyond this number are told to come back later (status 503)."""
    max_document_characters: int = Field(default=_DEFAULTS.max_characters, ge=1)
    """Longest GraphQL document."""
    max_tokens: int = Field(default=_DEFAULTS.max_tokens, ge=1)
    """Most lexical tokens in a document."""
    max_depth: int = Field(default=_DEFAULTS.max_depth, ge=1, le=100)
    """Deepest nesting of fields, the root field being 1."""
    max_aliases: int = Field(default=_DEFAULTS.max_aliases, ge=0)
    """Most aliased fields, with fragments spread."""
    max_root_fields: int = Field(default=_DEFAULTS.max_root_fields, ge=1)
    """Most fields at the root, with fragments spread."""
    max_selections: int = Field(default=_DEFAULTS.max_selections, ge=1)
    """Most fields and fragments, with fragments spread."""
    introspection: bool = True
    """Whether clients may ask for the schema (`__schema`, `__type`)."""
    suggestions: bool = True
    """Whether errors say "Did you mean ...?", which tells names of the schema."""
    csrf_prevention: bool = True
    """Whether GET requests of browsers need a header that pages of other origins cannot send."""

    def operation_limits(self) -> OperationLimits:
        """The part that `prepare_operation` applies."""
        return OperationLimits(
            max_characters=self.max_document_characters,
            max_tokens=self.max_tokens,
            max_depth=self.max_depth,
            max_aliases=self.max_aliases,
            max_root_fields=self.max_root_fields,
            max_selections=self.max_selections,
            introspection=self.introspection,
            suggestions=self.suggestions,
        )
