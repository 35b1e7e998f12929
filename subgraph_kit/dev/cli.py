"""`dictamesh dev`: the command line of a session."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

EXIT_CONFIGURATION = 4
EXIT_FAILURE = 1


def dev(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The mesh: its subgraphs and their addresses.")
    ] = Path("supergraph.yaml"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The gateway's port; 0 takes any free one.")
    ] = 4000,
    services: Annotated[
        bool,
        typer.Option(
            "--services",
            help="Start PostgreSQL and Redis from wheels, for catalog, events and caches.",
        ),
    ] = False,
    data_dir: Annotated[
        Path, typer.Option(help="Where logs, the supergraph and the servers' data are kept.")
    ] = Path(".dictamesh/dev"),
) -> None:
    """Run all subgraphs of a mesh and a gateway, and follow every change.

    `supergraph.yaml` lists the subgraphs; `dictamesh.dev.yaml` beside it says how those on this
    machine are started (`dictamesh subgraph add` writes both). A subgraph starts again when
    its files change, the graph is composed again when a schema changes, and the last graph that
    composed is served meanwhile. Ctrl-C ends everything.
    """
    try:
        from subgraph_kit.dev.config import load_plan
        from subgraph_kit.dev.screen import DevScreen
        from subgraph_kit.dev.session import DevOptions, DevSession
        from subgraph_kit.embedded import ChildFailedError, Supervisor, require_free_port
        from subgraph_kit.errors import ConfigurationError
    except ImportError as error:
        _fail(
            f"`dictamesh dev` needs the package {error.name}: pip install 'dictamesh[kit,embedded]'"
        )

    async def run() -> None:
        plan = load_plan(config)
        free = require_free_port(port, option="--port")
        for program in plan.programs:
            require_free_port(program.port, option=f"the routing_url of {program.name}")
        names = [program.name for program in plan.programs]
        screen = DevScreen([*names, "gateway", "compose", "dev"])
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - called in a coroutine
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        async with Supervisor(data_dir) as supervisor:
            screen.say("dev", _opening(names, plan.elsewhere))
            session = DevSession(plan, DevOptions(free, services), supervisor, screen.say)
            try:
                await session.run()
            finally:
                screen.say("dev", "Stopping.")

    try:
        asyncio.run(run())
    except (ConfigurationError, ChildFailedError) as error:
        _fail(str(error), EXIT_CONFIGURATION)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(0) from None


def _opening(here: list[str], elsewhere: tuple[str, ...]) -> str:
    parts = [f"Starting {', '.join(here)}." if here else "No subgraph is started here."]
    if elsewhere:
        parts.append(f"Run by others: {', '.join(elsewhere)}.")
    return " ".join(parts)


def _fail(message: str, code: int = EXIT_FAILURE) -> NoReturn:
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    raise typer.Exit(code)
