"""Which members of an answer are the parameters of its address: the key of an entity.

`/users/{user_id}` has `id`, `/users/{username}` has `login`, a Kubernetes pod has `metadata.name`,
a GitHub repository has `owner.login` and `name`. Where no member is the parameter, the address
itself is the source: a team is one of an `{org}`, whether its JSON says so or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from subgraph_kit.scaffold.inspect.openapi.operations import GetOperation, Parameter
from subgraph_kit.scaffold.inspect.openapi.scalars import scalar_of
from subgraph_kit.scaffold.inspect.openapi.schema import Shape, Shapes
from subgraph_kit.scaffold.names import singular, words

_IDENTITY = ("id", "key", "uuid", "guid", "login", "slug", "code", "number", "sid", "uid", "name",
             "username", "identifier")  # fmt: skip
"""Members that say who something is, most telling first."""
_PERSON = frozenset({"username", "user", "user name", "login", "handle", "account"})
_NUMBERS = frozenset({"Int", "BigInt"})


@dataclass(frozen=True, slots=True)
class KeyPart:
    """A path parameter and the member that it is.

    `source` is a path into the item, or `{parameter}` where only the address has it. `confidence`
    is under 1.0 where the names do not say so.
    """

    parameter: str
    source: str
    confidence: float = 1.0

    @property
    def from_address(self) -> bool:
        """Whether items do not have it."""
        return self.source.startswith("{")


def normal(name: str) -> str:
    """A name without its spelling: `petId`, `pet_id` and `pet-id` are the same."""
    return " ".join(words(name))


def match_key(
    operation: GetOperation, shape: Shape, shapes: Shapes, resource: str, chosen: Sequence[str] = ()
) -> tuple[KeyPart, ...]:
    """Match each parameter of the item path to a member of the item.

    `resource` is what the path calls one of them (`user`); `chosen` are a person's own answers.
    """
    parts: list[KeyPart] = []
    taken: set[str] = set()
    *_, last = operation.places
    for index, place in enumerate(operation.places):
        if index < len(chosen):
            part = KeyPart(place, chosen[index])
        elif place == last:
            part = _own_part(operation.place(place), place, shape, shapes, resource)
        else:
            part = _parent_part(operation.place(place), place, shape, shapes)
        if part.source in taken:
            part = KeyPart(place, f"{{{place}}}")
        taken.add(part.source)
        parts.append(part)
    return tuple(parts)


def _own_part(
    parameter: Parameter | None, place: str, shape: Shape, shapes: Shapes, resource: str
) -> KeyPart:
    """The parameter that names the item itself, the last of the path."""
    named = normal(place)
    kind = _kind(parameter, shapes)
    scalars = _scalar_members(shape, shapes)
    by_name = {normal(source): source for source in scalars}
    if named in by_name:
        return KeyPart(place, by_name[named])
    if named in _PERSON:
        for candidate in ("login", "username", "handle", "id"):
            source = by_name.get(candidate)
            if source is not None and _fits(scalars[source], kind):
                return KeyPart(place, source, 0.9)
    for prefix in dict.fromkeys((normal(resource), normal(shape.node.last_token))):
        rest = named.removeprefix(prefix).strip()
        if prefix and rest and rest != named and rest in by_name:
            return KeyPart(place, by_name[rest])
    last_word = named.rpartition(" ")[2]
    if last_word in by_name and last_word in _IDENTITY:
        return KeyPart(place, by_name[last_word], 0.9)
    nested = _nested(shape, shapes, named)
    if nested is not None:
        return KeyPart(place, nested)
    if _is_of(named, resource):
        for candidate in _IDENTITY:
            source = by_name.get(candidate)
            if source is not None and _fits(scalars[source], kind):
                return KeyPart(place, source, 0.8)
    compound = f"{normal(resource)} id"
    if compound in by_name and _fits(scalars[by_name[compound]], kind):
        return KeyPart(place, by_name[compound], 0.8)
    return KeyPart(place, f"{{{place}}}", 0.5)


def _parent_part(parameter: Parameter | None, place: str, shape: Shape, shapes: Shapes) -> KeyPart:
    """A parameter before the last: what the item is within."""
    named = normal(place)
    kind = _kind(parameter, shapes)
    scalars = _scalar_members(shape, shapes)
    by_name = {normal(source): source for source in scalars}
    if (
        named in by_name
        and named not in ("id", "name", "key")
        and _fits(scalars[by_name[named]], kind)
    ):
        return KeyPart(place, by_name[named])
    bare = re.sub(r" (id|name|key|slug|uuid|number)$", "", named)
    for candidate in (f"{bare} id", f"{bare} name", f"{bare} key", f"{bare} slug"):
        if candidate in by_name and candidate.endswith(named.rpartition(" ")[2]):
            return KeyPart(place, by_name[candidate])
    for source, node in shape.properties.items():
        if normal(source) == bare:
            inner = shapes.of(node)
            identity = _identity(inner, shapes, kind, named.removeprefix(bare).strip())
            if inner.is_object and identity is not None and source in shape.required:
                return KeyPart(place, f"{source}.{identity}", 0.9)
    nested = _nested(shape, shapes, named)
    if nested is not None:
        return KeyPart(place, nested)
    return KeyPart(place, f"{{{place}}}")


def _nested(shape: Shape, shapes: Shapes, named: str) -> str | None:
    """`metadata.name`: a member of the one object that holds what resources have in common."""
    for source in ("metadata", "meta", "attributes", "identity"):
        node = shape.properties.get(source)
        inner = shapes.of(node) if node is not None else None
        for member in _scalar_members(inner, shapes) if inner is not None else ():
            if normal(member) == named:
                return f"{source}.{member}"
    return None


def _identity(shape: Shape, shapes: Shapes, kind: str | None, preferred: str) -> str | None:
    scalars = _scalar_members(shape, shapes)
    by_name = {normal(source): source for source in scalars}
    for candidate in (preferred, *_IDENTITY):
        source = by_name.get(candidate)
        if source is not None and _fits(scalars[source], kind):
            return source
    return None


def _scalar_members(shape: Shape, shapes: Shapes) -> dict[str, str]:
    """Members that are plain values, with their scalars."""
    found = {}
    for source, node in shape.properties.items():
        member = shapes.of(node)
        scalar = None if member.is_object or member.variants else scalar_of(member, source)
        if scalar is not None and scalar != "Boolean" and not member.write_only:
            found[source] = scalar
    return found


def _kind(parameter: Parameter | None, shapes: Shapes) -> str | None:
    if parameter is None or parameter.schema is None:
        return None
    return scalar_of(shapes.of(parameter.schema), parameter.name)


def _fits(member: str, parameter: str | None) -> bool:
    """Whether a member of this scalar can be the parameter: a name is no number."""
    return parameter is None or (member in _NUMBERS) == (parameter in _NUMBERS)


def _is_of(named: str, resource: str) -> bool:
    """Whether a parameter is called like the resource: `{customer}`, `{repo}`, `{id}`."""
    first = named.split(" ")[0]
    wanted = normal(resource)
    return (
        named in _IDENTITY
        or named == wanted
        or singular(first) == wanted.split(" ")[-1]
        or (len(first) > 2 and wanted.startswith(first))
        or named.rpartition(" ")[2] in ("id", "key", "slug", "code", "uuid", "identifier", "sid")
    )
