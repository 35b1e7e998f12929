"""How a type can be asked for: which root fields answer one, many by their keys, and the list.

`user(id:)`, `node(id:)`, `usersByIds(ids:)`, `_entities(representations:)`; `users`, `allUsers`,
`users(first:, after:) { edges { node } }`, `users { items }`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)

from subgraph_kit.scaffold.model import Operator, Pagination
from subgraph_kit.scaffold.names import list_name, words

_WRAPPED_ITEMS = ("nodes", "items", "results", "data", "records", "values", "list", "entries")
_LIMITS = ("first", "limit", "take", "pageSize", "perPage", "per_page", "count", "size")
_OFFSETS = ("offset", "skip", "start")
_PAGES = ("page", "pageNumber")
_CURSORS = ("after", "cursor")
_EQUAL = Operator.EQ


@dataclass(frozen=True, slots=True)
class Lookup:
    """What answers a type. `key` are the fields that the arguments of `item` are."""

    item: str | None = None
    arguments: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    many: str | None = None
    many_argument: str | None = None
    listing: str | None = None
    items_at: str | None = None
    pages: Pagination = field(default_factory=lambda: Pagination("none"))
    filters: tuple[tuple[str, str, Operator], ...] = ()
    argument_types: tuple[tuple[str, str], ...] = ()


def find_lookup(
    schema: GraphQLSchema, type_: GraphQLObjectType, keys: tuple[tuple[str, ...], ...]
) -> Lookup | None:
    """All ways to ask for a type; None where none answers one of them by a key."""
    assert schema.query_type is not None  # noqa: S101 - checked when the schema was read
    roots = schema.query_type.fields
    found = _one(roots, type_) or _by_node(roots, type_)
    many = _many(roots, type_, found.key if found is not None else ("id",))
    if "_entities" in roots and keys:
        # The subgraph says itself how it is asked for: by its own key, many at once.
        found = Lookup(key=keys[0])
        many = ("_entities", "representations", "[_Any!]!")
    if found is None and many is not None and "id" in type_.fields:
        found = Lookup(key=("id",))
    if found is None:
        return None
    types = dict(found.argument_types)
    if many is not None:
        types[f"{many[0]}.{many[1]}"] = many[2]
    listing = _list(roots, type_)
    lookup = Lookup(
        found.item,
        found.arguments,
        found.key,
        many[0] if many is not None else None,
        many[1] if many is not None else None,
    )
    if listing is None:
        return _with(lookup, types)
    name, items_at = listing
    pages, page_types = _pages(roots[name], items_at)
    filters = _filters(roots[name], type_, pages)
    types.update({f"{name}.{a}": t for a, t in page_types.items()})
    for _, argument, _ in filters:
        types[f"{name}.{argument}"] = str(roots[name].args[argument].type)
    return Lookup(
        lookup.item, lookup.arguments, lookup.key, lookup.many, lookup.many_argument,
        name, items_at, pages, filters, tuple(sorted(types.items())),
    )  # fmt: skip


def _with(lookup: Lookup, types: Mapping[str, str]) -> Lookup:
    return Lookup(
        lookup.item, lookup.arguments, lookup.key, lookup.many, lookup.many_argument,
        argument_types=tuple(sorted(types.items())),
    )  # fmt: skip


def _one(roots: Mapping[str, GraphQLField], type_: GraphQLObjectType) -> Lookup | None:
    """A root field whose required arguments are fields of the type that it answers."""
    candidates = []
    for name, root in roots.items():
        if get_nullable_type(root.type) is not type_:
            continue
        required = [n for n, a in root.args.items() if is_required_argument(a)]
        if not required:
            required = [n for n in root.args if n in ("id", f"{_lower(type_.name)}Id")][:1]
        if not required:
            continue
        key = tuple(_field_of(n, root.args[n], type_) or "" for n in required)
        if all(key) and len(set(key)) == len(key):
            candidates.append((len(key), key != ("id",), len(name), name, tuple(required), key))
    if not candidates:
        return None
    *_, name, arguments, key = min(candidates)
    types = tuple((f"{name}.{a}", str(roots[name].args[a].type)) for a in arguments)
    return Lookup(name, arguments, key, argument_types=types)


def _by_node(roots: Mapping[str, GraphQLField], type_: GraphQLObjectType) -> Lookup | None:
    """Relay's `node(id:)`, for types that are a `Node`."""
    node = roots.get("node")
    if node is None or "id" not in node.args or "id" not in type_.fields:
        return None
    interface = get_named_type(node.type)
    if not isinstance(interface, GraphQLInterfaceType) or interface not in type_.interfaces:
        return None
    return Lookup(
        "node", ("id",), ("id",), argument_types=(("node.id", str(node.args["id"].type)),)
    )


def _many(
    roots: Mapping[str, GraphQLField], type_: GraphQLObjectType, key: tuple[str, ...]
) -> tuple[str, str, str] | None:
    """(field, argument, its type) of a root field that takes a list of keys."""
    if len(key) != 1:
        return None
    for name, root in sorted(roots.items(), key=lambda each: (len(each[0]), each[0])):
        list_type = get_nullable_type(root.type)
        if not isinstance(list_type, GraphQLList):
            continue
        answered = get_named_type(root.type)
        is_node = name == "nodes" and answered in type_.interfaces
        if answered is not type_ and not is_node:
            continue
        required = [n for n, a in root.args.items() if is_required_argument(a)]
        for argument, declared in root.args.items():
            if set(required) - {argument} or not _is_list_of_leaves(declared):
                continue
            wanted = (f"{key[0]}s", f"{key[0]}List", f"{_lower(type_.name)}Ids", f"{key[0]}In")
            if argument.lower() in tuple(each.lower() for each in (*wanted, "ids", "keys")):
                return name, argument, str(declared.type)
    return None


