"""Relay's connections over offsets: a cursor says how many items stand before the next page.

Source: GraphQL Cursor Connections Specification.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLError

from subgraph_kit.schema.derived.filters import MAX_LIMIT, MAX_OFFSET
from subgraph_kit.schema.derived.types import list_of, new_class

_CURSOR = re.compile(r"offset:(\d{1,9})")


@strawberry.federation.type(shareable=True, description="Where a page stands in the whole list.")
class PageInfo:
    """Of a connection, as Relay has it."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def connection_types(entity: str, node: Any) -> tuple[Any, Any]:
    """The classes `OrderConnection` and `OrderEdge`."""
    edge: Any = new_class(f"{entity}Edge")
    edge.__annotations__ = {"node": node, "cursor": str}
    edge = strawberry.type(
        edge, name=f"{entity}Edge", description=f"A place in a list of {entity} entities."
    )
    connection: Any = new_class(f"{entity}Connection")
    connection.__annotations__ = {"edges": list_of(edge), "page_info": PageInfo}
    connection = strawberry.type(
        connection, name=f"{entity}Connection", description=f"A page of {entity} entities."
    )
    return connection, edge


def page_bounds(first: int, after: Any) -> tuple[int, int]:
    """The limit and offset of a connection's arguments.

    Raises:
        GraphQLError: for the client.
    """
    if not 0 <= first <= MAX_LIMIT:
        raise _bad_input(f"first must be from 0 to {MAX_LIMIT:,}")
    return first, read_cursor(after) if after else 0


def make_page(types: tuple[Any, Any], nodes: Sequence[Any], first: int, offset: int) -> Any:
    """The connection of what was found, which is one more than asked for if there is more."""
    connection, edge = types
    edges = [
        edge(node=node, cursor=write_cursor(offset + number))
        for number, node in enumerate(nodes[:first], start=1)
    ]
    info = PageInfo(
        has_next_page=len(nodes) > first,
        has_previous_page=offset > 0,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return connection(edges=edges, page_info=info)


def write_cursor(offset: int) -> str:
    """An opaque text for the place behind so many items."""
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def read_cursor(cursor: str) -> int:
    """The number of items before the page.

    Raises:
        GraphQLError: if this is no cursor of ours.
    """
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        text = ""
    found = _CURSOR.fullmatch(text)
    if found is None or int(found[1]) > MAX_OFFSET:
        raise _bad_input("after is no cursor of this list")
    return int(found[1])


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
