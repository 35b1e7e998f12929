"""Look at an OpenAPI document: `inspect_openapi` makes a `SourceModel` of it.

document.py     bytes → a tree, and the files it refers to
swagger2.py     Swagger 2 → OpenAPI 3, in the tree
references.py   `$ref` → what it stands for
schema.py       one schema, in any dialect → one `Shape`: allOf merged, null taken out
types.py        schemas → types, enums and fields of the graph
resources.py    paths → resources with an item path, and their keys
lists.py        how a list is asked for: pages, items, filters
relations.py    which field tells of which other entity
security.py     credentials and limits
read.py         all of it, in order
"""

from subgraph_kit.scaffold.inspect.openapi.read import inspect_openapi

__all__ = ["inspect_openapi"]
