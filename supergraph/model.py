"""The supergraph as frozen Python objects, read from its SDL (join spec).

`load.py` makes a `Supergraph` of SDL text; query graph, satisfiability, planner and gateway read
it. The classes that carry a join directive have its name in camel case.
"""

from __future__ import annotations

from typing import NewType

SubgraphName = NewType("SubgraphName", str)
"""The name a subgraph was composed under, as in `@join__graph(name:)`."""

TypeName = NewType("TypeName", str)
