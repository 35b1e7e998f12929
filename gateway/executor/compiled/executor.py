"""Which executor runs an operation, and when it pays to compile.

An operation that is asked for often is compiled after its first uses, once per combination of the
values of its condition variables. Where compiled code had to step aside again and again (a
subgraph that is down, one that sends numbers for strings), the interpreter runs alone for a while:
an answer that is decoded twice costs more than one that is decoded once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from gateway.context import RequestContext
from gateway.executor.compiled.compile import CompiledPlan, compile_plan, condition_variables
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.compiled.replay import ReplayingClient
from gateway.executor.compiled.run import CompiledExecution
from gateway.executor.execute import ExecutionResult, execute_plan
from gateway.operation.prepare import PreparedOperation
from gateway.plan.nodes import QueryPlan
from gateway.transport.base import JsonObject, SubgraphClient
from supergraph.model import Supergraph

_log = structlog.get_logger(__name__)

USES_BEFORE_COMPILING = 3
"""Compiling costs about as much as a few executions; most documents of a hostile client are new."""

_KEPT_CONDITION_VALUES = 8
"""Combinations compiled per operation; a client decides how many there are."""

_LONGEST_PAUSE_USES = 1024


class CompiledResult(msgspec.Struct, frozen=True, eq=False):
    """An answer without errors; `data` is encoded by msgspec like any JSON object."""

    data: msgspec.Struct


MAX_COMPILED_PLANS = 500
"""Compiled plans kept per supergraph; each takes about 50 kB, large ones ten times that."""


@dataclass(slots=True, eq=False)
class _Variant:
    """What is known for one combination of condition values."""

    uses: int = 0
    plan: CompiledPlan | None = None
    is_interpreted: bool = False
    """It cannot be compiled."""
    failures: int = 0
    """Executions that stepped aside, since the last that did not."""
    pause_uses: int = 0
    """Uses left before compiled code is tried again."""


class CompiledPlans:
    """Bounds how many operations have compiled code: those used last."""

    def __init__(self, *, max_plans: int = MAX_COMPILED_PLANS) -> None:
        self._max_plans = max_plans
        self._variants: OrderedDict[_Variant, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._variants)

    def use(self, variant: _Variant) -> None:
        """Note that a variant's code is used; the one not used for longest may lose its own."""
        self._variants[variant] = None
        self._variants.move_to_end(variant)
        if len(self._variants) > self._max_plans:
            oldest, _ = self._variants.popitem(last=False)
            oldest.plan, oldest.uses = None, 0


class OperationExecutor:
    """Executes one planned operation, any number of times."""

    def __init__(
        self,
        plan: QueryPlan,
        prepared: PreparedOperation,
        supergraph: Supergraph,
        *,
        code: CompiledPlans | None = None,
    ) -> None:
        self._code = CompiledPlans() if code is None else code
        self._plan = plan
        self._prepared = prepared
        self._supergraph = supergraph
        self._conditions = condition_variables(plan, prepared)
        self._variants: OrderedDict[tuple[bool, ...], _Variant] = OrderedDict()

    async def execute(
        self,
        variables: Mapping[str, Any],
        *,
        client: SubgraphClient,
        context: RequestContext,
        uses_before_compiling: int = USES_BEFORE_COMPILING,
    ) -> CompiledResult | ExecutionResult:
        """Answer the operation for coerced `variables`; the meaning is the interpreter's."""
        variant = self._variant(variables)
        plan = self._usable(variant, variables, uses_before_compiling)
        if plan is None:
            return await self.interpret(variables, client, context)
        attempt = Attempt(self, variant, plan, variables, client, context)
        await attempt.execution.wait()
        return attempt.result() or await attempt.interpret()

    def attempt(
        self, variables: Mapping[str, Any], *, client: SubgraphClient, context: RequestContext
    ) -> Attempt | None:
        """Code to be started by the caller; None if there is none yet, or none to be used now.

        The way is `execute` then, as if nothing had been asked.
        """
        variant = self._variant(variables)
        plan = variant.plan
        if plan is None or variant.pause_uses > 0:
            return None
        self._code.use(variant)
        return Attempt(self, variant, plan, variables, client, context)

    async def interpret(
        self, variables: Mapping[str, Any], client: SubgraphClient, context: RequestContext
    ) -> ExecutionResult:
        """Answer the operation without compiled code."""
        return await execute_plan(
            self._plan,
            self._prepared,
            variables,
            supergraph=self._supergraph,
            client=client,
            context=context,
        )

    def _variant(self, variables: Mapping[str, Any]) -> _Variant:
        key = tuple(bool(variables.get(name)) for name in self._conditions)
        variant = self._variants.get(key)
        if variant is None:
            variant = self._variants[key] = _Variant()
            if len(self._variants) > _KEPT_CONDITION_VALUES:
                self._variants.popitem(last=False)
        elif len(self._variants) > 1:
            self._variants.move_to_end(key)
        return variant

    def _usable(
        self, variant: _Variant, variables: Mapping[str, Any], uses_before_compiling: int
    ) -> CompiledPlan | None:
        if variant.is_interpreted:
            return None
        if variant.pause_uses > 0:
            variant.pause_uses -= 1
            return None
        if variant.plan is None:
            variant.uses += 1
            if variant.uses <= uses_before_compiling:
                return None
            try:
                variant.plan = compile_plan(self._plan, self._prepared, variables, self._supergraph)
            except NotCompilableError:
                variant.is_interpreted = True
            except Exception:
                # A defect of ours; the operation is answered all the same.
                _log.exception("a query plan could not be compiled")
                variant.is_interpreted = True
        if variant.plan is not None:
            self._code.use(variant)
        return variant.plan


class Attempt:
    """Compiled code tried on one request: with a result, or for the interpreter to go on from."""

    __slots__ = ("_client", "_context", "_executor", "_variables", "_variant", "execution")

    def __init__(
        self,
        executor: OperationExecutor,
        variant: _Variant,
        plan: CompiledPlan,
        variables: Mapping[str, Any],
        client: SubgraphClient,
        context: RequestContext,
    ) -> None:
        self._executor = executor
        self._variant = variant
        self._variables = variables
        self._client = client
        self._context = context
        self.execution = CompiledExecution(plan, variables, client=client, context=context)

    def result(self) -> CompiledResult | None:
        """What the execution came to, once it has ended; None if it stepped aside."""
        variant = self._variant
        data = self.execution.result()
        if data is not None:
            variant.failures = 0
            return CompiledResult(data)
        variant.failures += 1
        variant.pause_uses = min(2**variant.failures - 2, _LONGEST_PAUSE_USES)
        return None

    async def interpret(self) -> ExecutionResult:
        """Go on from where the execution stepped aside: no call is made twice."""
        replaying = ReplayingClient(self._client, self.execution.recorded)
        return await self._executor.interpret(self._variables, replaying, self._context)


def plain_data(data: msgspec.Struct) -> JsonObject:
    """Compiled data as a JSON object, for who wants to look into it."""
    decoded: JsonObject = msgspec.json.decode(msgspec.json.encode(data))
    return decoded
