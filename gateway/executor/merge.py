"""Merge what a subgraph answered into the response so far.

Two subgraphs may answer parts of the same object (a shared root field, an entity), so objects are
merged member by member and lists item by item. What is there is never replaced by null, and lists
of different lengths are not mixed: their items are not the same things.
"""

from __future__ import annotations

from typing import Any

from gateway.executor.facts import SupergraphFacts
from gateway.transport.base import JsonObject


def merge_object(facts: SupergraphFacts, target: JsonObject, source: JsonObject) -> None:
    """Merge `source` into `target`. Parts of `source` become parts of `target`, uncopied."""
    if target is source:
        return
    for name, value in source.items():
        if name not in target:
            target[name] = value
            continue
        existing = target[name]
        if name == "__typename":
            # An @interfaceObject calls itself by the interface's name until its type is known.
            if not facts.is_object(existing) and facts.is_object(value):
                target[name] = value
        else:
            target[name] = _merged(facts, existing, value)


def _merged(facts: SupergraphFacts, existing: Any, value: Any) -> Any:
    if value is None:
        return existing
    if isinstance(existing, dict) and isinstance(value, dict):
        merge_object(facts, existing, value)
        return existing
    if isinstance(existing, list) and isinstance(value, list):
        if len(existing) == len(value) and existing is not value:
            for index, item in enumerate(value):
                existing[index] = _merged(facts, existing[index], item)
        return existing
    if isinstance(existing, dict | list):
        return existing
    return value


def copy_json(value: Any) -> Any:
    """Copy objects and lists, so that a place of the response shares nothing with another."""
    if isinstance(value, dict):
        return {name: copy_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value
