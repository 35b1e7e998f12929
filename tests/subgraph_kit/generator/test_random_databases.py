"""Random databases: generated, composed, asked at random through a gateway; the rows are SQL's."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from subgraph_kit.scaffold.model import EntityModel, ManyToMany, Operator, Reference, SourceModel
from subgraph_kit.scaffold.render.context import root_plural
from subgraph_kit.schema.derived.naming import lower_first
from tests.testkit.databases import load_sqlite, random_database
from tests.testkit.databases.model import ROW, quote
from tests.testkit.generated import InProcessMesh, app_of, imported, make_project, mesh_of

_SIGNS = {
    Operator.EQ: "=", Operator.NEQ: "<>", Operator.GT: ">", Operator.GTE: ">=",
    Operator.LT: "<", Operator.LTE: "<=",
}  # fmt: skip
_COMPARED = ("ID", "String", "Int", "BigInt")


@pytest.mark.parametrize("seed", range(8))
async def test_answers_have_the_rows_of_plain_sql(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    path = tmp_path / "random.db"
    address = load_sqlite(random_database(random, "sqlite"), path)
    name = f"random{seed}"
    generated = await make_project(tmp_path, name, f"sqlite:{path}")
    with (
        closing(sqlite3.connect(path)) as connection,
        imported(tmp_path / name, f"{name}_subgraph"),
    ):
        app = app_of(f"{name}_subgraph", source_url=address)
        async with mesh_of({name: app}) as mesh:
            check = _Check(random, generated.model, connection, mesh)
            for entity in generated.model.entities:
                await check.lists(entity)
                await check.one(entity)
                await check.filters(entity)


class _Check:
    """Asks the gateway and the database the same."""

    def __init__(
        self,
        random: Random,
        model: SourceModel,
        connection: sqlite3.Connection,
        mesh: InProcessMesh,
    ) -> None:
        self.random = random
        self.model = model
        self.connection = connection
        self.mesh = mesh

    async def lists(self, entity: EntityModel) -> None:
        """All rows, and for each where its references, reverse lists and links lead."""
        reverse = [
            (other, reference)
            for other in self.model.entities
            for reference in other.references
            if reference.target == entity.name and reference.reverse is not None
        ]
        selections = [f"row: {row_field(entity)}"]
        selections += [
            f"{reference.name} {{ row: {row_field(self.named(reference.target))} }}"
            for reference in entity.references
        ]
        selections += [
            f"{reference.reverse}(limit: 1000) {{ row: {row_field(other)} }}"
            for other, reference in reverse
        ]
        for link in entity.many_to_many:
            target = self.named(link.target)
            selections.append(f"{link.name}(limit: 1000) {{ row: {row_field(target)} }}")
        field = root_plural(entity)
        data = await self.mesh.ask(f"{{ {field}(limit: 1000) {{ {' '.join(selections)} }} }}")
        rows = {each["row"]: each for each in data[field]}
        assert sorted(rows) == self.column(f"SELECT {ROW} FROM {quote(entity.source_name)}")
        for reference in entity.references:
            pairs = self.referring(entity, reference)
            for row, each in rows.items():
                found = each[reference.name]
                assert (found["row"] if found else None) == dict(pairs).get(row), reference
        for other, reference in reverse:
            wanted = self.grouped((there, here) for here, there in self.referring(other, reference))
            self.compare(rows, str(reference.reverse), wanted)
        for link in entity.many_to_many:
            self.compare(rows, link.name, self.grouped(self.linked(entity, link)))

    async def one(self, entity: EntityModel) -> None:
        """A row by each of its keys."""
        every = self.rows(entity)
        if not every:
            return
        row = self.random.choice(every)
        for number, key in enumerate(entity.keys):
            types = [entity.field(name).type.name for name in key]
            if not all(each in _COMPARED for each in types):
                continue
            values = {name: row[entity.field(name).source_name] for name in key}
            if None in values.values():
                continue
            field = lower_first(entity.name)
            if number:
                field += "By" + "And".join(name[0].upper() + name[1:] for name in key)
            definitions = ", ".join(f"$v{i}: {type_}!" for i, type_ in enumerate(types))
            arguments = ", ".join(f"{name}: $v{i}" for i, name in enumerate(key))
            data = await self.mesh.ask(
                f"query ({definitions}) {{ {field}({arguments}) {{ row: {row_field(entity)} }} }}",
                {f"v{i}": _variable(v, types[i]) for i, v in enumerate(values.values())},
            )
            assert data[field] == {"row": row[ROW]}, key

    async def filters(self, entity: EntityModel) -> None:
        """A random condition on every field that offers some."""
        every = self.rows(entity)
        for field in entity.fields:
            values = [row[field.source_name] for row in every if row[field.source_name] is not None]
            if not field.filters or not values or field.type.name not in _COMPARED:
                continue
            operator = self.random.choice([each for each in field.filters if each in _SIGNS])
            value = self.random.choice(values)
            list_field = root_plural(entity)
            data = await self.mesh.ask(
                f"query ($v: {field.type.name}) {{ {list_field}(limit: 1000, "
                f"filter: {{{field.name}: {{{operator}: $v}}}}) {{ row: {row_field(entity)} }} }}",
                {"v": _variable(value, field.type.name)},
            )
            wanted = self.column(
                f"SELECT {ROW} FROM {quote(entity.source_name)} "
                f"WHERE {quote(field.source_name)} {_SIGNS[operator]} ?",
                value,
            )
            assert sorted(each["row"] for each in data[list_field]) == wanted, (field, operator)

    # --- What SQL says ---------------------------------------------------------------------

    def named(self, name: str) -> EntityModel:
        return next(each for each in self.model.entities if each.name == name)

    def rows(self, entity: EntityModel) -> list[dict[str, Any]]:
        cursor = self.connection.execute(f"SELECT * FROM {quote(entity.source_name)}")
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def column(self, statement: str, *parameters: Any) -> list[int]:
        return sorted(row[0] for row in self.connection.execute(statement, parameters))

    def referring(self, entity: EntityModel, reference: Reference) -> list[tuple[int, int]]:
        """Pairs of row numbers: who refers, to whom."""
        target = self.named(reference.target)
        equal = " AND ".join(
            f"e.{quote(entity.field(here).source_name)}"
            f" = t.{quote(target.field(there).source_name)}"
            for here, there in zip(reference.fields, reference.target_fields, strict=True)
        )
        statement = (
            f"SELECT e.{ROW}, t.{ROW} FROM {quote(entity.source_name)} e "
            f"JOIN {quote(target.source_name)} t ON {equal}"
        )
        return list(self.connection.execute(statement))

    def linked(self, entity: EntityModel, link: ManyToMany) -> list[tuple[int, int]]:
        target = self.named(link.target)
        assert link.access is not None
        near = " AND ".join(
            f"l.{quote(column)} = e.{quote(entity.field(name).source_name)}"
            for column, name in zip(link.near_fields, entity.keys[0], strict=True)
        )
        far = " AND ".join(
            f"l.{quote(column)} = t.{quote(target.field(name).source_name)}"
            for column, name in zip(link.far_fields, target.keys[0], strict=True)
        )
        statement = (
            f"SELECT DISTINCT e.{ROW}, t.{ROW} FROM {quote(entity.source_name)} e "
            f"JOIN {quote(link.access.table)} l ON {near} "
            f"JOIN {quote(target.source_name)} t ON {far}"
        )
        return list(self.connection.execute(statement))

    def grouped(self, pairs: Any) -> dict[int, list[int]]:
        groups: dict[int, list[int]] = {}
        for one, many in pairs:
            groups.setdefault(one, []).append(many)
        return groups

    def compare(self, rows: Mapping[int, Any], name: str, wanted: Mapping[int, list[int]]) -> None:
        for row, each in rows.items():
            found = sorted(item["row"] for item in each[name])
            assert found == sorted(wanted.get(row, [])), (row, name)


def row_field(entity: EntityModel) -> str:
    """The field that has the number of the row."""
    return next(field.name for field in entity.fields if field.source_name == ROW)


def _variable(value: Any, scalar: str) -> Any:
    return str(value) if scalar in ("ID", "BigInt", "String") else value
