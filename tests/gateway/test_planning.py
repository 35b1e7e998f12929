"""Operations are planned beside the event loop, once, and ahead of a new supergraph."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.context import RequestContext
from gateway.pipeline import PlannedOperation, Refusal, Runtime
from gateway.planning import PlanningLanes
from gateway.server.assemble import Gateway
from tests.gateway.server.supergraphs import two_subgraphs

SDL = two_subgraphs("http://127.0.0.1:9/", "http://127.0.0.1:9/")


class Work:
    """Planning that takes until it is released, and where it ran."""

    def __init__(self, result: object = "plan") -> None:
        self.release = threading.Event()
        self.threads: list[str] = []
        self.result = result

    def __call__(self) -> object:
        self.threads.append(threading.current_thread().name)
        assert self.release.wait(10)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


async def test_equal_operations_are_planned_once_and_kept_though_callers_leave() -> None:
    lanes: PlanningLanes[object] = PlanningLanes()
    work, kept = Work(), list[object]()
    tasks = [asyncio.create_task(lanes.run("k", 1, work, kept.append)) for _ in range(3)]
    await asyncio.sleep(0.01)  # the event loop is free meanwhile
    tasks[0].cancel()
    work.release.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == ["plan", "plan"]
    assert len(work.threads) == 1
    assert kept == ["plan"]
    lanes.close()


async def test_large_documents_do_not_stand_before_small_ones() -> None:
    lanes: PlanningLanes[object] = PlanningLanes()
    large = [Work() for _ in range(4)]
    waiting = [
        asyncio.create_task(lanes.run(i, 100_000, work, lambda _: None))
        for i, work in enumerate(large)
    ]
    small = Work("small")
    small.release.set()
    assert await asyncio.wait_for(lanes.run("s", 10, small, lambda _: None), 5) == "small"
    for work in large:
        work.release.set()
    await asyncio.gather(*waiting)
    lanes.close()


async def test_what_fails_is_told_to_all_and_not_kept() -> None:
    lanes: PlanningLanes[object] = PlanningLanes()
    work, kept = Work(ValueError("bug")), list[object]()
    work.release.set()
    tasks = [lanes.run("k", 1, work, kept.append) for _ in range(2)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["bug", "bug"]
    assert kept == []
    lanes.close()


@pytest.fixture
async def gateway(tmp_path: Path) -> Gateway:
    file = tmp_path / "supergraph.graphql"
    file.write_text(SDL)
    gateway = Gateway(
        load_settings(overrides={"supergraph": file, "cache": {"operations": {"warm_up": 2}}})
    )
    await gateway.source.load()
    return gateway


async def test_a_slow_plan_does_not_hold_up_known_operations(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(document: str) -> float:
        started = time.monotonic()
        outcome = await gateway.pipeline.run(document, None, None, RequestContext())
        assert outcome.data == {"__typename": "Query"}
        return time.monotonic() - started

    await ask("{ __typename }")
    release = threading.Event()
    plan = Runtime.plan

    def slow(self: Runtime, *operation: Any) -> PlannedOperation | Refusal:
        assert release.wait(10)
        return plan(self, *operation)

    monkeypatch.setattr(Runtime, "plan", slow)
    cold = asyncio.create_task(ask("query Cold { __typename }"))
    for _ in range(20):
        await ask("{ __typename }")
    assert not cold.done()
    release.set()
    await cold
    await gateway.close()


async def test_operations_in_use_are_planned_before_a_new_supergraph_serves(
    gateway: Gateway,
) -> None:
    async def ask(document: str) -> None:
        await gateway.pipeline.run(document, None, None, RequestContext())

    for document in ("{ good }", "{ bad }", "{ nope }", "{ me { id } }", "{ bad }", "{"):
        await ask(document)
    before = gateway.pipeline.runtime
    assert before is not None
    assert [document for document, _ in before.operations_in_use(10)] == [
        "{ good }",
        "{ me { id } }",
        "{ bad }",
    ]
    await gateway._take_over(SDL.replace("  bad: String", "  other: Int") + "\n")
    after = gateway.pipeline.runtime
    assert after is not before
    assert after is not None
    # Of the two used last, one is no operation of the new supergraph.
    assert isinstance(after.known("{ me { id } }", None), PlannedOperation)
    assert after.known("{ bad }", None) is None
    assert after.known("{ good }", None) is None
    await gateway.close()


async def test_warming_up_ends_when_its_time_is_over(gateway: Gateway) -> None:
    runtime = gateway.pipeline.runtime
    assert runtime is not None
    assert runtime.warm_up([("{ good }", None)] * 3, seconds=0) == 0
    assert runtime.warm_up([("{ good }", None), ("{ bad }", None)], seconds=60) == 2
    assert runtime.operations_in_use(5) == [("{ good }", None), ("{ bad }", None)]
    await gateway.close()
