"""Columns to fields: types, enums, personal data, and the filters and orders that indexes carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from subgraph_kit.scaffold.inspect.sql.catalog import Column, Table
from subgraph_kit.scaffold.inspect.sql.enums import make_enum, values_of_check
from subgraph_kit.scaffold.inspect.sql.keys import Ids, Place
from subgraph_kit.scaffold.inspect.sql.lookups import Lookup
from subgraph_kit.scaffold.inspect.sql.samples import texts
from subgraph_kit.scaffold.model import EnumModel, FieldModel, Operator, TypeRef
from subgraph_kit.scaffold.names import Names, type_name
from subgraph_kit.scaffold.pii import guess_pii

_COMPARED = ("Int", "BigInt", "Float", "Decimal", "Date", "DateTime", "Time")
_TEXTS = ("text", "char")
_UNFILTERED = ("JSON", "Bytes", "Duration")
_EQUAL = (Operator.EQ, Operator.NEQ, Operator.IN)
_ORDERED = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_INT_BOUND = 1 << 31


@dataclass(slots=True)
class Enums:
    """The enums that columns need, each made once."""

    names: Names
    lookups: Mapping[Place, Lookup]
    made: dict[object, EnumModel] = field(default_factory=dict)

    def of(self, table: Table, column: Column, type_of_table: str) -> EnumModel | None:
        """The enum of a column, or None if it is not of one."""
        for foreign_key in table.foreign_keys:
            lookup = self.lookups.get(foreign_key.target)
            if (
                lookup
                and foreign_key.columns == (column.name,)
                and foreign_key.target_columns == (lookup.key,)
            ):
                return self._once(lookup.table.place, [type_name(lookup.table.name)], lookup.enum)
        type_ = column.type
        if type_.values:
            if type_.type_name is None:  # MySQL's are the column's own
                return self._own(table, column, type_of_table, type_.values)
            proposals = [type_name(type_.type_name), f"{type_name(type_.type_name)}Value"]
            identity = (type_.native, type_.type_name, type_.values)
            return self._once(identity, proposals, make_enum("", type_.values))
        if type_.array or type_.kind not in _TEXTS:
            return None
        for check in table.checks:
            found = values_of_check(check)
            if found is not None and found[0] == column.name:
                return self._own(table, column, type_of_table, found[1])
        return None

    def _own(
        self, table: Table, column: Column, type_of_table: str, values: Sequence[str]
    ) -> EnumModel:
        name = f"{type_of_table}{type_name(column.name)}"
        return self._once((table.place, column.name), [name, f"{name}Value"], make_enum("", values))

    def _once(self, identity: object, proposals: Sequence[str], enum: EnumModel) -> EnumModel:
        if identity not in self.made:
            name = self.names.take(f"enum {identity}", *proposals)
            self.made[identity] = EnumModel(name, enum.values, enum.description)
        return self.made[identity]


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of some columns of a table."""

    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[Any, ...]] = ()

    def texts(self, column: str) -> list[str]:
        """The texts that a column has in the sample."""
        if column not in self.columns:
            return []
        return texts(self.rows, self.columns.index(column))

    def has_large_integer(self, column: str) -> bool:
        """Whether a sampled number does not fit GraphQL's `Int`."""
        if column not in self.columns:
            return False
        place = self.columns.index(column)
        return any(
            isinstance(row[place], int) and not -_INT_BOUND <= row[place] < _INT_BOUND
            for row in self.rows
        )


def sampled_columns(table: Table, dialect: str) -> tuple[str, ...]:
    """The columns of which a sample says more than the catalog."""
    kinds = ("text", "char", "integer") if dialect == "sqlite" else ("text", "char")
    return tuple(
        column.name
        for column in table.columns
        if column.type.kind in kinds and not column.type.array and not column.type.values
    )


def make_field(
    table: Table,
    column: Column,
    name: str,
    *,
    enum: EnumModel | None,
    ids: Ids,
    in_key: bool,
    sample: Sample,
) -> FieldModel:
    """The field of a column."""
    scalar = column.type.scalar
    if enum is not None:
        scalar = enum.name
    elif ids.is_id(table, column.name):
        scalar = "ID"
    elif scalar == "Int" and sample.has_large_integer(column.name):
        scalar = "BigInt"
    filters = () if column.type.array else _filters(table, column, scalar, enum is not None)
    return FieldModel(
        name=name,
        source_name=column.name,
        type=TypeRef(
            scalar,
            nullable=column.nullable and not in_key,
            is_list=column.type.array,
            item_nullable=column.type.array,
        ),
        description=_description(column.comment),
        pii=None if enum else guess_pii(
            column.name, scalar, owner=table.name, samples=sample.texts(column.name)
        ),
        filters=filters,
        orderable=_starts_index(table, column.name) and not column.type.array,
    )  # fmt: skip


def _filters(table: Table, column: Column, scalar: str, is_enum: bool) -> tuple[Operator, ...]:
    """What an index answers: a key's or a constraint's, or one made for it."""
    if scalar in _UNFILTERED or "range" in column.type.kind or column.type.kind == "composite":
        return ()
    searched = any(column.name in index.columns and index.trigrams for index in table.indexes)
    if not _starts_index(table, column.name):
        return (Operator.CONTAINS, Operator.STARTS_WITH) if searched else ()
    if is_enum or scalar in ("ID", "Boolean", "UUID"):
        return _EQUAL
    if scalar in _COMPARED:
        return (*_EQUAL, *_ORDERED)
    if column.type.kind in _TEXTS:
        return (*_EQUAL, *((Operator.CONTAINS,) if searched else ()), Operator.STARTS_WITH)
    return _EQUAL


def _starts_index(table: Table, column: str) -> bool:
    """Whether the column is the first of a whole index that knows equality and order."""
    starts = [table.primary_key, *table.uniques]
    starts += [
        index.columns
        for index in table.indexes
        if not index.partial and index.method in ("btree", "BTREE")
    ]
    return any(start and start[0] == column for start in starts)


def _description(comment: str | None) -> str | None:
    text = (comment or "").replace("\x00", "").strip()
    return text or None
