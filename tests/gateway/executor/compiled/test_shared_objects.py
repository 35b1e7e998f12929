"""Equal objects of an answer become one in compiled code; what differs in anything stays apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.context import RequestContext
from gateway.executor.compiled import CompiledPlan, compile_plan
from gateway.executor.compiled.run import CompiledExecution
from gateway.executor.compiled.sharing import PAUSE_USES
from gateway.operation.prepare import PreparedOperation, prepare_operation
from gateway.planner import QueryPlanner
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from supergraph.load import load_supergraph
from tests.testkit.composition import compose_sdl
from tests.testkit.executors import execute_both

SUPERGRAPH = load_supergraph(
    compose_sdl(
        orders="""
            type Query { lines: [Line!]! grid: [[Product]] best: Product }
            type Line { product: Product other: Product }
            type Product @key(fields: "id") { id: ID! label: String weight: Float tags: [String!] }
        """,
        products="""
            type Product @key(fields: "id") { id: ID! name: String maker: Maker }
            type Maker @key(fields: "id") { id: ID! }
        """,
        makers='type Maker @key(fields: "id") { id: ID! town: String }',
    )
)


class Shop:
    """Answers root fields with `data`, and every entity with what follows from its id."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.asked: dict[str, list[int]] = {}

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        representations = request.variables.get("representations")
        data = self._data
        if representations is not None:
            self.asked.setdefault(request.subgraph, []).append(len(representations))
            entities = [self._entity(request, item["id"]) for item in representations]
            data = {"_entities": entities}
        body = msgspec.json.encode({"data": data})
        if request.undecoded:
            return SubgraphResponse(None, body=body, is_decoded=False)
        return SubgraphResponse(msgspec.json.decode(body)["data"], body=body)

    def _entity(self, request: SubgraphRequest, id_: str) -> dict[str, Any]:
        maker = {"__typename": "Maker", "id": f"m{int(id_.strip('m')) % 2}"}
        fields = {"name": f"Product {id_}", "town": f"Town {id_}", "maker": maker}
        return {name: value for name, value in fields.items() if name in request.operation}

    async def close(self) -> None:
        """Nothing to release."""


def reference(id_: object, **fields: object) -> dict[str, Any]:
    return {"__typename": "Product", "id": id_, **fields}


def lines(*ids: object) -> dict[str, Any]:
    return {"lines": [{"product": reference(id_)} for id_ in ids]}


def compiled(query: str) -> tuple[PreparedOperation, CompiledPlan]:
    prepared = prepare_operation(SUPERGRAPH.api_schema, query)
    assert not isinstance(prepared, list), prepared
    plan = QueryPlanner(SUPERGRAPH).plan(prepared.operation)
    return prepared, compile_plan(plan, prepared, {}, SUPERGRAPH)


async def run(code: CompiledPlan, data: dict[str, Any]) -> Any:
    """What compiled code makes of `data`, as it is before it is encoded."""
    execution = CompiledExecution(code, {}, client=Shop(data), context=RequestContext())
    found = await execution.run()
    assert found is not None, code.source
    return found


async def compare(query: str, data: dict[str, Any]) -> str:
    """The answer, once both executors agree on it."""
    prepared, code = compiled(query)
    plan = QueryPlanner(SUPERGRAPH).plan(prepared.operation)
    result = await execute_both(plan, prepared, {}, supergraph=SUPERGRAPH, client=Shop(data))
    assert not result.errors
    text = msgspec.json.encode(await run(code, data))
    assert text == msgspec.json.encode(result.data)
    return text.decode()


QUERY = "{ lines { product { name maker { town } } } }"


async def test_equal_references_are_one_object() -> None:
    _, code = compiled(QUERY)
    first, second, third = (await run(code, lines("1", "2", "1"))).f_lines
    assert first.f_product is third.f_product
    assert first.f_product is not second.f_product


async def test_whoever_shares_an_object_sees_all_of_it() -> None:
    assert await compare(QUERY, lines("1", "1")) == (
        '{"lines":[{"product":{"name":"Product 1","maker":{"town":"Town m1"}}},'
        '{"product":{"name":"Product 1","maker":{"town":"Town m1"}}}]}'
    )


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ lines { product { id label name } } }",
         {"lines": [{"product": reference("1", label="a")}, {"product": reference("1", label="b")},
                    {"product": reference("1", label=None)}, {"product": reference("1")},
                    {"product": None}]}),
        ("{ lines { product { name } other { name id } } }",
         {"lines": [{"product": reference("1"), "other": reference("1")},
                    {"product": reference("2"), "other": None}]}),
        ("{ grid { name } }", {"grid": [[reference("1"), None], None, [reference("1")], []]}),
        ("{ best { name } lines { product { name } } }",
         {"best": reference("1"), **lines("1", "1", "2")}),
        # 1 and 1.0 are equal and written differently; lists cannot be compared cheaply
        ("{ lines { product { weight name } } }",
         {"lines": [{"product": reference("1", weight=1)},
                    {"product": reference("1", weight=1.0)}]}),
        ("{ lines { product { tags name } } }",
         {"lines": [{"product": reference("1", tags=["a"])},
                    {"product": reference("1", tags=["b"])}]}),
    ],
)  # fmt: skip
async def test_answers_are_the_interpreters(query: str, data: dict[str, Any]) -> None:
    await compare(query, data)


async def test_only_distinct_objects_are_looked_at_later() -> None:
    shop = Shop(lines(*(str(number % 3) for number in range(30))))
    _, code = compiled(QUERY)
    execution = CompiledExecution(code, {}, client=shop, context=RequestContext())
    assert await execution.run() is not None
    assert shop.asked == {"products": [3], "makers": [2]}


async def test_where_nothing_repeats_it_is_tried_again_after_a_while() -> None:
    _, code = compiled(QUERY)
    again = lines("1", "1", "1")

    async def is_shared() -> bool:
        first, second, _ = (await run(code, again)).f_lines
        return first.f_product is second.f_product

    assert await is_shared()
    await run(code, lines("1", "2", "3"))
    assert [await is_shared() for _ in range(PAUSE_USES + 1)] == [False] * PAUSE_USES + [True]


async def test_what_entities_refer_to_is_shared_each_time() -> None:
    _, code = compiled(QUERY)
    for _ in range(3):
        shop = Shop(lines(*map(str, range(10))))
        execution = CompiledExecution(code, {}, client=shop, context=RequestContext())
        assert await execution.run() is not None
        assert shop.asked == {"products": [10], "makers": [2]}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("{ lines { product { id label name } } }", {"label": '\u00e4 "quoted" {}'}),
        ("{ lines { product { label name id } } }", {"label": None}),
        ("{ lines { product { title: label name } } }", {"title": "a"}),
        ("{ lines { product { name label } } }", {"label": "a"}),
        ("{ lines { product { __typename label id } } }", {"label": "a"}),
        ("{ lines { product { is: __typename name maker { town id } } } }", {}),
    ],
)
async def test_an_object_that_stands_in_many_places_is_written_alike(
    query: str, fields: dict[str, Any]
) -> None:
    references = [reference(str(number % 2), **fields) for number in range(40)]
    products = [{"product": product} for product in references]
    await compare(query, {"lines": [*products, {"product": None}]})


async def test_an_object_that_stands_in_many_places_is_written_once() -> None:
    _, code = compiled("{ lines { product { id name } } }")
    found = await run(code, lines(*["1"] * 20))
    assert isinstance(found.f_lines[0].f_product.f_id, msgspec.Raw)
    found = await run(code, lines(*["1"] * 4))
    assert found.f_lines[0].f_product.f_id == "1"
