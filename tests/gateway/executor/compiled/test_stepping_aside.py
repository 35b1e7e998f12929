"""Whatever is not as promised, the interpreter answers: from the same answers, asked for once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.context import RequestContext
from gateway.executor.compiled import CompiledPlans, CompiledResult, OperationExecutor
from gateway.executor.compiled.executor import USES_BEFORE_COMPILING
from gateway.executor.execute import ExecutionResult, execute_plan
from gateway.transport.answer import read_body
from gateway.transport.base import SubgraphRequest, SubgraphResponse
from tests.gateway.executor.compiled.test_compiled_answers import (
    SUPERGRAPH,
    planned,
    prepared,
    subgraphs,
)
from tests.testkit.subgraphs import Subgraphs

QUERY = (
    "{ items { id name color count weight owner { name } stock } either { ... on Box { label } } }"
)
RENAME = 'mutation { rename(id: "i1", name: "x") { name owner { name } stock } }'


def executor(query: str) -> OperationExecutor:
    return OperationExecutor(planned(query), prepared(query), SUPERGRAPH)


async def run(
    operation: OperationExecutor, client: Subgraphs, variables: dict[str, Any] | None = None
) -> CompiledResult | ExecutionResult:
    return await operation.execute(
        variables or {}, client=client, context=RequestContext(), uses_before_compiling=0
    )


async def _until_asked(client: Subgraphs, count: int) -> None:
    for _ in range(1000):
        if len(client.requests) >= count:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"only {len(client.requests)} requests were sent")


async def interpreted(query: str, client: Subgraphs) -> ExecutionResult:
    return await execute_plan(
        planned(query), prepared(query), {}, supergraph=SUPERGRAPH, client=client
    )


def body(response: SubgraphResponse) -> SubgraphResponse:
    """The answer as it comes from the network when the asker decodes it."""
    text = msgspec.json.encode({"data": response.data})
    return SubgraphResponse(None, body=text, is_decoded=False)


def changed(change: Any, *, at: str = "items") -> Subgraphs:
    """Subgraphs of which one answers, at its first object, as `change` says."""
    client = subgraphs()
    good = client.by_name[at]

    def answer(request: SubgraphRequest) -> SubgraphResponse:
        response = good.answer(request)
        assert response.data is not None
        if at != "items":
            response.data["_entities"][0] = change(response.data["_entities"][0])
        elif "items" in response.data:
            response.data["items"][0] = change(response.data["items"][0])
        if request.undecoded and not response.errors:
            return body(response)
        return response

    client.failures[at] = answer
    return client


def with_(**members: Any) -> Any:
    return lambda value: {**value, **members}


def without(name: str) -> Any:
    return lambda value: {key: item for key, item in value.items() if key != name}


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("items", with_(name=None)),
        ("items", with_(name=5)),
        ("items", with_(name=["Pen"])),
        ("items", without("name")),
        ("items", lambda _: None),
        ("items", lambda _: "text"),
        ("items", with_(color="GREEN")),
        ("items", with_(color=1)),
        ("items", with_(count=2**31)),
        ("items", with_(count=3.0)),
        ("items", with_(count=True)),
        ("items", with_(weight=10**30)),
        ("items", with_(weight="1")),
        ("items", with_(id=None)),
        ("items", with_(id=12)),
        ("items", without("id")),
        ("items", with_(__typename="Box")),
        ("items", with_(__typename="Nobody")),
        ("items", with_(__typename=None)),
        ("items", without("__typename")),
        ("items", with_(owner={"__typename": "User", "id": None})),
        ("items", with_(owner={"__typename": "User"})),
        ("items", with_(owner={"id": "u1"})),
        ("items", with_(owner=[{"__typename": "User", "id": "u1"}])),
        ("items", with_(unasked="for")),
        ("stock", lambda _: None),
        ("stock", with_(stock=None)),
        ("stock", with_(stock="9")),
        ("stock", without("stock")),
        ("stock", with_(__typename="User")),
        ("stock", with_(__typename=7)),
        ("users", lambda _: []),
    ],
)
async def test_an_answer_that_is_not_as_promised_is_the_interpreters(at: str, change: Any) -> None:
    expected = (await interpreted(QUERY, changed(change, at=at))).to_json()
    client = changed(change, at=at)
    result = await run(executor(QUERY), client)
    assert isinstance(result, ExecutionResult)
    assert msgspec.json.encode(result.to_json()) == msgspec.json.encode(expected)
    asked = [(r.subgraph, r.operation, str(r.variables)) for r in client.requests]
    assert len(asked) == len(set(asked)), "something was asked for twice"


BODIES = [
    b"", b"nonsense", b"[]", b"null", b"{}", b'{"data":null}', b'{"data":{}}',
    b'{"data":{"items":[]',
    b'{"data":{"items":[{}]}}', b'{"data":{"items":[]},"more":1}', b'{"data":{"items":"\xff"}}',
    b'{"data":{"items":[]},"\\u0065rrors":[{"message":"no"}]}',
    b'{"data":{"items":' + b"[" * 5000 + b"]" * 5000 + b"}}",
    b'{"data":{"items":[]},"data":null}', b'{"data":{"items":[{"id":"1","id":null}]}}',
]  # fmt: skip


@pytest.mark.parametrize("text", BODIES, ids=range(len(BODIES)))
async def test_bodies_that_are_no_good_answer(text: bytes) -> None:
    query = "{ items { id name } }"

    def serve(request: SubgraphRequest) -> SubgraphResponse:
        if request.undecoded:
            return SubgraphResponse(None, body=text, is_decoded=False)
        return read_body("items", text)

    client, other = subgraphs(), subgraphs()
    client.failures["items"] = other.failures["items"] = serve
    expected = (await interpreted(query, other)).to_json()
    result = await run(executor(query), client)
    assert isinstance(result, ExecutionResult)
    assert result.to_json() == expected
    assert len(client.requests) == 1


async def test_errors_and_failures_of_subgraphs_are_the_interpreters() -> None:
    for name in ("items", "stock", "users"):
        client, other = subgraphs(), subgraphs()
        client.fail(name)
        other.fail(name)
        expected = (await interpreted(QUERY, other)).to_json()
        result = await run(executor(QUERY), client)
        assert isinstance(result, ExecutionResult)
        assert result.to_json() == expected
        assert result.errors
        assert len(client.requests) == len(other.requests)


async def test_a_mutation_is_sent_once_whatever_its_answer_is() -> None:
    client = subgraphs()
    good = client.by_name["items"]

    def answer(request: SubgraphRequest) -> SubgraphResponse:
        response = good.answer(request)
        if request.is_mutation and response.data is not None:
            response.data["rename"]["name"] = None
        return response

    client.failures["items"] = answer
    result = await run(executor(RENAME), client)
    assert isinstance(result, ExecutionResult)
    assert result.data == {"rename": None}
    assert [r.is_mutation for r in client.requests].count(True) == 1


async def test_calls_in_flight_are_waited_for_and_not_repeated() -> None:
    client = subgraphs()
    client.fail("stock")
    released = asyncio.Event()

    async def hold_back(request: SubgraphRequest) -> None:
        if request.subgraph == "users":
            await released.wait()

    client.before = hold_back
    running = asyncio.create_task(run(executor(QUERY), client))
    await _until_asked(client, 3)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    released.set()
    result = await running
    assert isinstance(result, ExecutionResult)
    assert len(client.sent_to("users")) == 1


async def test_cancelling_cancels_the_calls() -> None:
    client = subgraphs()
    cancelled = []

    async def hold_back(request: SubgraphRequest) -> None:
        if request.subgraph in ("users", "stock"):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(request.subgraph)
                raise

    client.before = hold_back
    running = asyncio.create_task(run(executor(QUERY), client))
    await _until_asked(client, 3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(cancelled) == ["stock", "users"]


# --- When code is compiled and used -------------------------------------------------------------


async def test_a_plan_is_compiled_after_its_first_uses() -> None:
    operation, client = executor("{ items { name stock } }"), subgraphs()
    kinds = [
        type(await operation.execute({}, client=client, context=RequestContext()))
        for _ in range(USES_BEFORE_COMPILING + 2)
    ]
    assert kinds == [ExecutionResult] * USES_BEFORE_COMPILING + [CompiledResult] * 2


async def test_code_that_steps_aside_all_the_time_is_tried_less_and_less() -> None:
    operation, client = executor("{ items { name } }"), changed(with_(name=5))
    for _ in range(200):
        assert isinstance(await run(operation, client), ExecutionResult)
    tried = sum(request.undecoded for request in client.requests)
    assert 4 <= tried <= 9
    good = subgraphs()
    results = [await run(operation, good) for _ in range(300)]
    assert isinstance(results[-1], CompiledResult)


async def test_each_combination_of_conditions_has_its_own_code_up_to_a_bound() -> None:
    names = [f"c{n}" for n in range(4)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    operation = executor(f"query ({declared}) {{ items {{ id {fields} }} }}")
    for number in range(2 ** len(names)):
        chosen = {name: bool(number >> n & 1) for n, name in enumerate(names)}
        result = await run(operation, subgraphs(), chosen)
        assert isinstance(result, CompiledResult)
        first = msgspec.json.decode(msgspec.json.encode(result.data))["items"][0]
        assert list(first) == ["id", *(name for name in names if chosen[name])]
    assert len(operation._variants) <= 8


async def test_code_is_kept_for_a_bounded_number_of_operations() -> None:
    code = CompiledPlans(max_plans=2)
    queries = ["{ items { name } }", "{ items { id } }", "{ items { count } }"]
    operations = [
        OperationExecutor(planned(query), prepared(query), SUPERGRAPH, code=code)
        for query in queries
    ]
    for executed in operations * 2:
        assert isinstance(await run(executed, subgraphs()), CompiledResult)
        assert len(code) <= 2
    kept = [variant.plan for o in operations for variant in o._variants.values()]
    assert kept.count(None) == 1


async def test_executions_at_the_same_time_share_nothing() -> None:
    operation = executor("{ items { name stock owner { name } } }")
    results = await asyncio.gather(*(run(operation, subgraphs()) for _ in range(20)))
    texts = set()
    for result in results:
        assert isinstance(result, CompiledResult)
        texts.add(msgspec.json.encode(result.data))
    assert len(texts) == 1


# --- Random damage ------------------------------------------------------------------------------

_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False,
    allow_infinity=False), st.text(max_size=3), st.just([]), st.just({}),
    st.sampled_from(["Item", "Box", "User", "RED", "i1"]),
)  # fmt: skip


def _damage(draw: st.DrawFn, value: Any) -> Any:
    """Replace, drop or add something somewhere inside."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        kind = draw(st.integers(0, 7))
        rest = {name: item for name, item in value.items() if name != key}
        if kind == 0:
            return rest
        if kind == 1:
            return {**value, draw(st.sampled_from(["id", "name", "x", "__typename"])): draw(_JUNK)}
        return {**value, key: _damage(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _damage(draw, value[index]), *value[index + 1 :]]
    return draw(_JUNK)


@settings(max_examples=25, deadline=None)
@given(st.data())
async def test_damaged_answers_mean_the_same_to_both(data: st.DataObject) -> None:
    query = (
        "{ items { id color count shipping owner { name } stock similar { name } } "
        "things { ... on Item { name stock } ... on Box { label __typename owner { email } } } }"
    )
    damages: dict[str, Any] = {}
    where = data.draw(st.sampled_from(["items", "stock", "users"]))

    def client_with_damage() -> Subgraphs:
        client = subgraphs()
        good = client.by_name[where]

        def answer(request: SubgraphRequest) -> SubgraphResponse:
            key = f"{request.operation} {request.variables}"
            if key not in damages:
                response = good.answer(request)
                damaged = data.draw(st.composite(_damage)(response.data))
                damages[key] = damaged if isinstance(damaged, dict) else {}
            text = msgspec.json.encode({"data": damages[key]})
            if request.undecoded:
                return SubgraphResponse(None, body=text, is_decoded=False)
            return SubgraphResponse(msgspec.json.decode(text)["data"])

        client.failures[where] = answer
        return client

    expected = (await interpreted(query, client_with_damage())).to_json()
    result = await run(executor(query), client_with_damage())
    if isinstance(result, CompiledResult):
        assert "errors" not in expected
        assert msgspec.json.encode(result.data) == msgspec.json.encode(expected["data"])
    else:
        assert msgspec.json.encode(result.to_json()) == msgspec.json.encode(expected)
