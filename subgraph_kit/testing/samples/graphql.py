"""Sample rows behind a GraphQL API with the declared root fields, in this process.

Only what the adapters' documents use is understood: root fields with variables for arguments. An
answer may have more members than were asked for, which no adapter minds.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from graphql import FieldNode, OperationDefinitionNode, VariableNode, parse

from subgraph_kit.sources.graphql import GraphqlAdapter, GraphqlList, GraphqlRoot
from subgraph_kit.sources.graphql_client import GraphqlSource
from subgraph_kit.testing.samples.base import Rows, Samples
from subgraph_kit.testing.samples.shapes import to_source_item

URL = "http://samples.invalid/graphql"


class GraphqlSamples(Samples):
    """An API with the sample rows."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self._answers = True
        self.source = GraphqlSource("samples", URL, transport=httpx.MockTransport(self._answer))

    @classmethod
    @asynccontextmanager
    async def open(cls, rows: Rows, _directory: Path) -> AsyncIterator[GraphqlSamples]:
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
        asked = json.loads(request.content)
        operation = next(
            each
            for each in parse(asked["query"]).definitions
            if isinstance(each, OperationDefinitionNode)
        )
        data: dict[str, Any] = {}
        for node in operation.selection_set.selections:
            if isinstance(node, FieldNode):
                alias = node.alias.value if node.alias else node.name.value
                data[alias] = self._field(node, asked.get("variables") or {})
        return httpx.Response(200, json={"data": data})

    def _field(self, node: FieldNode, variables: Mapping[str, Any]) -> Any:
        name = node.name.value
        if name == "__typename":
            return "Query"
        given = {
            argument.name.value: variables.get(argument.value.name.value)
            for argument in node.arguments or ()
            if isinstance(argument.value, VariableNode)
        }
        alias = node.alias.value if node.alias else name
        for root in self._roots():
            found = root.answer(name, alias, given)
            if found is not _OTHER:
                return found
        return None

    def _roots(self) -> Iterator[_Root]:
        for adapter in self.adapters:
            if isinstance(adapter, GraphqlAdapter):
                entity = adapter.data_product.entity_type
                yield _Root(adapter.root, adapter.get_schema().key, self.rows[entity])


_OTHER = object()
"""The answer of a root field that is another entity's."""


class _Root:
    def __init__(self, root: GraphqlRoot, key: tuple[str, ...], rows: Any) -> None:
        self._root = root
        self._key = key
        self._rows = list(rows)

    def answer(self, field: str, alias: str, given: Mapping[str, Any]) -> Any:
        root = self._root
        if root.listing is not None and alias == "list" and field == root.listing.field:
            return self._list(root.listing, given)
        if root.many is not None and alias == "items" and field == root.many.field:
            return self._many(given[root.many.argument.name])
        if root.item is not None and field == root.item.field and alias.startswith("e"):
            values = [str(given[argument.name]) for argument in root.item.arguments]
            found = self._where(dict(zip(self._key, values, strict=True)))
            # Two types may share a root field (`node`): the next one may have the id.
            return self._raw(found[0]) if found else _OTHER
        return _OTHER

    def _many(self, wanted: list[Any]) -> Any:
        if wanted and isinstance(wanted[0], Mapping):
            if wanted[0].get("__typename") != self._root.type_name:
                return _OTHER
            sources = {each.name: each.path for each in self._root.fields}
            keys = [tuple(str(each[sources[name]]) for name in self._key) for each in wanted]
        else:
            keys = [(str(each),) for each in wanted]
        found = {tuple(str(row[name]) for name in self._key): row for row in self._rows}
        return [self._raw(found[key]) if key in found else None for key in keys]

    def _list(self, listing: GraphqlList, given: Mapping[str, Any]) -> Any:
        found = self._rows
        for each in listing.filters:
            value = given.get(each.argument.name)
            if value is not None:
                wanted = {str(one) for one in (value if isinstance(value, list) else [value])}
                found = [row for row in found if str(self._source_value(row, each.field)) in wanted]
        pages = listing.pages
        limit = given.get(pages.limit_parameter or "") or len(self._rows)
        position = given.get(pages.position_parameter or "")
        start = 0
        if pages.style == "offset":
            start = int(position or 0)
        elif pages.style == "page":
            start = (int(position or pages.first_page) - pages.first_page) * limit
        elif pages.style == "cursor":
            start = int(position or 0)
        items = found[start : start + limit] if pages.style != "none" else found
        content: Any = [self._raw(row) for row in items]
        *above, last = (listing.items_at or "").split(".")
        if last:
            content = [{"node": item} for item in content] if last == "node" else {last: content}
            for name in reversed(above):
                content = {name: content}
        if pages.style == "cursor" and pages.next_cursor_path and isinstance(content, dict):
            following = start + len(items)
            has_more = following < len(found)
            place = content
            *inner, member = pages.next_cursor_path.split(".")
            for name in inner:
                place = place.setdefault(name, {})
            place.update({member: str(following) if has_more else None, "hasNextPage": has_more})
        return content

    def _source_value(self, row: Mapping[str, Any], name: str) -> Any:
        fields = [each for each in self._root.fields if each.name == name]
        value: Any = to_source_item(row, fields, self._root.types)
        for part in fields[0].path.split(".") if fields else ():
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _where(self, values: Mapping[str, str]) -> list[Mapping[str, Any]]:
        return [
            row
            for row in self._rows
            if all(str(row.get(name)) == value for name, value in values.items())
        ]

    def _raw(self, row: Mapping[str, Any]) -> dict[str, Any]:
        item = to_source_item(row, self._root.fields, self._root.types)
        return {"__typename": self._root.type_name, **item}
