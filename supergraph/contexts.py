"""What `@context` makes known below an object: the values that `@fromContext` takes from it.

A value is a context and what an argument selects of the object that sets it. One type may set a
context for arguments that select different things, and not all of these can always be fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from supergraph.model import JoinContextArgument, SupergraphType, TypeName


@dataclass(frozen=True, slots=True)
class ContextValue:
    """What an argument takes from whoever sets the context."""

    context: str
    selection: str


ContextValues: TypeAlias = frozenset[ContextValue]

NO_VALUES: ContextValues = frozenset()


def value_of(argument: JoinContextArgument) -> ContextValue:
    """The value that fills an argument."""
    return ContextValue(argument.context, argument.selection)


class Contexts:
    """Which types set which contexts, and what is taken from them."""

    def __init__(self, types: Mapping[TypeName, SupergraphType]) -> None:
        self._types = types

    @cached_property
    def wanted(self) -> ContextValues:
        """All values that some argument takes."""
        return frozenset(
            value_of(argument)
            for definition in self._types.values()
            for field in definition.fields.values()
            for join in field.joins
            for argument in join.context_arguments
        )

    @cached_property
    def set_by(self) -> dict[TypeName, frozenset[str]]:
        """What each object type sets, by itself or as a member of an interface or union."""
        types = self._types
        found: dict[TypeName, set[str]] = {}
        for definition in types.values():
            above = [item.interface for item in definition.implements]
            for name in (definition.name, *above):
                if name in types and types[name].contexts:
                    found.setdefault(definition.name, set()).update(types[name].contexts)
            if definition.contexts:
                for item in definition.members:
                    found.setdefault(item.member, set()).update(definition.contexts)
        return {name: frozenset(contexts) for name, contexts in found.items()}

    def sets(self, type_name: TypeName, value: ContextValue) -> bool:
        """Whether objects of the type are those that the value is taken from."""
        return value.context in self.set_by.get(type_name, ())
