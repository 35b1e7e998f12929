"""Both executors on the same answers: what one gives, the other has to give, member by member.

`execute_both` is what tests call in place of `execute_plan`. The interpreter asks the subgraphs;
compiled code then gets the same answers again, and may not ask for anything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gateway.context import RequestContext
from gateway.executor import EntityCache, ExecutionResult, execute_plan
from gateway.executor.compiled import NotCompilableError, compile_plan
from gateway.executor.compiled.replay import Answer, ReplayingClient
from gateway.executor.compiled.run import CompiledExecution
from gateway.operation.prepare import PreparedOperation
from gateway.plan.nodes import QueryPlan
from gateway.transport.answer import read_body
from gateway.transport.base import SubgraphClient, SubgraphRequest, SubgraphResponse
from supergraph.model import Supergraph


@dataclass
class Tally:
    """How often compiled code answered, stepped aside, or could not be made; and why not."""

    compiled: int = 0
    stepped_aside: int = 0
    not_compilable: dict[str, int] = field(default_factory=dict)


TALLY = Tally()


class _Recorder:
    """Passes requests on, and keeps each answer as the bytes it would be on the wire."""

    def __init__(self, inner: SubgraphClient) -> None:
        self._inner = inner
        self.recorded: list[tuple[SubgraphRequest, Answer]] = []
        self.is_json = True

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        try:
            response = await self._inner.execute(request)
        except Exception as error:
            self.recorded.append((request, error))
            raise
        # A copy: the interpreter makes the decoded answer part of its response.
        try:
            body = msgspec.json.encode({"data": response.data})
            kept = SubgraphResponse(None, body=body, is_decoded=False)
            data = msgspec.json.decode(body)["data"]
            if response.errors or not isinstance(response.data, dict):
                kept = SubgraphResponse(data, response.errors)
            # An infinite number, say: no subgraph can send it.
            self.is_json = self.is_json and data == response.data
        except RecursionError as error:
            self.recorded.append((request, error))
        else:
            self.recorded.append((request, kept))
        return response

    async def close(self) -> None:
        await self._inner.close()


class _Answers:
    """Gives each recorded answer out once; whatever else is asked is a mistake."""

    def __init__(self, recorded: list[tuple[SubgraphRequest, Answer]]) -> None:
        self._left = list(recorded)
        self.unexpected: list[SubgraphRequest] = []

    async def execute(self, request: SubgraphRequest) -> SubgraphResponse:
        for index, (known, answer) in enumerate(self._left):
            if (
                known.subgraph == request.subgraph
                and known.operation == request.operation
                and known.operation_name == request.operation_name
                and known.headers == request.headers
                and known.is_mutation == request.is_mutation
                and known.security == request.security
                and json.dumps(known.variables) == json.dumps(request.variables)
            ):
                del self._left[index]
                if isinstance(answer, Exception):
                    raise answer
                if request.undecoded or answer.body is None:
                    return answer
                return read_body(request.subgraph, answer.body)
        self.unexpected.append(request)
        raise AssertionError(f"compiled code asked for something else: {request}")

    async def close(self) -> None:
        pass


async def execute_both(
    plan: QueryPlan,
    prepared: PreparedOperation,
    variables: Mapping[str, Any],
    *,
    supergraph: Supergraph,
    client: SubgraphClient,
    context: RequestContext | None = None,
    entity_cache: EntityCache | None = None,
) -> ExecutionResult:
    """Like `execute_plan`, and assert that compiled code gives the same.

    It runs twice: the first time answers are cut wherever they can be, and then where that pays.
    """
    recorder = _Recorder(client)
    result = await execute_plan(
        plan,
        prepared,
        variables,
        supergraph=supergraph,
        client=recorder,
        context=context,
        entity_cache=entity_cache,
    )
    if entity_cache is not None or not recorder.is_json:
        return result
    try:
        compiled = compile_plan(plan, prepared, variables, supergraph, share_from_bytes=0)
    except NotCompilableError as reason:
        TALLY.not_compilable[str(reason)] = TALLY.not_compilable.get(str(reason), 0) + 1
        return result
    for _ in range(2):
        answers = _Answers(recorder.recorded)
        execution = CompiledExecution(
            compiled, variables, client=answers, context=context or RequestContext()
        )
        data = await execution.run()
        assert not answers.unexpected, f"{answers.unexpected}\n{plan}"
        if data is None:
            TALLY.stepped_aside += 1
            replayed = await execute_plan(
                plan,
                prepared,
                variables,
                supergraph=supergraph,
                client=ReplayingClient(answers, execution.recorded),
                context=context,
            )
            assert not answers.unexpected, f"{answers.unexpected}\n{plan}"
            given, wanted = replayed.to_json(), result.to_json()
            assert msgspec.json.encode(given) == msgspec.json.encode(wanted), f"{given}\n{wanted}"
            return result
        assert not result.errors, f"compiled code answers, but there are errors: {result.errors}"
        text, expected = msgspec.json.encode(data), msgspec.json.encode(result.data)
        assert text == expected, (
            f"\n{text.decode()}\n{expected.decode()}\n{plan}\n{compiled.source}"
        )
    TALLY.compiled += 1
    return result
