"""Join directives: which subgraph has what, written onto the merged elements.

Source: https://specs.apollo.dev/join/v0.3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphql import ListValueNode, NameNode, ObjectFieldNode, ObjectValueNode, ValueNode

from supergraph.definitions import AppliedDirective, boolean_value, enum_value, string_value


def graph_enum_values(names: Iterable[str]) -> dict[str, str]:
    """Subgraph names to values of `join__Graph`: upper case, other characters as `_`.

    Names that would collide get `_1`, `_2`, … in order.
    """
    plain: dict[str, list[str]] = {}
    for name in names:
        upper = "".join(
            character if character.isascii() and character.isalnum() else "_"
            for character in name.upper()
        )
        if not upper or upper[0].isdigit():
            upper = f"_{upper}"
        # A trailing _1 could be taken for one that this function added.
        if upper.rpartition("_")[2].isdigit():
            upper = f"{upper}_"
        plain.setdefault(upper, []).append(name)
    values: dict[str, str] = {}
    for upper, same in plain.items():
        for index, name in enumerate(same, 1):
            values[name] = upper if len(same) == 1 else f"{upper}_{index}"
    return values


def join_type(
    graph: str,
    key: str | None = None,
    *,
    extension: bool = False,
    resolvable: bool | None = None,
    is_interface_object: bool = False,
) -> AppliedDirective:
    """`@join__type`; `resolvable` is None where the subgraph leaves it to the default."""
    arguments: dict[str, ValueNode] = {"graph": enum_value(graph)}
    if key is not None:
        arguments["key"] = string_value(key)
    if extension:
        arguments["extension"] = boolean_value(True)
    if resolvable is not None:
        arguments["resolvable"] = boolean_value(resolvable)
    if is_interface_object:
        arguments["isInterfaceObject"] = boolean_value(True)
    return AppliedDirective("join__type", arguments)


def join_field(
    graph: str | None = None,
    *,
    requires: str | None = None,
    provides: str | None = None,
    type: str | None = None,
    external: bool = False,
    override: str | None = None,
    used_overridden: bool = False,
    override_label: str | None = None,
    context_arguments: Sequence[Mapping[str, str]] = (),
) -> AppliedDirective:
    """`@join__field`; without a graph the field comes through an interface object.

    `context_arguments` are the members of `join__ContextArgument` inputs.
    """
    arguments: dict[str, ValueNode] = {}
    if graph is not None:
        arguments["graph"] = enum_value(graph)
    texts = {"requires": requires, "provides": provides, "type": type}
    arguments.update({name: string_value(text) for name, text in texts.items() if text is not None})
    if external:
        arguments["external"] = boolean_value(True)
    if override is not None:
        arguments["override"] = string_value(override)
    if used_overridden:
        arguments["usedOverridden"] = boolean_value(True)
    if override_label is not None:
        arguments["overrideLabel"] = string_value(override_label)
    if context_arguments:
        arguments["contextArguments"] = ListValueNode(
            values=tuple(map(_object_value, context_arguments))
        )
    return AppliedDirective("join__field", arguments)


def _object_value(members: Mapping[str, str]) -> ValueNode:
    return ObjectValueNode(
        fields=tuple(
            ObjectFieldNode(name=NameNode(value=name), value=string_value(text))
            for name, text in members.items()
        )
    )


def join_implements(graph: str, interface: str) -> AppliedDirective:
    """`@join__implements`."""
    return AppliedDirective(
        "join__implements", {"graph": enum_value(graph), "interface": string_value(interface)}
    )


def join_union_member(graph: str, member: str) -> AppliedDirective:
    """`@join__unionMember`."""
    return AppliedDirective(
        "join__unionMember", {"graph": enum_value(graph), "member": string_value(member)}
    )


def join_enum_value(graph: str) -> AppliedDirective:
    """`@join__enumValue`."""
    return AppliedDirective("join__enumValue", {"graph": enum_value(graph)})
