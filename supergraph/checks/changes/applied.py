"""DIRECTIVE_USAGE_*: directives applied to an element before and after.

A directive that is applied again with other arguments is one whose arguments changed; a value that
changed counts as one removed and one added. Of a repeatable directive, applications that are alike
in both are paired first, the others in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import Node, ValueNode

from supergraph.checks.change import Criticality
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.changes.values import same_value
from supergraph.definitions import AppliedDirective, Element, value_text


def compare_applied(found: Found, where: str, path: str, old: Element | None, new: Element) -> None:
    """Compare what is applied; `where` is as in `DIRECTIVE_USAGE_<where>_ADDED`.

    `old` is None if the element is new.
    """
    before = old.directives if old is not None else []
    if not before and not new.directives:
        return
    for name in dict.fromkeys(item.name for item in (*before, *new.directives)):
        was = [item for item in before if item.name == name]
        now = [item for item in new.directives if item.name == name]
        was, now = _unpaired(was, now)
        for first, second in zip(was, now, strict=False):
            _compare_arguments(found, path, first, second)
        for item in was[len(now) :]:
            _removed(found, where, path, item)
        for item in now[len(was) :]:
            _added(found, where, path, item, to_new=old is None)


def _unpaired(
    was: Sequence[AppliedDirective], now: Sequence[AppliedDirective]
) -> tuple[list[AppliedDirective], list[AppliedDirective]]:
    left, rest = [], list(now)
    for item in was:
        twin = next((other for other in rest if _alike(item, other)), None)
        if twin is None:
            left.append(item)
        else:
            rest.remove(twin)
    return left, rest


def _alike(one: AppliedDirective, other: AppliedDirective) -> bool:
    return one.arguments.keys() == other.arguments.keys() and all(
        same_value(value, other.arguments[name]) for name, value in one.arguments.items()
    )


def _added(found: Found, where: str, path: str, item: AppliedDirective, *, to_new: bool) -> None:
    grade = DANGEROUS
    if to_new or item.name == "deprecated":
        grade = SAFE
    elif item.name == "oneOf":
        grade = BREAKING
    found.add(
        f"DIRECTIVE_USAGE_{where}_ADDED",
        grade,
        path,
        f'Directive "@{item.name}" was added to "{path}".',
        _at(item),
        directive=item.name,
    )


def _removed(found: Found, where: str, path: str, item: AppliedDirective) -> None:
    found.add(
        f"DIRECTIVE_USAGE_{where}_REMOVED",
        SAFE if item.name in ("deprecated", "oneOf") else DANGEROUS,
        path,
        f'Directive "@{item.name}" was removed from "{path}".',
        _at(item),
        gone=True,
        directive=item.name,
    )


def _compare_arguments(
    found: Found, path: str, old: AppliedDirective, new: AppliedDirective
) -> None:
    for name in dict.fromkeys((*old.arguments, *new.arguments)):
        before, after = old.arguments.get(name), new.arguments.get(name)
        if before is not None and after is not None and same_value(before, after):
            continue
        if before is not None:
            _argument(found, "REMOVED", path, old, name, before)
        if after is not None:
            _argument(found, "ADDED", path, new, name, after)


def _argument(
    found: Found, verb: str, path: str, item: AppliedDirective, name: str, value: ValueNode
) -> None:
    removed = verb == "REMOVED"
    grade: Criticality = DANGEROUS if removed and item.name != "deprecated" else SAFE
    found.add(
        f"DIRECTIVE_USAGE_ARGUMENT_{verb}",
        grade,
        path,
        f'Argument "{name}: {value_text(value)}" was {verb.lower()} '
        f'{"from" if removed else "to"} "@{item.name}" on "{path}".',
        _at(item),
        gone=removed,
        directive=item.name,
    )


def _at(item: AppliedDirective) -> Element:
    nodes: list[Node] = [item.node] if item.node is not None else []
    return Element(item.name, nodes=nodes)
