"""Executors: a query plan in, the client's answer out. See `execute.py`."""

from gateway.executor.entity_cache import EntityCache, EntityCacheStats
from gateway.executor.execute import ExecutionResult, execute_plan

__all__ = ["EntityCache", "EntityCacheStats", "ExecutionResult", "execute_plan"]
