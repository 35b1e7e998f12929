"""Structs and lists of Parquet and JSON lines as types of the graph.

DuckDB's type objects are walked, not the text of a type. A struct is a type, a list a list, a map
or a list of lists is JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from subgraph_kit.scaffold.inspect.files.columns import scalar_of_sql
from subgraph_kit.scaffold.model import FieldModel, Note, TypeRef, ValueType
from subgraph_kit.scaffold.names import Names, field_name, words
from subgraph_kit.scaffold.pii import guess_pii

_MAX_DEPTH = 12


@dataclass(slots=True)
class NestedTypes:
    """The types that were made of structs so far; `notes` tells what is JSON and why."""

    names: Names
    values: list[ValueType] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def read(self, sql_type: Any, place: str, context: tuple[str, ...]) -> TypeRef:
        """The type of values of a DuckDB type."""
        text = str(sql_type)
        scalar = scalar_of_sql(text)
        if scalar is not None:
            return TypeRef(scalar)
        kind = getattr(sql_type, "id", "")
        if len(context) > _MAX_DEPTH:
            return self._json(place, "it is nested deeper than is read")
        if kind in ("list", "array"):
            item = dict(sql_type.children)["child"]
            if getattr(item, "id", "") in ("list", "array"):
                return self._json(place, "a list of lists")
            inner = self.read(item, place, context)
            return TypeRef(inner.name, is_list=True, item_nullable=True)
        if kind == "struct":
            return self._struct(sql_type, place, context)
        return self._json(place, f"a value of the type {kind or 'that is unknown'}")

    def _struct(self, sql_type: Any, place: str, context: tuple[str, ...]) -> TypeRef:
        proposal = "".join(w[:1].upper() + w[1:] for part in context for w in words(part))
        name = self.names.take("", proposal)
        scope = Names()
        fields = []
        for source, inner in sql_type.children:
            if "." in source or "{" in source:
                self._json(f"{place}.{source}", "its name cannot be a member's; left out")
                continue
            type_ = self.read(inner, f"{place}.{source}", (*context, source))
            fields.append(
                FieldModel(
                    scope.take("", field_name(source)),
                    source,
                    type_,
                    pii=guess_pii(source, type_.name, owner=context[-1]),
                )
            )
        if not fields:
            return self._json(place, "a struct without members")
        self.values.append(ValueType(name, fields=tuple(fields)))
        return TypeRef(name)

    def _json(self, place: str, why: str) -> TypeRef:
        self.notes.append(Note(place, f"{why} is read as JSON", "unclear"))
        return TypeRef("JSON")
