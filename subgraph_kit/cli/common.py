"""What the commands of `dictamesh subgraph` share: errors as sentences, exit codes, consoles."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import structlog
import typer
from rich.console import Console
from typer.core import TyperCommand

from subgraph_kit.errors import KitError

T = TypeVar("T")

EXIT_DRIFT = 1
"""The project is not what its source and templates would give, or a merge left conflicts."""
EXIT_USAGE = 4
EXIT_INTERRUPTED = 130


class Command(TyperCommand):
    """A command whose usage errors have an exit code of their own, as everywhere in dictamesh."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Read the arguments."""
        try:
            return super().make_context(*args, **kwargs)
        except Exception as error:
            if getattr(error, "exit_code", None) == 2:
                error.exit_code = EXIT_USAGE  # type: ignore[attr-defined] # it has one, see above
            raise


def console() -> Console:
    """Where reports go: standard error, so that standard output can be piped."""
    return Console(stderr=True, highlight=False)


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def sentences_for_errors() -> Iterator[None]:
    """Errors that a user can mend are one sentence on standard error; Ctrl-C is quiet."""
    logging_before = structlog.get_config()
    # A command speaks for itself; warnings of the kit's parts are for services.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    except KitError as error:
        fail(str(error))
    except KeyboardInterrupt:
        typer.echo("Stopped; nothing was written.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    finally:
        structlog.configure(**logging_before)


def fail(message: str, code: int = EXIT_USAGE) -> NoReturn:
    """End the command with a sentence."""
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run async work to its end."""
    return asyncio.run(work)


def pairs(values: list[str], option: str) -> dict[str, str]:
    """`["a=b"]` → `{"a": "b"}`."""
    found: dict[str, str] = {}
    for value in values:
        name, equals, item = value.partition("=")
        if not equals or not name or not item:
            fail(f"{option} takes SOURCE=NAME, not {value[:60]!r}")
        found[name] = item
    return found
