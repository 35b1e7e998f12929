"""The kinds of source that projects are rendered for."""

from __future__ import annotations

from subgraph_kit.scaffold.model import SourceKind
from subgraph_kit.scaffold.render.kinds.base import Kind, Setting
from subgraph_kit.scaffold.render.kinds.blank import BLANK

KINDS: dict[SourceKind, Kind] = {"blank": BLANK}

__all__ = ["KINDS", "Kind", "Setting"]
