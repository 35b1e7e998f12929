"""`limit` and `offset` of a list field: checked once, the same everywhere."""

from __future__ import annotations

from graphql import GraphQLError

DEFAULT_LIMIT = 20
MAX_LIMIT = 1_000
MAX_OFFSET = 1_000_000


def check_page(limit: int, offset: int) -> None:
    """Refuse a page that nobody should ask for.

    Raises:
        GraphQLError: with the bounds, for the client.
    """
    for name, value, largest in (("limit", limit, MAX_LIMIT), ("offset", offset, MAX_OFFSET)):
        if not 0 <= value <= largest:
            raise GraphQLError(
                f"{name} must be between 0 and {largest:,}", extensions={"code": "BAD_USER_INPUT"}
            )
