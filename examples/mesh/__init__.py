"""The demo mesh as processes: three sources, three subgraphs, catalog, bus, cache, a gateway."""

from examples.mesh.mesh import Mesh, MeshOptions

__all__ = ["Mesh", "MeshOptions"]
