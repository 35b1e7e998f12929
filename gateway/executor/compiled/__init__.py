"""The compiled executor: a query plan as generated code. See `compile.py` and `executor.py`."""

from gateway.executor.compiled.compile import CompiledPlan, compile_plan
from gateway.executor.compiled.executor import (
    Attempt,
    CompiledPlans,
    CompiledResult,
    OperationExecutor,
    plain_data,
)
from gateway.executor.compiled.outcome import NotCompilableError

__all__ = [
    "Attempt",
    "CompiledPlan",
    "CompiledPlans",
    "CompiledResult",
    "NotCompilableError",
    "OperationExecutor",
    "compile_plan",
    "plain_data",
]
