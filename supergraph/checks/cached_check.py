"""A check of unchanged input is answered from the store.

What decides on the result is in the key: every text that was read, the settings, the day (of which
exceptions depend), and our code. Rules of other packages are code that the key does not know, so
with such rules nothing is kept.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import entry_points

from supergraph.checks.inputs import CheckInputs
from supergraph.checks.operations.plans import PlannerFactory
from supergraph.checks.report import json_report
from supergraph.checks.result import CheckResult
from supergraph.checks.settings import LINT_RULES_GROUP
from supergraph.checks.store import Store, code_fingerprint, digest


def cached_check(inputs: CheckInputs, planner: PlannerFactory | None, store: Store) -> CheckResult:
    """As `check`, or what it said of the same input before.

    Raises:
        CheckInputError: as `check` does; that is not kept.
    """
    if entry_points(group=LINT_RULES_GROUP):
        return _check(inputs, planner, store)
    key = inputs_digest(inputs, with_planner=planner is not None)
    kept = store.get("result", key)
    if kept is not None:
        try:
            return json_report.parse(kept)
        except ValueError:
            pass  # not written by us; checking is the remedy
    result = _check(inputs, planner, store)
    store.put("result", key, json_report.render(result).encode("utf-8"))
    return result


def _check(inputs: CheckInputs, planner: PlannerFactory | None, store: Store) -> CheckResult:
    # A kept result needs none of what checking imports, which takes most of its time.
    from supergraph.checks.check import check

    return check(inputs, planner, store)


def inputs_digest(inputs: CheckInputs, *, with_planner: bool) -> str:
    """A name for all that a check's result depends on."""
    sides = [
        json.dumps(asdict(side)) if side is not None else "none"
        for side in (inputs.proposed, inputs.base)
    ]
    recorded = [
        part
        for file in inputs.operations
        for part in (file.kind.value, file.name, file.client or "", file.content)
    ]
    return digest(
        [
            code_fingerprint(),
            *sides,
            inputs.settings.model_dump_json(),
            json.dumps(inputs.exceptions),
            inputs.today.isoformat(),
            str(with_planner),
            *recorded,
        ]
    )
