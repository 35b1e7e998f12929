"""Reads what the example subgraphs are told by their environment."""

from __future__ import annotations

import argparse
import os

from subgraph_kit.errors import ConfigurationError

DEFAULT_POLL_SECONDS = 2.0


def required(variable: str, what: str) -> str:
    """The variable's value.

    Raises:
        ConfigurationError: if it is not set; `what` says what it is for.
    """
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(f"Set {variable} to {what}.")
    return value


def poll_seconds() -> float:
    """How often a source without webhooks is asked for changes (POLL_SECONDS).

    Raises:
        ConfigurationError: if it is no number above zero.
    """
    text = os.environ.get("POLL_SECONDS", str(DEFAULT_POLL_SECONDS))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 86_400:
        raise ConfigurationError("POLL_SECONDS must be a number of seconds from 0.01 to 86400.")
    return seconds


def port_argument(description: str, default: int) -> int:
    """The port from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=default, help=f"default {default}")
    port: int = parser.parse_args().port
    return port
