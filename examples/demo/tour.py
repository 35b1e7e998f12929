"""The stops of the tour, in order."""

from __future__ import annotations

from examples.demo.change import show_change
from examples.demo.check import Checks
from examples.demo.client import GraphQLClient
from examples.demo.graph import show_graph
from examples.demo.outage import show_outage
from examples.demo.question import ask_question
from examples.demo.screen import Screen
from examples.mesh import Mesh


async def take_tour(mesh: Mesh, screen: Screen) -> list[str]:
    """Show everything; return what did not hold."""
    checks = Checks(screen)
    async with GraphQLClient(mesh.gateway_url) as client:
        await show_graph(mesh, screen, checks)
        await ask_question(mesh, client, screen, checks)
        await show_change(mesh, client, screen, checks)
        await show_outage(mesh, client, screen, checks)
    return checks.failures
