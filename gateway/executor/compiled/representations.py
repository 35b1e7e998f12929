"""How a representation is made of an object of known type, as Python source.

The same rules as `gateway/executor/representations.py`, decided beforehand: which fragments of
`requires` apply, in which order the members stand, what input rewrites make of them, which leaves
belong to a key. Where an object would not be sent, the code steps aside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType, get_named_type

from gateway.executor.compiled.layout import PlacedType, Slot
from gateway.executor.compiled.outcome import NotCompilableError
from gateway.executor.facts import SupergraphFacts
from gateway.plan.nodes import (
    FetchNode,
    FieldSegment,
    RenameKeyRewrite,
    RequiredField,
    RequiredFragment,
    RequiredSelection,
    Rewrite,
    RewritePath,
    SetValueRewrite,
    TypeConditionSegment,
)
from supergraph.federation.field_set import FieldSet, FieldSetField


@dataclass(frozen=True, slots=True)
class Constant:
    """A member that is always the same."""

    text: str


@dataclass(eq=False, slots=True)
class Leaf:
    """A member that is a field's value."""

    slot: Slot
    in_key: bool = False


@dataclass(eq=False, slots=True)
class Nested:
    """A member made of objects below, by their type."""

    slot: Slot
    by_type: dict[PlacedType, Members]
    in_key: bool = False


Member: TypeAlias = Constant | Leaf | Nested
Members: TypeAlias = dict[str, Member]
ClassName: TypeAlias = Callable[[PlacedType], str]

_HASHABLE = frozenset(("ID", "String", "Int"))


@dataclass(eq=False, slots=True)
class Template:
    """The representation of one type of objects for one fetch."""

    placed: PlacedType
    members: Members = field(default_factory=dict)

    @property
    def leaves(self) -> list[Leaf] | None:
        """All but constants, if equal leaves mean equal representations; otherwise None."""
        found: list[Leaf] = []
        for member in self.members.values():
            if isinstance(member, Nested):
                return None
            if isinstance(member, Leaf):
                if not _is_hashable(member.slot.type):
                    return None
                found.append(member)
        return found


def build_template(facts: SupergraphFacts, fetch: FetchNode, placed: PlacedType) -> Template:
    """Work out the representation that `fetch` needs of objects at `placed`."""
    template = Template(placed)
    for fragment in fetch.requires:
        if facts.applies(fragment.type_condition, placed.type_name):
            _select(facts, placed, fragment.selections, template.members)
    for rewrite in fetch.input_rewrites:
        _rewrite(facts, template.members, rewrite.path, rewrite)
    type_name = template.members.get("__typename")
    if not isinstance(type_name, Constant):
        raise NotCompilableError("a representation without a type name")
    for key in facts.keys(fetch.subgraph, type_name.text):
        _mark_key(template.members, key)
    return template


def _select(
    facts: SupergraphFacts,
    placed: PlacedType,
    selections: Sequence[RequiredSelection],
    into: Members,
) -> None:
    for selection in selections:
        match selection:
            case RequiredField("__typename", _):
                if not placed.is_typename_fetched:
                    raise NotCompilableError("a required type name that nobody asks for")
                into["__typename"] = Constant(placed.type_name)
            case RequiredField(name, nested):
                slot = placed.slots.get(name)
                if slot is None or not slot.suppliers or slot.is_typename:
                    raise NotCompilableError("a required field that nobody brings")
                slot.is_read = True
                if slot.place is None:
                    if nested:
                        raise NotCompilableError("a requirement below a leaf")
                    into[name] = Leaf(slot)
                    continue
                existing = into.get(name)
                if not isinstance(existing, Nested):
                    existing = into[name] = Nested(
                        slot, {below: {} for below in slot.place.types.values()}
                    )
                for below, members in existing.by_type.items():
                    _select(facts, below, nested, members)
            case RequiredFragment(type_condition, nested):
                if not placed.is_typename_fetched:
                    raise NotCompilableError("a requirement by type without a type name")
                if facts.applies(type_condition, placed.type_name):
                    _select(facts, placed, nested, into)


