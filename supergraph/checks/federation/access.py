"""AUTHENTICATED_*, SCOPES_*, POLICIES_*: who may read something.

Scopes and policies are alternatives of sets: `[["a", "b"], ["c"]]` lets in who has a and b, or c.
Something is tightened if somebody who was let in is not any more, and loosened if somebody who was
not let in is now; a changed list can be both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from graphql import ListValueNode, StringValueNode, ValueNode

from supergraph.checks.changes.found import BREAKING, DANGEROUS, Found
from supergraph.checks.federation.elements import element_pairs
from supergraph.checks.federation.note import note
from supergraph.definitions import Element, SchemaDefinitions

Alternatives: TypeAlias = tuple[frozenset[str], ...]

EVERYBODY: Alternatives = (frozenset(),)
"""What stands where there is no such directive."""

_LISTS = (("requiresScopes", "scopes", "SCOPES"), ("policy", "policies", "POLICIES"))


def compare_access(
    found: Found, old: SchemaDefinitions, new: SchemaDefinitions, subgraph: str | None
) -> None:
    """Note what needs more, or less, of a client than before.

    Tightened is breaking: a client that read it is refused. Loosened is dangerous: no client
    breaks, but data is shown to more of them, which somebody has to have meant.
    """
    for path, before, after in element_pairs(old, new):
        _compare_authenticated(found, path, before, after, subgraph)
        for feature, argument, prefix in _LISTS:
            was = alternatives(before, feature, argument)
            now = alternatives(after, feature, argument)
            for grade, verb, changed in (
                (BREAKING, "TIGHTENED", not _lets_in_all_of(now, was)),
                (DANGEROUS, "LOOSENED", not _lets_in_all_of(was, now)),
            ):
                if changed:
                    word = "more" if verb == "TIGHTENED" else "less"
                    note(
                        found,
                        f"{prefix}_{verb}",
                        grade,
                        path,
                        f'"{path}" asks {word} than before of who reads it: {argument} '
                        f"{_shown(now)}, it was {_shown(was)}.",
                        subgraph,
                        after,
                        directive=feature,
                    )


def _compare_authenticated(
    found: Found, path: str, before: Element, after: Element, subgraph: str | None
) -> None:
    was, now = before.has("authenticated"), after.has("authenticated")
    if was == now:
        return
    kind = "AUTHENTICATED_ADDED" if now else "AUTHENTICATED_REMOVED"
    who = "only who is authenticated" if now else "everybody"
    message = f'"{path}" can be read by {who} now.'
    grade = BREAKING if now else DANGEROUS
    note(found, kind, grade, path, message, subgraph, after, directive="authenticated")


def alternatives(element: Element, feature: str, argument: str) -> Alternatives:
    """What the directive asks for; applications of several are all asked for."""
    result = EVERYBODY
    for applied in element.applied(feature):
        sets = tuple(frozenset(_strings(item)) for item in _items(applied.arguments.get(argument)))
        result = tuple(one | other for one in result for other in sets)
    return result


def _lets_in_all_of(one: Alternatives, other: Alternatives) -> bool:
    """Whether everybody whom `other` lets in is let in by `one`."""
    return all(any(less <= more for less in one) for more in other)


def _items(value: ValueNode | None) -> Iterator[ValueNode]:
    if isinstance(value, ListValueNode):
        yield from value.values
    elif value is not None:
        yield value


def _strings(value: ValueNode) -> Iterator[str]:
    for item in _items(value):
        if isinstance(item, StringValueNode):
            yield item.value


def _shown(wanted: Alternatives) -> str:
    if not any(wanted):
        return "none" if wanted else "that nobody has"
    return " or ".join(" and ".join(f'"{name}"' for name in sorted(item)) for item in wanted)
