"""Sample rows behind an HTTP API of the declared shape, in this process.

The answers come from a transport under the project's own client: paths, pages, envelopes, filters
and batches are those that the adapters' declarations say the API has.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from subgraph_kit.sources.resources import RestResource, RestResourceAdapter
from subgraph_kit.sources.rest import RestSource
from subgraph_kit.testing.samples.base import Rows, Samples
from subgraph_kit.testing.samples.shapes import to_source_item

BASE_URL = "http://samples.invalid"

_PLACE = re.compile(r"\{(\w+)\}")


class RestSamples(Samples):
    """An API with the sample rows."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._answers = True
        self.source = RestSource("samples", BASE_URL, transport=httpx.MockTransport(self._answer))

    @classmethod
    @asynccontextmanager
    async def open(cls, rows: Rows, _directory: Path) -> AsyncIterator[RestSamples]:
        """The API answers as soon as the adapters are there."""
        samples = cls(rows)
        try:
            yield samples
        finally:
            await samples.source.close()

    @contextmanager
    def failure(self) -> Iterator[None]:
        """No connection can be made."""
        self._answers = False
        try:
            yield
        finally:
            self._answers = True

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if not self._answers:
            raise httpx.ConnectError("the sample API was taken away", request=request)
        path = request.url.raw_path.decode().partition("?")[0]
        best: tuple[int, _Resource, str, dict[str, str]] | None = None
        for resource in self._resources():
            for kind, template in resource.templates():
                places = _match(template, path)
                if places is not None and (best is None or len(places) < best[0]):
                    best = (len(places), resource, kind, places)
        if best is None:
            return httpx.Response(404, json={"error": "no such path"})
        _, resource, kind, places = best
        if kind == "item":
            return resource.item(places)
        return resource.page(places, request.url.params)

    def _resources(self) -> Iterator[_Resource]:
        for adapter in self.adapters:
            if isinstance(adapter, RestResourceAdapter):
                yield _Resource(adapter, self.rows[adapter.data_product.entity_type])


class _Resource:
    def __init__(self, adapter: RestResourceAdapter, rows: Sequence[Mapping[str, Any]]) -> None:
        self._declared: RestResource = adapter.resource
        self._rows = rows

    def templates(self) -> Iterator[tuple[str, str]]:
        if self._declared.list_path is not None:
            yield "list", self._declared.list_path
        yield "item", self._declared.item_path

    def item(self, places: Mapping[str, str]) -> httpx.Response:
        found = self._where(places)
        if not found:
            return httpx.Response(404, json={"error": "not found"})
        return httpx.Response(200, json=_enveloped(self._raw(found[0]), self._declared.item_at))

    def page(self, places: Mapping[str, str], params: httpx.QueryParams) -> httpx.Response:
        found = self._filtered(self._where(places), params)
        pages = self._declared.pages
        limit = int(params.get(pages.limit_parameter or "", 0) or 0) or len(self._rows)
        limit = min(limit, pages.max_limit or limit)
        position = params.get(pages.position_parameter or "")
        start = 0
        if pages.style == "offset":
            start = int(position or 0)
        elif pages.style == "page":
            start = (int(position or pages.first_page) - pages.first_page) * limit
        elif pages.style == "cursor" and position is not None:
            start = self._behind(found, position)
        shown = found[start:] if pages.style == "none" else found[start : start + limit]
        body = _enveloped([self._raw(row) for row in shown], self._declared.items_at)
        following = start + limit
        if pages.style == "cursor" and pages.next_cursor_path and following < len(found):
            _put(body, pages.next_cursor_path, f"after-{following}")
        return httpx.Response(200, json=body)

    def _behind(self, found: Sequence[Mapping[str, Any]], position: str) -> int:
        if position.startswith("after-"):
            return int(position.removeprefix("after-"))
        member = self._declared.pages.cursor_member
        for number, row in enumerate(found, start=1):
            if str(self._raw(row).get(member)) == position:
                return number
        return len(found)

    def _where(self, places: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return [
            row
            for row in self._rows
            if all(str(row.get(name)) == value for name, value in places.items())
        ]

    def _filtered(
        self, rows: Sequence[Mapping[str, Any]], params: httpx.QueryParams
    ) -> list[Mapping[str, Any]]:
        found = list(rows)
        declared = self._declared
        for each in declared.filters:
            if each.parameter in params and each.operator in ("eq", "in"):
                wanted = set(params.get_list(each.parameter))
                raw = {str(id(row)): self._source_text(row, each.field) for row in found}
                found = [row for row in found if raw[str(id(row))] in wanted]
        batch = declared.batch_parameter
        if batch is not None and batch in params:
            given = params.get_list(batch)
            separator = declared.batch_separator
            ids = set(given if separator is None else given[0].split(separator))
            key = _PLACE.findall(declared.item_path)[0]
            found = [row for row in found if str(row.get(key)) in ids]
        return found

    def _source_text(self, row: Mapping[str, Any], name: str) -> str:
        fields = [each for each in self._declared.fields if each.name == name]
        item = to_source_item(row, fields, self._declared.types)
        value: Any = item
        for part in fields[0].path.split(".") if fields else ():
            value = value.get(part) if isinstance(value, dict) else None
        return ("true" if value else "false") if isinstance(value, bool) else str(value)

    def _raw(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return to_source_item(row, self._declared.fields, self._declared.types)


def _match(template: str, path: str) -> dict[str, str] | None:
    names = _PLACE.findall(template)
    pattern = "([^/]+)".join(map(re.escape, _PLACE.split(template)[::2]))
    found = re.fullmatch(f"/*{pattern.lstrip('/')}", path)
    if found is None:
        return None
    return dict(zip(names, map(unquote, found.groups()), strict=True))


def _enveloped(content: Any, path: str | None) -> Any:
    for name in reversed(path.split(".")) if path else ():
        content = {name: content}
    return content


def _put(body: Any, path: str, value: str) -> None:
    *above, last = path.split(".")
    place = body
    for name in above:
        place = place.setdefault(name, {})
    place[last] = value
