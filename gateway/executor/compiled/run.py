"""One execution of compiled code: calls, merging, and stepping aside.

Whatever is not as good as it should be (an error of a subgraph, a missing entity, a null or a
value of another type than promised) ends the compiled execution. Calls in flight are waited for,
so that the interpreter gets every answer that was asked for; nothing else is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from gateway.context import RequestContext
from gateway.executor.compiled.compile import (
    CallStep,
    Collected,
    CompiledPlan,
    SequenceStep,
    Step,
)
from gateway.executor.compiled.outcome import StepAsideError
from gateway.executor.compiled.replay import Answer
from gateway.executor.side_by_side import run_side_by_side
from gateway.transport.base import (
    SubgraphClient,
    SubgraphRequest,
    SubgraphResponse,
)

_log = structlog.get_logger(__name__)

_encode = msgspec.json.Encoder().encode

_EXPECTED = (StepAsideError, msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What an answer can do; anything else is a defect of ours, worth a line in the log."""


class CompiledExecution:
    """The state of one operation while its compiled plan runs."""

    __slots__ = ("_client", "_context", "_lists", "_plan", "_variables", "has_failed", "recorded")

    def __init__(
        self,
        plan: CompiledPlan,
        variables: Mapping[str, Any],
        *,
        client: SubgraphClient,
        context: RequestContext,
    ) -> None:
        self._plan = plan
        self._variables = variables
        self._client = client
        self._context = context
        self._lists = plan.new_lists()
        self.recorded: list[tuple[SubgraphRequest, Answer]] = []
        self.has_failed = False

    async def run(self) -> msgspec.Struct | None:
        """The client's `data`, ready to be encoded; None if the interpreter has to take over."""
        if self._plan.step is not None:
            await self._run(self._plan.step)
        if self.has_failed:
            return None
        return self._plan.hide(self._lists)

    async def _run(self, step: Step) -> None:
        if isinstance(step, CallStep):
            await self._call(step)
        elif isinstance(step, SequenceStep):
            for child in step.steps:
                if self.has_failed:
                    return
                await self._run(child)
        else:
            await run_side_by_side([self._run(child) for child in step.steps])

    async def _call(self, step: CallStep) -> None:
        if self.has_failed:
            return
        variables: dict[str, Any] = {}
        if step.variable_usages:
            values = self._variables
            variables = {name: values[name] for name in step.variable_usages if name in values}
        collected: Collected | None = None
        if step.collect is not None:
            try:
                collected = step.collect(self._lists)
            except Exception as error:
                self._fail(error)
                return
            if collected is None:
                return
            variables["representations"] = collected[0]
        request = SubgraphRequest(
            step.subgraph,
            step.operation,
            step.operation_name,
            variables,
            self._context.headers,
            step.is_mutation,
            True,
            self._context.security,
        )
        try:
            response = await self._client.execute(request)
        except Exception as error:
            # Also what is unexpected: the interpreter knows what to make of it.
            self.recorded.append((request, error))
            self.has_failed = True
            return
        self.recorded.append((request, response))
        if self.has_failed:
            return
        if response.errors:
            self.has_failed = True
            return
        try:
            step.merge(self._lists, _body(response), collected)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.has_failed = True
        if not isinstance(error, _EXPECTED):
            # Without the values: they may be personal data.
            _log.error("compiled execution failed", error=type(error).__name__)


def _body(response: SubgraphResponse) -> bytes:
    if response.body is not None:
        return response.body
    return _encode({"data": response.data})
