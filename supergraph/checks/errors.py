"""What keeps a check from being made at all: wrong or missing input."""

from __future__ import annotations


class CheckInputError(Exception):
    """The check cannot be made; `problems` are sentences fit for users (exit code 4)."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
