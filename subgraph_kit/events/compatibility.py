"""Whether data written with one schema can be read with another (row 31).

`avro_incompatibilities(writer, reader)` applies Avro's schema resolution to the schemas alone,
without data, and names every place where it can fail. A new version is backward compatible if it
reads what its predecessor wrote, forward compatible if the predecessor reads what it writes.

Source: Apache Avro 1.12 Specification, "Schema Resolution".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}

Schema = Any
"""A parsed Avro schema: a name, a list (union) or a mapping."""


def avro_incompatibilities(writer: Schema, reader: Schema) -> list[str]:
    """Return what keeps `reader` from reading data of `writer`; empty if nothing does."""
    return _Resolution(_named_types(writer), _named_types(reader)).compare(writer, reader, "")


class _Resolution:
    """One comparison; remembers pairs of records being compared, as schemas may be recursive."""

    def __init__(self, writers: dict[str, Schema], readers: dict[str, Schema]) -> None:
        self._writers = writers
        self._readers = readers
        self._comparing: set[tuple[str, str]] = set()

    def compare(self, writer: Schema, reader: Schema, path: str) -> list[str]:
        writer = self._resolve(writer, self._writers)
        reader = self._resolve(reader, self._readers)
        if isinstance(writer, list):
            return [p for branch in writer for p in self.compare(branch, reader, path)]
        if isinstance(reader, list):
            if any(not self.compare(writer, branch, path) for branch in reader):
                return []
            return [f"{path or 'the schema'}: no branch of the union reads {_kind(writer)}"]
        kind, target = _kind(writer), _kind(reader)
        if kind != target:
            if target in _PROMOTIONS.get(kind, ()):
                return []
            return [f"{path or 'the schema'}: {kind} cannot be read as {target}"]
        match kind:
            case "record" | "error":
                return self._compare_records(writer, reader, path)
            case "enum":
                missing = [s for s in writer["symbols"] if s not in reader["symbols"]]
                if missing and "default" not in reader:
                    return [f"{path}: symbols {', '.join(missing)} are not known to the reader"]
            case "array":
                return self.compare(writer["items"], reader["items"], f"{path}[]")
            case "map":
                return self.compare(writer["values"], reader["values"], f"{path}{{}}")
            case "fixed":
                if writer["size"] != reader["size"]:
                    return [f"{path}: size {writer['size']} cannot be read as {reader['size']}"]
            case _:  # the other primitives have no parts
                return []
        return self._compare_names(writer, reader, path)

    def _compare_records(
        self, writer: Mapping[str, Any], reader: Mapping[str, Any], path: str
    ) -> list[str]:
        pair = (_full_name(writer), _full_name(reader))
        if pair in self._comparing:
            return []
        self._comparing.add(pair)
        try:
            problems = self._compare_names(writer, reader, path)
            written = {f["name"]: f for f in writer["fields"]}
            for field in reader["fields"]:
                names = [field["name"], *field.get("aliases", ())]
                source = next((written[n] for n in names if n in written), None)
                where = f"{path}.{field['name']}" if path else field["name"]
                if source is not None:
                    problems += self.compare(source["type"], field["type"], where)
                elif "default" not in field:
                    problems.append(f"{where}: new field without a default")
            return problems
        finally:
            self._comparing.discard(pair)

    def _compare_names(self, writer: Schema, reader: Schema, path: str) -> list[str]:
        if not isinstance(writer, Mapping) or "name" not in writer:
            return []
        # The specification matches unqualified names; aliases may carry a namespace.
        wanted = writer["name"].rsplit(".", 1)[-1]
        known = [n.rsplit(".", 1)[-1] for n in (reader["name"], *reader.get("aliases", ()))]
        if wanted in known:
            return []
        return [
            f"{path or 'the schema'}: named {wanted!r} by the writer, {known[0]!r} by the reader"
        ]

    @staticmethod
    def _resolve(schema: Schema, named: dict[str, Schema]) -> Schema:
        if isinstance(schema, str):
            return named.get(schema, schema)
        if isinstance(schema, Mapping) and not isinstance(schema["type"], str):
            return _Resolution._resolve(schema["type"], named)
        if isinstance(schema, Mapping) and schema["type"] in named:
            return named[schema["type"]]
        return schema


def _kind(schema: Schema) -> str:
    return str(schema if isinstance(schema, str) else schema["type"])


def _full_name(schema: Mapping[str, Any]) -> str:
    name, namespace = str(schema["name"]), schema.get("namespace")
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _named_types(schema: Schema) -> dict[str, Schema]:
    """Collect records, enums and fixed by full and by plain name."""
    found: dict[str, Schema] = {}

    def visit(node: Schema) -> None:
        if isinstance(node, list):
            for branch in node:
                visit(branch)
        elif isinstance(node, Mapping):
            if "name" in node and node.get("type") in {"record", "error", "enum", "fixed"}:
                found[_full_name(node)] = node
                found[_full_name(node).rsplit(".", 1)[-1]] = node
            for part in ("items", "values"):
                if part in node:
                    visit(node[part])
            if not isinstance(node.get("type"), str):
                visit(node.get("type"))
            for field in node.get("fields", ()):
                visit(field["type"])

    visit(schema)
    return found
