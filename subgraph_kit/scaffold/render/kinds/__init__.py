"""The kinds of source that projects are rendered for."""

from __future__ import annotations

from subgraph_kit.scaffold.model import SourceKind
from subgraph_kit.scaffold.render.kinds.base import Kind, Setting
from subgraph_kit.scaffold.render.kinds.blank import BLANK
from subgraph_kit.scaffold.render.kinds.files import FILES
from subgraph_kit.scaffold.render.kinds.graphql import GRAPHQL
from subgraph_kit.scaffold.render.kinds.rest import REST
from subgraph_kit.scaffold.render.kinds.sql import SQL

KINDS: dict[SourceKind, Kind] = {
    "blank": BLANK,
    "sql": SQL,
    "openapi": REST,
    "csv": FILES,
    "parquet": FILES,
    "jsonl": FILES,
    "graphql": GRAPHQL,
}

__all__ = ["KINDS", "Kind", "Setting"]
