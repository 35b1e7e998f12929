"""First stop: the composed graph, and which subgraph answers what."""

from __future__ import annotations

import asyncio

from graphql import print_ast

from examples.demo.check import Checks
from examples.demo.screen import Screen
from examples.mesh import Mesh
from supergraph.load import load_supergraph
from supergraph.model import Supergraph, SupergraphField, SupergraphType, TypeKind

EXPECTED = {
    "Customer": {"customers", "invoices"},
    "Product": {"products", "invoices"},
    "Invoice": {"invoices"},
    "Money": {"products", "invoices"},
}
"""Which subgraphs the main types come from."""


async def show_graph(mesh: Mesh, screen: Screen, checks: Checks) -> None:
    """Print subgraphs, types and fields of the supergraph."""
    screen.heading("The graph, composed of three subgraphs")
    sdl = await asyncio.to_thread(mesh.supergraph_file.read_text)
    supergraph = load_supergraph(sdl)
    screen.table(
        ("subgraph", "address"), [(graph.name, graph.url) for graph in supergraph.graphs.values()]
    )
    screen.say("")
    screen.table(("type", "field", "subgraphs"), _rows(supergraph))
    screen.say(f"The supergraph is in {mesh.supergraph_file}")
    types = {str(name): type_ for name, type_ in supergraph.types.items()}
    found = {name: set(types[name].graphs) if name in types else set() for name in EXPECTED}
    checks.that(found == EXPECTED, "the types come together from their subgraphs", f"found {found}")


def _rows(supergraph: Supergraph) -> list[tuple[str, str, str]]:
    rows = []
    for name, type_ in sorted(supergraph.types.items()):
        if type_.kind is not TypeKind.OBJECT or str(name) not in supergraph.api_schema.type_map:
            continue
        shown = str(name)
        for field in type_.fields.values():
            rows.append((shown, f"{field.name}: {print_ast(field.type)}", _owners(type_, field)))
            shown = ""
    return rows


def _owners(type_: SupergraphType, field: SupergraphField) -> str:
    owners = [join.graph for join in field.joins if not join.external]
    return ", ".join(owners or type_.graphs)
