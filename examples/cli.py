"""`dictamesh demo`: bring up a whole mesh, show it, and leave nothing behind.

The heavy imports happen inside the command, so that `--help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    pass

MAX_SCALE = 1_000
EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130

app = typer.Typer(no_args_is_help=False, rich_markup_mode="markdown")


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the tour; the exit code says if all held.")
    ] = False,
    scale: Annotated[
        int,
        typer.Option(min=1, max=MAX_SCALE, help="Multiplies the sample data (1,000 customers)."),
    ] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The gateway's port; 0 takes any free one.")
    ] = 4000,
    data_dir: Annotated[
        Path, typer.Option(help="Where servers and sources keep their data.")
    ] = Path(".dictamesh"),
    catalog_dsn: Annotated[
        str | None,
        typer.Option(help="Your PostgreSQL for catalog and events, instead of the embedded one."),
    ] = None,
    redis_url: Annotated[
        str | None, typer.Option(help="Your Redis, instead of the embedded one.")
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Your Kafka as event bus, instead of PostgreSQL."),
    ] = None,
    browser: Annotated[
        bool, typer.Option(help="Open GraphiQL in a browser after the tour.")
    ] = True,
) -> None:
    """Bring up three sources, their subgraphs and a gateway, and show what they do together.

    Nothing has to be installed: PostgreSQL and Redis come with `dictamesh[embedded]` and keep
    their data in `.dictamesh`. After the tour the mesh stays up with GraphiQL until Ctrl-C.
    """
    try:
        import examples.run as running
        from examples.mesh import MeshOptions
        from subgraph_kit.embedded import ChildFailedError
        from subgraph_kit.errors import ConfigurationError
    except ImportError as error:
        _fail(f"The demo needs the package {error.name}: pip install 'dictamesh[kit,embedded]'")
    if kafka is not None and not _is_address(kafka):
        _fail(f"--kafka takes HOST:PORT, such as 127.0.0.1:9092; {kafka!r} is none.")
    options = MeshOptions(
        data_dir=data_dir,
        scale=scale,
        gateway_port=port,
        catalog_dsn=catalog_dsn,
        redis_url=redis_url,
        kafka=kafka,
    )
    try:
        failures = running.run_demo(options, once=once, browser=browser)
    except (ConfigurationError, ChildFailedError) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if failures:
        _fail(f"{len(failures)} of the tour's checks did not hold.")


def _is_address(text: str) -> bool:
    return all(
        part.rpartition(":")[0] and part.rpartition(":")[2].isdigit() for part in text.split(",")
    )


def _fail(message: str) -> NoReturn:
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_FAILURE)
