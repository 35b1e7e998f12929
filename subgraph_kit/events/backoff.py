"""How long to wait before trying again: growing, bounded, and not in step with others."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays grow by `multiplier` up to `max_seconds`; jitter takes 0.5 to 1.0 of each."""

    initial_seconds: float = 0.1
    max_seconds: float = 30.0
    multiplier: float = 2.0
    jitter: Callable[[], float] = random.random

    def delay_seconds(self, attempt: int) -> float:
        """Return the delay after the `attempt`-th failure, counted from 1."""
        exponent = min(attempt - 1, 64)  # a float's range ends; the bound was reached long before
        full = min(self.initial_seconds * self.multiplier**exponent, self.max_seconds)
        return full * (0.5 + 0.5 * self.jitter())
