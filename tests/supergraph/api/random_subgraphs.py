"""Random sets of subgraphs that compose: every feature is dealt to subgraphs that may have it."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import strategies as st

GRAPHS = ("a", "b", "c", "d")
SCALARS = ("Int", "String!", "[ID!]", "Color", "Value", "[Value!]", "When", "Any", "Named")
MARKS = ("", "", "", "@deprecated", '@tag(name: "t")', "@inaccessible", '@deprecated(reason: "x")')
ARGUMENTS = ("", "", "(x: Int)", '(x: [In!] = [{a: 3}], y: Color @tag(name: "u"))')
DESCRIPTIONS = ("", "", '"said" ', '"""with \\""" quotes""" ')


@st.composite
def composing_subgraphs(draw: st.DrawFn) -> dict[str, str]:
    """SDL by subgraph, two to four of them."""
    graphs = GRAPHS[: draw(st.integers(2, 4))]
    types: dict[tuple[str, str], list[str]] = defaultdict(list)  # (graph, type) -> fields
    heads: dict[tuple[str, str], str] = {}
    for name in ("T0", "T1"):
        _deal_entity(draw, graphs, name, types, heads)
    parts: dict[str, list[str]] = {graph: [_common(draw)] for graph in graphs}
    _deal_interface_object(draw, graphs, parts)
    for (graph, name), fields in types.items():
        parts[graph].append(f"{heads[graph, name]} {{ {' '.join(fields)} }}")
    for graph in graphs:
        roots = [f"{graph}{name}: {name}" for owner, name in types if owner == graph]
        shared = "shared: Value @shareable"
        parts[graph].append(f"type Query {{ {graph}0: Value {shared} {' '.join(roots)} }}")
    return {graph: "\n".join(items) for graph, items in parts.items()}


def _common(draw: st.DrawFn) -> str:
    colors = draw(st.sampled_from(("RED GREEN", 'RED GREEN @tag(name: "green")')))
    value = draw(st.sampled_from(("x: Int y(a: In): Color", "x: Int", "x: Int! y: Color!")))
    named = draw(st.sampled_from(("name: String", 'name: String @tag(name: "n")')))
    members = draw(st.sampled_from(("Value", "Value | Other")))
    return f"""
    enum Color {{ {colors} }}
    input In {{ a: Int! = 3 b: {draw(st.sampled_from(("Int", "Int", "Int!")))} = 1 }}
    type Value implements Named @shareable {{ {value.replace("(a: In)", "")} name: String }}
    type Other @shareable {{ o: Int }}
    interface Named {{ {named} }}
    union Any {draw(st.sampled_from(("", '@tag(name: "any")')))} = {members}
    scalar When {draw(st.sampled_from(("", '@specifiedBy(url: "http://x")')))}
    """


def _deal_entity(
    draw: st.DrawFn,
    graphs: tuple[str, ...],
    name: str,
    types: dict[tuple[str, str], list[str]],
    heads: dict[tuple[str, str], str],
) -> None:
    owners = [graph for graph in graphs if draw(st.booleans())] or [graphs[0]]
    for graph in owners:
        key = draw(
            st.sampled_from(('fields: "id"', 'fields: "id", resolvable: false', 'fields: "id  "'))
        )
        second = draw(st.sampled_from(("", '@key(fields: "sku id")')))
        mark = draw(st.sampled_from(("", '@tag(name: "e")', "@authenticated")))
        text = draw(st.sampled_from(DESCRIPTIONS))
        heads[graph, name] = f"{text}type {name} @key({key}) {second} {mark}"
        types[graph, name] += ["id: ID!", "sku: String @shareable"]
    for index in range(draw(st.integers(1, 5))):
        field = f"f{index}"
        type_ = draw(st.sampled_from(SCALARS))
        arguments = draw(st.sampled_from(ARGUMENTS))
        text = draw(st.sampled_from(DESCRIPTIONS))
        mark = draw(st.sampled_from(MARKS))
        declared = f"{text}{field}{arguments}: {type_} {mark}"
        first = draw(st.sampled_from(owners))
        others = [graph for graph in owners if graph != first]
        how = draw(st.sampled_from(("own", "shared", "moved", "moving", "required", "nullable")))
        types[first, name].append(declared + (" @shareable" if how in _SHARED else ""))
        if not others:
            continue
        other = draw(st.sampled_from(others))
        match how:
            case "shared":
                types[other, name].append(f"{field}{arguments}: {type_} @shareable")
            case "nullable":
                types[other, name].append(
                    f"{field}{arguments}: {type_.removesuffix('!')} @shareable"
                )
            case "moved":
                types[other, name].append(f'{field}{arguments}: {type_} @override(from: "{first}")')
            case "moving":
                types[other, name].append(
                    f'{field}{arguments}: {type_} @override(from: "{first}", label: "l{index}")'
                )
            case "required":
                inner = " { x }" if "Value" in type_ else ""
                inner = " { ... on Value { x } }" if type_ == "Any" else inner
                inner = " { name }" if type_ == "Named" else inner
                types[other, name] += [
                    f"{field}{arguments}: {type_} @external",
                    f'r{index}: Int @requires(fields: "{field}{inner}")',
                ]
            case _:
                pass


_SHARED = ("shared", "nullable")


def _deal_interface_object(
    draw: st.DrawFn, graphs: tuple[str, ...], parts: dict[str, list[str]]
) -> None:
    if not draw(st.booleans()):
        return
    parts[graphs[0]].append(
        """
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
        type Film implements Media @key(fields: "id") { id: ID! title: String }
        extend type Query { media: [Media!] }
        """
    )
    for graph in graphs[1 : draw(st.integers(2, 3))]:
        parts[graph].append(
            f"""
            type Media @key(fields: "id") @interfaceObject {{
                id: ID! stars(top: Int = 5): Int @shareable {graph}Only: Value
            }}
            extend type Query {{ {graph}Media: Media }}
            """
        )
