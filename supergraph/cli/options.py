"""What every command of `dictamesh supergraph` needs before it knows what it will do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

EXIT_USAGE = 4

DEFAULT_CONFIG = Path("supergraph.yaml")


class Command(TyperCommand):
    """A command whose usage errors have an exit code of their own: 2 means something else here."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the arguments."""
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            if getattr(error, "exit_code", None) == 2:
                error.exit_code = EXIT_USAGE  # type: ignore[attr-defined] # it has one, see above
            raise


Configs = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        "-c",
        help="Subgraphs and where their schemas come from, in rover's supergraph.yaml format. "
        "Several give one supergraph of all their subgraphs.  [default: supergraph.yaml]",
        show_default=False,
    ),
]
