"""The gateway: plans queries over the subgraphs of a supergraph, and answers them."""

from __future__ import annotations

from supergraph.native import use_native

use_native()  # before the first module of which there may be a native one
