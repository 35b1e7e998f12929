"""Look at a GraphQL API: `inspect_graphql` makes a `SourceModel` of it.

schema.py    a URL, SDL or introspection result → a schema, with the keys it says itself
lookups.py   root fields → how one, many and the list of a type are asked for
types.py     what lies between entities: objects, unions, enums, scalars
read.py      all of it, in order
"""

from subgraph_kit.scaffold.inspect.graphql.read import inspect_graphql

__all__ = ["inspect_graphql"]
