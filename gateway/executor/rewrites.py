"""Rewrites: what changes in a representation before it is sent, and in an answer after it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.executor.facts import SupergraphFacts
from gateway.executor.merge import merge_object
from gateway.plan.nodes import (
    FieldSegment,
    RenameKeyRewrite,
    Rewrite,
    RewritePath,
    SetValueRewrite,
    TypeConditionSegment,
)
from gateway.transport.base import JsonObject


def apply_rewrites(facts: SupergraphFacts, value: JsonObject, rewrites: Sequence[Rewrite]) -> None:
    """Change `value` in place, by each rewrite in turn."""
    for rewrite in rewrites:
        _apply(facts, value, rewrite.path, rewrite)


def _apply(facts: SupergraphFacts, value: Any, path: RewritePath, rewrite: Rewrite) -> None:
    if isinstance(value, list):
        for item in value:
            _apply(facts, item, path, rewrite)
        return
    if not isinstance(value, dict) or not path:
        return
    segment, rest = path[0], path[1:]
    match segment:
        case TypeConditionSegment(type_names):
            name = value.get("__typename")
            if isinstance(name, str) and any(facts.applies(t, name) for t in type_names):
                _apply(facts, value, rest, rewrite)
        case FieldSegment(name):
            if rest:
                _apply(facts, value.get(name), rest, rewrite)
            else:
                _rewrite_member(facts, value, name, rewrite)


def _rewrite_member(facts: SupergraphFacts, value: JsonObject, name: str, rewrite: Rewrite) -> None:
    match rewrite:
        case SetValueRewrite():
            value[name] = rewrite.value
        case RenameKeyRewrite():
            if name in value:
                # One field may be asked for under both names, in selections on different types.
                part = {rewrite.new_name: value.pop(name)}
                merge_object(facts, value, part)


def rename_path(path: Sequence[Any], rewrites: Sequence[Rewrite]) -> tuple[Any, ...]:
    """Give a path inside an answer the names that the answer has after output rewrites."""
    renamed = list(path)
    for rewrite in rewrites:
        if not isinstance(rewrite, RenameKeyRewrite):
            continue
        names = [s.response_name for s in rewrite.path if isinstance(s, FieldSegment)]
        places = [i for i, key in enumerate(renamed) if isinstance(key, str)][: len(names)]
        if [renamed[i] for i in places] == names:
            renamed[places[-1]] = rewrite.new_name
    return tuple(renamed)
