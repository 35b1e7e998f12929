"""What the planner says when it gives up."""

from __future__ import annotations

TOO_COMPLEX = "QUERY_PLAN_TOO_COMPLEX"
"""The operation needs more search than one request may cost."""

RESERVED_ALIAS = "QUERY_PLAN_RESERVED_ALIAS"
"""The operation uses an alias that the gateway needs for itself."""


class PlanningError(Exception):
    """The operation cannot be planned. `message` is safe to send to clients, `code` names why."""

    def __init__(self, message: str, code: str = TOO_COMPLEX) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