def _rewrite(facts: SupergraphFacts, members: Members, path: RewritePath, rewrite: Rewrite) -> None:
    if not path:
        return
    segment, rest = path[0], path[1:]
    match segment:
        case TypeConditionSegment(type_names):
            name = members.get("__typename")
            if isinstance(name, Constant) and any(facts.applies(t, name.text) for t in type_names):
                _rewrite(facts, members, rest, rewrite)
        case FieldSegment(name) if rest:
            member = members.get(name)
            if isinstance(member, Nested):
                for below in member.by_type.values():
                    _rewrite(facts, below, rest, rewrite)
        case FieldSegment(name):
            match rewrite:
                case SetValueRewrite():
                    members[name] = Constant(rewrite.value)
                case RenameKeyRewrite():
                    if name in members:
                        members[rewrite.new_name] = members.pop(name)


def _mark_key(members: Members, key: FieldSet) -> None:
    for selection in key:
        if not isinstance(selection, FieldSetField):
            continue
        match members.get(selection.name):
            case Leaf() as leaf:
                leaf.in_key = True
            case Nested() as nested:
                nested.in_key = True
                for below in nested.by_type.values():
                    _mark_key(below, selection.selections)
            case _:
                pass


def _is_hashable(type_: GraphQLOutputType) -> bool:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return not isinstance(type_, GraphQLList) and get_named_type(type_).name in _HASHABLE


class TemplateWriter:
    """Writes the code that makes representations; `functions` are helpers for nested members."""

    def __init__(self, prefix: str, class_name: ClassName) -> None:
        self.functions: list[str] = []
        self._prefix = prefix
        self._class_name = class_name

    def read_leaves(
        self, leaves: Sequence[Leaf], variable: str
    ) -> tuple[list[str], list[str], list[str]]:
        """Local names for leaves, lines that read them, and lines that check them."""
        names = [f"k{index}" for index in range(len(leaves))]
        reads: list[str] = []
        checks: list[str] = []
        for name, leaf in zip(names, leaves, strict=True):
            reads.append(f"{name} = {variable}.{leaf.slot.attribute}")
            checks += _checks(leaf, name)
        return names, reads, checks

    def expression(self, members: Members, variable: str, names: Sequence[str] = ()) -> str:
        """The dictionary of a representation; `names` hold leaves that are read already."""
        remaining = list(names)
        parts: list[str] = []
        for name, member in members.items():
            if isinstance(member, Constant):
                value = repr(member.text)
            elif isinstance(member, Leaf):
                value = remaining.pop(0) if names else self._leaf(member, variable)
            else:
                value = f"{self._nested(member)}({variable}.{member.slot.attribute})"
            parts.append(f"{name!r}: {value}")
        return f"{{{', '.join(parts)}}}"

    def _leaf(self, leaf: Leaf, variable: str) -> str:
        check = "present" if not leaf.in_key else "not_null"
        return f"{check}({variable}.{leaf.slot.attribute})"

    def _nested(self, nested: Nested) -> str:
        # Helpers of members below stand before it.
        body: list[str] = []
        several = len(nested.by_type) > 1
        for placed, members in nested.by_type.items():
            value = self.expression(members, "v")
            if several:
                body.append(f"    if c is {self._class_name(placed)}: return {value}")
            else:
                body.append(f"    return {value}")
        name = f"{self._prefix}_{len(self.functions)}"
        head = [
            f"def {name}(v):",
            "    if v is UNSET: raise StepAsideError",
            "    if v is None: " + ("raise StepAsideError" if nested.in_key else "return None"),
            f"    if v.__class__ is list: return [{name}(item) for item in v]",
        ]
        if several:
            body = ["    c = v.__class__", *body, "    raise StepAsideError"]
        self.functions.append("\n".join([*head, *body]))
        return name


def _checks(leaf: Leaf, name: str) -> list[str]:
    if leaf.in_key:
        return [f"if {name} is None or {name} is UNSET: raise StepAsideError"]
    return [f"if {name} is UNSET: raise StepAsideError"]
