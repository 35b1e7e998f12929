"""The stops of the tour, in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from examples.demo.change import show_change
from examples.demo.check import Checks
from examples.demo.client import GraphQLClient
from examples.demo.graph import show_graph
from examples.demo.outage import show_outage
from examples.demo.question import ask_question
from examples.demo.screen import Screen
from examples.mesh import Mesh


async def take_tour(mesh: Mesh, screen: Screen) -> list[str]:
    """Show everything; return what did not hold.

    A stop that fails altogether is one of these, too; the tour goes on to the next.
    """
    checks = Checks(screen)
    async with GraphQLClient(mesh.gateway_url) as client:
        stops: dict[str, Callable[[], Awaitable[object]]] = {
            "the graph": lambda: show_graph(mesh, screen, checks),
            "the query": lambda: ask_question(mesh, client, screen, checks),
            "the change": lambda: show_change(mesh, client, screen, checks),
            "the outage": lambda: show_outage(mesh, client, screen, checks),
        }
        for name, stop in stops.items():
            try:
                await stop()
            except Exception as error:
                checks.that(
                    False, f"{name} is shown to its end", f"{type(error).__name__}: {error}"
                )
    return checks.failures
