"""What an entity fetch sends: one representation per distinct entity.

A subgraph may fail the whole `_entities` call when one representation is bad. So nothing is sent
for an object that is null, whose key is null, or that lacks an input its resolver needs: that
object goes without, and the others of the call get their answer.

Source: Apollo Federation subgraph specification, "Resolving entity fields with Query._entities".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gateway.executor.facts import SupergraphFacts, key_state
from gateway.executor.paths import Position, ResponsePath
from gateway.executor.rewrites import apply_rewrites
from gateway.plan.nodes import FetchNode, RequiredField, RequiredFragment, RequiredSelection
from gateway.transport.base import JsonObject

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Representations:
    """What one call sends, and for whom.

    `items` are the distinct representations in first-seen order, `texts` their JSON.
    `indices[i]` is the index in `items` for the i-th position, or None where nothing is sent.
    `lacking` are those of the latter that lack a value, or have one that rests on a failure.
    """

    items: list[JsonObject] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    indices: list[int | None] = field(default_factory=list)
    lacking: list[Position] = field(default_factory=list)


def collect_representations(
    facts: SupergraphFacts,
    fetch: FetchNode,
    positions: Sequence[Position],
    failed_paths: Collection[ResponsePath] = (),
) -> Representations:
    """Gather what one `_entities` call must send; the objects at `positions` are only read.

    `failed_paths` are the places for which there is an error already: a null there, or above it
    where a subgraph had to put it, is no value that another field may be computed from.
    """
    failed = above(failed_paths)
    found = Representations()
    known: dict[bytes, int] = {}
    for position in positions:
        target = position.target
        item = build_representation(facts, fetch, target)
        rests_on_failure = bool(failed) and _rests_on_failure(
            target, fetch.requires, position.path, failed
        )
        if item is None or rests_on_failure:
            found.indices.append(None)
            if rests_on_failure or not _select(facts, target, fetch.requires, {}):
                found.lacking.append(position)
            continue
        text = _encode(item)
        index = known.get(text)
        if index is None:
            index = known[text] = len(found.items)
            found.items.append(item)
            found.texts.append(text)
        found.indices.append(index)
    return found


def above(paths: Collection[ResponsePath]) -> Collection[ResponsePath]:
    """The paths and all paths that they begin with."""
    return {path[:length] for path in paths for length in range(1, len(path) + 1)}


def has_all(
    facts: SupergraphFacts,
    position: Position,
    selections: Sequence[RequiredSelection],
    failed: Collection[ResponsePath],
) -> bool:
    """Whether an object has all that is selected, and none of it rests on a failure."""
    return _select(facts, position.target, selections, {}) and not _rests_on_failure(
        position.target, selections, position.path, failed
    )


def build_representation(
    facts: SupergraphFacts, fetch: FetchNode, target: JsonObject
) -> JsonObject | None:
    """Make the representation of one object; None if it must not be sent."""
    representation: JsonObject = {}
    applied = False
    for fragment in fetch.requires:
        type_name = target.get("__typename")
        if not isinstance(type_name, str) or not facts.applies(fragment.type_condition, type_name):
            continue
        applied = True
        if not _select(facts, target, fragment.selections, representation):
            return None
    if not applied:
        return None
    if fetch.input_rewrites:
        apply_rewrites(facts, representation, fetch.input_rewrites)
    type_name = representation.get("__typename")
    if not isinstance(type_name, str):
        return None
    states = {key_state(representation, key) for key in facts.keys(fetch.subgraph, type_name)}
    if "null" in states and "complete" not in states:
        return None
    return representation


def _select(
    facts: SupergraphFacts,
    source: JsonObject,
    selections: Sequence[RequiredSelection],
    into: JsonObject,
) -> bool:
    """Copy what is required; False if something is missing."""
    for selection in selections:
        match selection:
            case RequiredField(name, nested):
                if name not in source:
                    return False
                value = source[name]
                if nested:
                    complete, value = _select_value(facts, value, nested, into.get(name))
                    if not complete:
                        return False
                into[name] = value
            case RequiredFragment(type_condition, nested):
                type_name = source.get("__typename")
                if not isinstance(type_name, str):
                    return False
                if facts.applies(type_condition, type_name) and not _select(
                    facts, source, nested, into
                ):
                    return False
    return True


def _select_value(
    facts: SupergraphFacts, value: Any, selections: Sequence[RequiredSelection], existing: Any
) -> tuple[bool, Any]:
    if value is None:
        return True, None
    if isinstance(value, list):
        fits = isinstance(existing, list) and len(existing) == len(value)
        before = existing if fits else [None] * len(value)
        items: list[Any] = []
        for item, old in zip(value, before, strict=True):
            complete, selected = _select_value(facts, item, selections, old)
            if not complete:
                return False, None
            items.append(selected)
        return True, items
    if not isinstance(value, dict):
        return False, None
    into: JsonObject = existing if isinstance(existing, dict) else {}
    return _select(facts, value, selections, into), into


def _rests_on_failure(
    value: Any,
    selections: Sequence[RequiredSelection],
    path: ResponsePath,
    failed_paths: Collection[ResponsePath],
) -> bool:
    """Whether a null among the required values is there because of an error."""
    if isinstance(value, list):
        return any(
            _rests_on_failure(item, selections, (*path, index), failed_paths)
            for index, item in enumerate(value)
        )
    if value is None:
        return path in failed_paths
    if not isinstance(value, dict):
        return False
    for selection in selections:
        if isinstance(selection, RequiredFragment):
            if _rests_on_failure(value, selection.selections, path, failed_paths):
                return True
        elif _rests_on_failure(
            value.get(selection.response_name),
            selection.selections,
            (*path, selection.response_name),
            failed_paths,
        ):
            return True
    return False
