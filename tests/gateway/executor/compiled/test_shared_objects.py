"""Equal objects of an answer become one in compiled code; what differs in anything stays apart."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import msgspec
import pytest

from gateway.context import RequestContext
from gateway.executor.compiled import CompiledPlan, NotCompilableError, compile_plan
from gateway.executor.compiled.layout import Place
from gateway.executor.compiled.run import CompiledExecution
from gateway.executor.compiled.sharing import USES_BETWEEN_COUNTS, Cuts, Merge, SharingMerge
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
    return prepared, compile_plan(plan, prepared, {}, SUPERGRAPH, share_from_bytes=0)


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

    await run(code, lines("1", "2", "3"))
    assert [await is_shared() for _ in range(USES_BETWEEN_COUNTS + 1)] == [
        False
    ] * USES_BETWEEN_COUNTS + [True]


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
    assert isinstance(found.f_lines[0].f_product, msgspec.Raw)
    found = await run(code, lines(*["1"] * 4))
    assert found.f_lines[0].f_product.f_id == "1"


NESTED = load_supergraph(
    compose_sdl(
        posts="""
            type Query { posts: [Post!]! }
            type Post { title: String! on: Subject author: Author! }
            union Subject = Place | Person
            type Place { country: Country }
            type Person { name: String home: Place }
            type Country { code: ID! regions: [Region!] }
            type Region @key(fields: "id", resolvable: false) { id: ID! }
            type Author @key(fields: "id", resolvable: false) { id: ID! best: [[Region]!] }
        """,
        regions="""
            type Region @key(fields: "id") { id: ID! name: String }
            type Author @key(fields: "id") { id: ID! name: String }
        """,
    )
)
NESTED_QUERY = """
    { posts { title
              on { ... on Place { country { regions { name } code } }
                   ... on Person { is: name home { country { code regions { label: name } } } } }
              author { name best { name } } } }
"""


class Posts:
    """`count` posts, of which whatever is asked for repeats itself after so many of them."""

    def __init__(self, count: int, *, subjects: int, countries: int, regions: int) -> None:
        self._count, self._subjects = count, subjects
        self._countries, self._regions = countries, regions

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        representations = request.variables.get("representations")
        if representations is None:
            data: dict[str, Any] = {"posts": [self._post(n) for n in range(self._count)]}
        else:
            key = "label" if "label:" in request.operation else "name"
            names = [{key: f"{item['__typename']} {item['id']}"} for item in representations]
            data = {"_entities": names}
        body = msgspec.json.encode({"data": data})
        if request.undecoded:
            return SubgraphResponse(None, body=body, is_decoded=False)
        return SubgraphResponse(msgspec.json.decode(body)["data"], body=body)

    def _post(self, number: int) -> dict[str, Any]:
        author = {"__typename": "Author", "id": f"a{number % 3}", "best": [self._best(number), []]}
        return {"title": f"Post {number}", "on": self._subject(number), "author": author}

    def _subject(self, number: int) -> dict[str, Any] | None:
        number %= self._subjects
        place = {"__typename": "Place", "country": self._country(number)}
        home = {"country": place["country"]}
        return (
            place,
            {"__typename": "Person", "is": f"P{number}", "home": home},
            {"__typename": "Person", "is": None, "home": None},
            None,
        )[number % 4]

    def _country(self, number: int) -> dict[str, Any] | None:
        number %= self._countries
        regions = [self._region(number + more) for more in range(3)]
        return None if number == 3 else {"regions": regions, "code": f"c{number}"}

    def _region(self, number: int) -> dict[str, Any]:
        return {"__typename": "Region", "id": f"r{number % self._regions}"}

    def _best(self, number: int) -> list[dict[str, Any] | None]:
        return [self._region(number), None, self._region(number + 1)]

    async def close(self) -> None:
        """Nothing to release."""


@pytest.mark.parametrize("subjects", [2, 40])
@pytest.mark.parametrize("countries", [2, 40])
@pytest.mark.parametrize("regions", [2, 200])
async def test_whatever_repeats_itself_below_what(
    subjects: int, countries: int, regions: int
) -> None:
    """Twice, so that answers are cut everywhere first, and then where they repeat themselves."""
    prepared = prepare_operation(NESTED.api_schema, NESTED_QUERY)
    assert not isinstance(prepared, list), prepared
    plan = QueryPlanner(NESTED).plan(prepared.operation)
    client = Posts(40, subjects=subjects, countries=countries, regions=regions)
    result = await execute_both(plan, prepared, {}, supergraph=NESTED, client=client)
    assert not result.errors
    code = compile_plan(plan, prepared, {}, NESTED, share_from_bytes=0)
    for _ in range(3):
        execution = CompiledExecution(code, {}, client=client, context=RequestContext())
        found = await execution.run()
        assert msgspec.json.encode(found) == msgspec.json.encode(result.data)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"__typename": "Product", "id": None},
        {"__typename": "Product", "id": "1", "label": 5},
        {"__typename": "Maker", "id": "1"},
        {"__typename": "Product"},
        "1",
        [],
    ],
)
async def test_an_object_that_violates_the_schema_is_the_interpreters(spoilt: object) -> None:
    """However often it stands there."""
    _, code = compiled("{ lines { product { id label name } } }")
    for _ in range(2):
        data = {"lines": [{"product": reference("1")}, *[{"product": spoilt}] * 5]}
        execution = CompiledExecution(code, {}, client=Shop(data), context=RequestContext())
        assert await execution.run() is None


async def test_short_answers_are_not_looked_at_twice() -> None:
    prepared, _ = compiled(QUERY)
    plan = QueryPlanner(SUPERGRAPH).plan(prepared.operation)
    code = compile_plan(plan, prepared, {}, SUPERGRAPH)
    first, second, *_ = (await run(code, lines(*["1"] * 4))).f_lines
    assert first.f_product is not second.f_product
    first, second, *_ = (await run(code, lines(*["1"] * 40))).f_lines
    assert first is second


def test_answers_that_cannot_be_cut_are_merged_whole() -> None:
    merged: list[bytes] = []

    def refuse(cuts: Cuts) -> Merge:
        raise NotCompilableError(f"cuts at {len(cuts.places)} places")

    place = Place(("lines",), is_abstract=False)
    merge = SharingMerge(lambda _, body, __: merged.append(body), (place,), refuse, 0)
    for body in (b"1", b"2", b"3"):
        merge([], body, None)
    assert merged == [b"1", b"2", b"3"]


def test_once_there_are_many_ways_answers_are_cut_everywhere() -> None:
    """The code of a fetch is bounded, however its answers change."""
    places = tuple(Place((name,), is_abstract=False) for name in "abcd")
    written: list[Cuts] = []
    used: list[tuple[Place, ...]] = []
    repeated: set[Place] = set()

    def write(cuts: Cuts) -> Merge:
        written.append(cuts)

        def merge(*_: object) -> list[tuple[int, int]]:
            used.append(cuts.places)
            return [(9, 1 if place in repeated else 9) for place in cuts.places]

        return merge

    merge = SharingMerge(lambda *_: None, places, write, 0)
    for count in range(1, 4):
        for some in combinations(places, count):
            repeated = set(some)
            for _ in range(USES_BETWEEN_COUNTS + 1):
                merge([], b"", None)
    assert 2 < len(written) < 8
    assert len({cuts.suffix for cuts in written}) == len(written)
    assert used[-1] == places
