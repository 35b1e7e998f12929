"""Walk the pages of a list, the three ways REST APIs cut one: by offset, by cursor, by link.

Each helper yields the items of one page at a time, so that a caller may stop early and nothing is
built up in memory. A source that repeats itself (the same cursor again) ends in an error, not in
an endless loop.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from subgraph_kit.errors import SourceResponseError
from subgraph_kit.sources.rest import QueryParams, RestSource

Items = Callable[[Any], Any]
"""Takes the items out of a page, e.g. `lambda page: page["data"]`."""

_NEXT_LINK = re.compile(r"""<([^<>]+)>\s*;(?:[^,]*;)?\s*rel\s*=\s*"?next"?""", re.IGNORECASE)


async def offset_pages(
    source: RestSource,
    path: str,
    *,
    items: Items,
    page_size: int = 100,
    params: QueryParams | None = None,
    limit_param: str = "limit",
    offset_param: str = "offset",
) -> AsyncIterator[Sequence[Any]]:
    """Ask for `page_size` items at growing offsets, until a page is not full."""
    offset = 0
    while True:
        page = await source.get_json(
            path, params={**(params or {}), limit_param: page_size, offset_param: offset}
        )
        found = _items_of(page, items, source.name, path)
        if found:
            yield found
        if len(found) < page_size:
            return
        offset += len(found)


async def cursor_pages(
    source: RestSource,
    path: str,
    *,
    items: Items,
    next_cursor: Callable[[Any], str | None],
    params: QueryParams | None = None,
    cursor_param: str = "cursor",
    start: str | None = None,
) -> AsyncIterator[Sequence[Any]]:
    """Follow the cursor that each page gives for the next, until one gives none."""
    cursor = start
    seen: set[str] = set()
    while True:
        page = await source.get_json(path, params={**(params or {}), cursor_param: cursor})
        found = _items_of(page, items, source.name, path)
        if found:
            yield found
        try:
            cursor = next_cursor(page)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise _malformed(source.name, path) from error
        if not cursor:
            return
        if cursor in seen:
            raise SourceResponseError(f"{source.name} repeats a cursor while listing {path}")
        seen.add(cursor)


async def link_pages(
    source: RestSource,
    path: str,
    *,
    items: Items,
    params: QueryParams | None = None,
) -> AsyncIterator[Sequence[Any]]:
    """Follow `Link: <...>; rel="next"` (RFC 8288), on the source's own host only."""
    target: str = path
    query: QueryParams | None = params
    seen: set[str] = set()
    while True:
        response = await source.get(target, params=query)
        found = _items_of(response.data, items, source.name, path)
        if found:
            yield found
        following = next_link(response.headers)
        if following is None:
            return
        if following in seen:
            raise SourceResponseError(f"{source.name} repeats a link while listing {path}")
        seen.add(following)
        target, query = following, None


def next_link(headers: Mapping[str, str]) -> str | None:
    """The target of `rel="next"` in a `Link` header, names in lower case."""
    match = _NEXT_LINK.search(headers.get("link", ""))
    return match.group(1) if match else None


def _items_of(page: Any, items: Items, source: str, path: str) -> Sequence[Any]:
    try:
        found = items(page)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise _malformed(source, path) from error
    if not isinstance(found, list):
        raise _malformed(source, path)
    return found


def _malformed(source: str, path: str) -> SourceResponseError:
    return SourceResponseError(f"{source} answered {path} with a page of another shape")