def _list(
    roots: Mapping[str, GraphQLField], type_: GraphQLObjectType
) -> tuple[str, str | None] | None:
    """(root field, where its items are) of the list of a type, best named first."""
    wanted = list_name(type_.name).lower()
    found = []
    for name, root in roots.items():
        if any(is_required_argument(argument) for argument in root.args.values()):
            continue
        items_at = items_of(root, type_)
        if items_at is not None:
            plain = name.lower()
            rank = 0 if plain == wanted else 1 if plain in (f"all{wanted}", f"{wanted}list") else 2
            found.append((rank, len(name), name, items_at or None))
    if not found:
        return None
    _, _, name, items_at = min(found, key=lambda each: each[:3])
    return name, items_at


def items_of(root: GraphQLField, type_: GraphQLObjectType) -> str | None:
    """Where a field's answer has items of a type; "" for the answer itself, None for nowhere."""
    answer = get_nullable_type(root.type)
    if isinstance(answer, GraphQLList):
        return "" if get_named_type(answer) is type_ else None
    if not isinstance(answer, GraphQLObjectType) or answer is type_:
        return None
    for member in _WRAPPED_ITEMS:
        inner = answer.fields.get(member)
        if inner is None or not isinstance(get_nullable_type(inner.type), GraphQLList):
            continue
        if get_named_type(inner.type) is type_:
            return member
    edges = answer.fields.get("edges")
    edge = get_named_type(edges.type) if edges is not None else None
    if isinstance(edge, GraphQLObjectType) and "node" in edge.fields:
        return "edges.node" if get_named_type(edge.fields["node"].type) is type_ else None
    return None


def _pages(root: GraphQLField, items_at: str | None) -> tuple[Pagination, dict[str, str]]:
    limit = next((n for n in _LIMITS if n in root.args), None)
    found: Pagination | None = None
    for names, style in ((_CURSORS, "cursor"), (_OFFSETS, "offset"), (_PAGES, "page")):
        position = next((n for n in names if n in root.args), None)
        if position is None or found is not None:
            continue
        if style == "cursor":
            path = _cursor_path(root)
            if path is not None:
                found = Pagination("cursor", limit, position, 100, path)
        else:
            found = Pagination(style, limit, position)  # type: ignore[arg-type]
    pages = found or Pagination("none", limit)
    used = [n for n in (pages.limit_parameter, pages.position_parameter) if n is not None]
    return pages, {name: str(root.args[name].type) for name in used}


def _cursor_path(root: GraphQLField) -> str | None:
    answer = get_named_type(root.type)
    if not isinstance(answer, GraphQLObjectType):
        return None
    info = answer.fields.get("pageInfo")
    if info is not None and isinstance(get_named_type(info.type), GraphQLObjectType):
        inner = get_named_type(info.type)
        if isinstance(inner, GraphQLObjectType) and "endCursor" in inner.fields:
            return "pageInfo.endCursor"
    return next((n for n in ("nextCursor", "cursor", "nextToken") if n in answer.fields), None)


def _filters(
    root: GraphQLField, type_: GraphQLObjectType, pages: Pagination
) -> tuple[tuple[str, str, Operator], ...]:
    used = {pages.limit_parameter, pages.position_parameter}
    found = []
    for name, argument in root.args.items():
        if name in used:
            continue
        if name in type_.fields and is_leaf_type(get_named_type(type_.fields[name].type)):
            same = get_named_type(argument.type) is get_named_type(type_.fields[name].type)
            if not same:
                continue
            is_list = isinstance(get_nullable_type(argument.type), GraphQLList)
            found.append((name, name, Operator.IN if is_list else _EQUAL))
    return tuple(found)


def _field_of(name: str, argument: GraphQLArgument, type_: GraphQLObjectType) -> str | None:
    """The field of the type that an argument is: `id`, `userId` → `id`, `owner` is none."""
    if not isinstance(get_named_type(argument.type), GraphQLScalarType) or isinstance(
        get_nullable_type(argument.type), GraphQLList
    ):
        return None
    parts = words(name)
    own = words(type_.name)
    candidates = [name]
    if parts[: len(own)] == own and len(parts) > len(own):
        rest = parts[len(own) :]
        candidates.append(rest[0] + "".join(each.capitalize() for each in rest[1:]))
    for candidate in candidates:
        declared = type_.fields.get(candidate)
        if declared is not None and isinstance(get_named_type(declared.type), GraphQLScalarType):
            is_list = isinstance(get_nullable_type(declared.type), GraphQLList)
            if not is_list and not any(map(is_required_argument, declared.args.values())):
                return candidate
    return None


def _is_list_of_leaves(argument: GraphQLArgument) -> bool:
    inner = get_nullable_type(argument.type)
    if not isinstance(inner, GraphQLList):
        return False
    item = inner.of_type
    item = item.of_type if isinstance(item, GraphQLNonNull) else item
    return isinstance(item, GraphQLScalarType)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
