"""Look at files: `inspect_files` makes a `SourceModel` of CSV, Parquet or JSON lines.

discover.py   a path → tables, each a set of files of one shape
dialect.py    a CSV's encoding, delimiter and header
columns.py    all values of a column → its type, how sure that is, and what it may be used for
nested.py     structs and lists of Parquet and JSON → types of the graph
keys.py       which columns tell rows apart, and which are another table's keys
read.py       all of it, in order
"""

from subgraph_kit.scaffold.inspect.files.read import inspect_files

__all__ = ["inspect_files"]
