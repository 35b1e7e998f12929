"""How the compiled executor says that something is not its business."""

from __future__ import annotations


class NotCompilableError(Exception):
    """The plan needs something that only the interpreter does; the text says what."""


class StepAsideError(Exception):
    """An answer is not as good as compiled code expects; the interpreter has to look at it."""
