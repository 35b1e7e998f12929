"""A window of a list (`offset`, `limit`) from an API that turns pages in its own way.

Offset and page numbers are jumped to; cursors and links are walked from the start. A page that
is shorter than asked for is the last one only where the API's largest page is known: others cut a
page that was asked too large without a word.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from subgraph_kit.errors import SourceResponseError
from subgraph_kit.sources.pagination import next_link
from subgraph_kit.sources.rest import RestResponse, RestSource

_PAGE_SIZE = 100
_MAX_PAGES = 10_000
"""Where an API never says that it is done: an end with an error."""

Params = Mapping[str, Any]
Items = Sequence[Any]


@dataclass(frozen=True, slots=True)
class RestPages:
    """How an API turns pages; parameters by the names it gives them.

    `next_cursor_path` is where an answer has the next cursor (`meta.next`), as it is or in a URL;
    None means that the next page comes after the last item, named by its member `cursor_member`.
    """

    style: Literal["none", "offset", "page", "cursor", "link_header"]
    limit_parameter: str | None = None
    position_parameter: str | None = None
    max_limit: int | None = None
    next_cursor_path: str | None = None
    first_page: int = 1
    cursor_member: str = "id"


async def list_items(
    source: RestSource,
    path: str,
    pages: RestPages,
    params: Params,
    *,
    items_at: str | None = None,
    wanted: int | None = None,
    offset: int = 0,
) -> AsyncIterator[Items]:
    """Yield the items from `offset` on, page by page, `wanted` in all (None: to the end).

    Raises:
        SourceResponseError: for a page of another shape, or pages that repeat without end.
    """
    if wanted == 0:
        return
    walk = _Walk(source, path, pages, dict(params), items_at)
    left = wanted
    async for skip, items in walk.from_offset(offset, wanted):
        kept = items[skip:] if left is None else items[skip : skip + left]
        if kept:
            yield kept
        if left is not None:
            left -= len(kept)
            if left <= 0:
                return


@dataclass(slots=True)
class _Walk:
    source: RestSource
    path: str
    pages: RestPages
    params: dict[str, Any]
    items_at: str | None

    def from_offset(self, offset: int, wanted: int | None) -> AsyncIterator[tuple[int, Items]]:
        """Pages, each with how many of its first items come before `offset`."""
        size = min(wanted or _PAGE_SIZE, self.pages.max_limit or _PAGE_SIZE)
        match self.pages.style:
            case "none":
                return self._whole(offset)
            case "offset":
                return self._by_offset(offset, size)
            case "page":
                return self._by_page(offset, size, wanted)
            case "cursor":
                return self._by_cursor(offset)
            case "link_header":
                return self._by_link(offset)

    async def _whole(self, offset: int) -> AsyncIterator[tuple[int, Items]]:
        _, items = await self._ask({})
        yield offset, items

    async def _by_offset(self, offset: int, size: int) -> AsyncIterator[tuple[int, Items]]:
        limit = self.pages.limit_parameter
        for _ in range(_MAX_PAGES):
            asked: dict[str, Any] = {str(self.pages.position_parameter): offset}
            if limit is not None:
                asked[limit] = size
            _, items = await self._ask(asked)
            yield 0, items
            if not items or self._is_last(items, size):
                return
            offset += len(items)
        raise self._endless()

    async def _by_page(
        self, offset: int, size: int, wanted: int | None
    ) -> AsyncIterator[tuple[int, Items]]:
        limit = self.pages.limit_parameter
        number = self.pages.first_page
        skip = offset
        if limit is not None:
            # One page is the window where the window's start is a multiple of its size.
            if wanted is None or wanted > size or offset % size:
                size = self.pages.max_limit or _PAGE_SIZE
            number += offset // size
            skip = offset % size
        for _ in range(_MAX_PAGES):
            asked: dict[str, Any] = {str(self.pages.position_parameter): number}
            if limit is not None:
                asked[limit] = size
            _, items = await self._ask(asked)
            yield skip, items
            if not items or (limit is not None and self._is_last(items, size)):
                return
            skip = max(0, skip - len(items))
            number += 1
        raise self._endless()

    async def _by_cursor(self, offset: int) -> AsyncIterator[tuple[int, Items]]:
        cursor: str | None = None
        seen: set[str] = set()
        for _ in range(_MAX_PAGES):
            asked = {} if cursor is None else {str(self.pages.position_parameter): cursor}
            response, items = await self._ask({**self._full_page(), **asked})
            yield offset, items
            offset = max(0, offset - len(items))
            cursor = self._next_cursor(response.data, items)
            if cursor is None or not (items or self.pages.next_cursor_path):
                return
            if cursor in seen:
                raise SourceResponseError(
                    f"{self.source.name} repeats a cursor while listing {self.path}"
                )
            seen.add(cursor)
        raise self._endless()

    async def _by_link(self, offset: int) -> AsyncIterator[tuple[int, Items]]:
        response, items = await self._ask(self._full_page())
        seen: set[str] = set()
        for _ in range(_MAX_PAGES):
            yield offset, items
            offset = max(0, offset - len(items))
            following = next_link(response.headers)
            if following is None:
                return
            if following in seen:
                raise SourceResponseError(
                    f"{self.source.name} repeats a link while listing {self.path}"
                )
            seen.add(following)
            response = await self.source.get(following)
            items = self._items(response.data)
        raise self._endless()

    async def _ask(self, params: Params) -> tuple[RestResponse, Items]:
        response = await self.source.get(self.path, params={**self.params, **params})
        return response, self._items(response.data)

    def _items(self, answer: Any) -> Items:
        for token in self.items_at.split(".") if self.items_at is not None else ():
            answer = answer.get(token) if isinstance(answer, dict) else answer
        if answer is None:
            return []
        if not isinstance(answer, list):
            raise SourceResponseError(
                f"{self.source.name} answered {self.path} with a page of another shape"
            )
        return answer

    def _full_page(self) -> dict[str, Any]:
        limit = self.pages.limit_parameter
        return {} if limit is None else {limit: self.pages.max_limit or _PAGE_SIZE}

    def _is_last(self, items: Items, size: int) -> bool:
        return self.pages.max_limit is not None and len(items) < size

    def _next_cursor(self, answer: Any, items: Items) -> str | None:
        path = self.pages.next_cursor_path
        if path is None:
            last = items[-1] if items else None
            value = last.get(self.pages.cursor_member) if isinstance(last, dict) else None
        else:
            value = answer
            for token in path.split("."):
                value = value.get(token) if isinstance(value, dict) else None
        if value is None or value == "" or value is False:
            return None
        text = str(value)
        if "?" in text and text.startswith(("http://", "https://", "/", "?")):
            # The API gives the next page's address; the cursor is in it.
            found = parse_qs(urlsplit(text).query).get(str(self.pages.position_parameter))
            return found[0] if found else None
        return text

    def _endless(self) -> SourceResponseError:
        return SourceResponseError(
            f"{self.source.name} has more than {_MAX_PAGES:,} pages of {self.path}"
        )
