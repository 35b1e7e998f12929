"""Operations to query plans; `planner.py` shows the way from the top."""

from gateway.planner.errors import PlanningError
from gateway.planner.labels import OverrideLabels
from gateway.planner.planner import QueryPlanner

__all__ = ["OverrideLabels", "PlanningError", "QueryPlanner"]
