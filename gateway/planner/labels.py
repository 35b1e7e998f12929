"""Which progressive `@override`s apply to a request.

A label `percent(n)` applies to n of 100 requests. All labels of one request are decided by one
number, so that k percentages make k + 1 sets of labels and not two to the power of k: each set has
its own plans. Any other label applies where the configuration or the request says so.

Source: Apollo Federation, "Progressive @override".
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

from supergraph.model import Supergraph

_PERCENT = re.compile(r"percent\((\d+(?:\.\d+)?)\)")


class OverrideLabels:
    """Decides about the labels of one supergraph. `draw` returns a number in [0, 1)."""

    def __init__(self, supergraph: Supergraph, draw: Callable[[], float] = random.random) -> None:
        labels = {
            join.override_label
            for definition in supergraph.types.values()
            for field in definition.fields.values()
            for join in field.joins
            if join.override_label is not None
        }
        self._draw = draw
        self._percents = {
            label: float(match.group(1))
            for label in sorted(labels)
            if (match := _PERCENT.fullmatch(label))
        }
        self._custom = frozenset(labels.difference(self._percents))

    def decide(self, active: Iterable[str] = ()) -> frozenset[str]:
        """The labels that apply to one request; `active` are the custom ones named for it.

        Labels the supergraph does not have are left out, so they make no plans of their own.
        """
        chosen = self._custom.intersection(active)
        if not self._percents:
            return chosen
        drawn = self._draw() * 100
        return chosen | {label for label, percent in self._percents.items() if drawn < percent}
