"""Composition and the supergraph: from subgraph SDL to one graph, and what is known of it.

    from supergraph import SubgraphInput, compose

    result = compose([SubgraphInput("products", "http://products/graphql", sdl), …])
    for error in result.errors:
        print(error.code, error.message, error.coordinate, *error.locations)
    print(result.supergraph_sdl)

Mistakes in subgraphs are values in `errors` of the result: `compose` raises nothing for them. What
reads a supergraph (`load_supergraph`, `extract_subgraphs`, `apply_contract`) raises
`InvalidSupergraphError` for a text that is none.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from supergraph.native import use_native

if TYPE_CHECKING:
    from supergraph.cache import CompositionCache
    from supergraph.checks.change import Criticality, SchemaChange
    from supergraph.checks.diff import diff
    from supergraph.checks.schema_text import InvalidSchemaError
    from supergraph.compose import CompositionResult, compose
    from supergraph.contracts import ContractFilter, ContractResult, apply_contract
    from supergraph.errors import CompositionError, ErrorCode, SourceLocation
    from supergraph.extract import extract_subgraphs
    from supergraph.hints import CompositionHint, HintCode, HintLevel
    from supergraph.load import load_supergraph
    from supergraph.model import InvalidSupergraphError, Supergraph
    from supergraph.subgraph.model import SubgraphInput

__all__ = [
    "CompositionCache",
    "CompositionError",
    "CompositionHint",
    "CompositionResult",
    "ContractFilter",
    "ContractResult",
    "Criticality",
    "ErrorCode",
    "HintCode",
    "HintLevel",
    "InvalidSchemaError",
    "InvalidSupergraphError",
    "SchemaChange",
    "SourceLocation",
    "SubgraphInput",
    "Supergraph",
    "apply_contract",
    "compose",
    "diff",
    "extract_subgraphs",
    "load_supergraph",
]

_HOMES = {
    "apply_contract": "supergraph.contracts",
    "compose": "supergraph.compose",
    "CompositionCache": "supergraph.cache",
    "CompositionError": "supergraph.errors",
    "CompositionHint": "supergraph.hints",
    "CompositionResult": "supergraph.compose",
    "ContractFilter": "supergraph.contracts",
    "ContractResult": "supergraph.contracts",
    "Criticality": "supergraph.checks.change",
    "diff": "supergraph.checks.diff",
    "ErrorCode": "supergraph.errors",
    "extract_subgraphs": "supergraph.extract",
    "HintCode": "supergraph.hints",
    "HintLevel": "supergraph.hints",
    "InvalidSchemaError": "supergraph.checks.schema_text",
    "InvalidSupergraphError": "supergraph.model",
    "load_supergraph": "supergraph.load",
    "SchemaChange": "supergraph.checks.change",
    "SourceLocation": "supergraph.errors",
    "SubgraphInput": "supergraph.subgraph.model",
    "Supergraph": "supergraph.model",
}
"""Where each name is defined: imported when it is asked for, as most commands need few of them."""


class _Package(ModuleType):
    """This package, in which `compose` is the function though a module has that name too."""

    def __getattr__(self, name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(_HOMES[name]), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # Importing a module sets it here, where it would hide the function for good.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_HOMES})


sys.modules[__name__].__class__ = _Package

use_native()  # before the first module of which there may be a native one
