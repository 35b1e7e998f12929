"""What is found in files: types of all values, keys, references, and sentences for bad ones."""

from pathlib import Path

import duckdb
import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.files import inspect_files
from subgraph_kit.scaffold.model import EntityModel, FileAccess, SourceModel
from subgraph_kit.scaffold.options import InspectOptions


async def look(path: Path, **options: object) -> SourceModel:
    return await inspect_files(str(path), InspectOptions(**options))  # type: ignore[arg-type]


async def one(tmp_path: Path, text: str | bytes, name: str = "things.csv") -> EntityModel:
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    (entity,) = (await look(tmp_path / name)).entities
    return entity


def types(entity: EntityModel) -> dict[str, str]:
    return {
        f.name: f"[{f.type.name}]" if f.type.is_list else f.type.name + "!" * (not f.type.nullable)
        for f in entity.fields
    }


async def test_a_column_is_a_type_only_if_all_its_values_are(tmp_path: Path) -> None:
    entity = await one(
        tmp_path,
        "id,count,big,price,ratio,zip,day,at,flag,guid,note\n"
        "1,1,3000000000,9.50,1e-3,01067,2024-01-31,2024-01-31T10:00:00Z,true,"
        "00000000-0000-0000-0000-000000000001,x\n"
        "2,-7,1,0.05,0.12345678,10115,2024-02-29,2024-02-29 10:00:00,FALSE,"
        "00000000-0000-0000-0000-000000000002,\n",
    )
    assert types(entity) == {
        "id": "ID!", "count": "Int!", "big": "BigInt!", "price": "Decimal!", "ratio": "Float!",
        "zip": "String!", "day": "Date!", "at": "DateTime!", "flag": "Boolean!", "guid": "UUID!",
        "note": "String",
    }  # fmt: skip


async def test_a_doubt_is_noted_with_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(2, 20))
    (tmp_path / "things.csv").write_text("id,size\n1,n/a\n" + rows)
    model = await look(tmp_path / "things.csv")
    assert types(model.entities[0])["size"] == "String!"
    (note,) = model.notes
    assert note.place == "things.size"
    assert note.message.startswith("1 of 19 values are not like the others")


async def test_few_values_are_an_enum_and_personal_data_is_seen(tmp_path: Path) -> None:
    rows = "".join(f"{n},{('in work', 'done')[n % 2]},u{n}@example.com\n" for n in range(40))
    (tmp_path / "jobs.csv").write_text("id;state;contact\n".replace(";", ",") + rows)
    model = await look(tmp_path / "jobs.csv")
    (enum,) = model.enums
    assert [(v.name, v.source_value) for v in enum.values] == [
        ("DONE", "done"), ("IN_WORK", "in work"),
    ]  # fmt: skip
    contact = model.entities[0].field("contact")
    assert contact.pii is not None
    assert "e-mail" in contact.pii.reason
    unseen = await look(tmp_path / "jobs.csv", sample_rows=0)
    assert (unseen.enums, unseen.entities[0].field("contact").pii) == ((), None)


@pytest.mark.parametrize(
    ("text", "delimiter", "encoding"),
    [
        ("id;name\n1;Ä\n", ";", "utf-8"),
        ("id\tname\n1\tÄ\n", "\t", "utf-8"),
        ("id|name\n1|a,b\n", "|", "utf-8"),
        ("id,name\n1,Ä\n".encode("latin-1"), ",", "latin-1"),
        ("id,name\n1,Ä\n".encode("utf-16"), ",", "utf-16"),
        ("id,name\n1,Ä\n".encode("utf-8-sig"), ",", "utf-8"),
    ],
)
async def test_tells_how_a_csv_is_written(
    tmp_path: Path, text: str | bytes, delimiter: str, encoding: str
) -> None:
    entity = await one(tmp_path, text)
    assert isinstance(entity.access, FileAccess)
    assert (entity.access.delimiter, entity.access.encoding) == (delimiter, encoding)
    assert [field.source_name for field in entity.fields] == ["id", "name"]


async def test_a_key_is_unique_and_called_like_one(tmp_path: Path) -> None:
    rows = "".join(f"{n / 8},a{n},{n % 3},{n}\n" for n in range(1, 30))
    entity = await one(tmp_path, "price,label,kind,thing_id\n" + rows)
    assert entity.keys[0] == ("thingId",)


async def test_two_columns_are_the_key_where_none_is(tmp_path: Path) -> None:
    rows = "".join(f"{order},{line},x\n" for order in range(4) for line in range(3))
    entity = await one(tmp_path, "order_id,line_no,what\n" + rows)
    assert entity.keys == (("orderId", "lineNo"),)


async def test_a_person_says_the_key(tmp_path: Path) -> None:
    (tmp_path / "things.csv").write_text("a,b\nx,1\nx,2\n")
    model = await look(tmp_path / "things.csv", keys={"things": ("b",)})
    assert model.entities[0].keys == (("b",),)
    with pytest.raises(ConfigurationError, match="has no column 'c' for its key; it has: a, b"):
        await look(tmp_path / "things.csv", keys={"things": ("c",)})


async def test_tables_of_a_directory_refer_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("id,name\n1,a\n2,b\n")
    (tmp_path / "orders.csv").write_text("id,customer_id\n7,1\n8,1\n9,2\n")
    model = await look(tmp_path)
    customers, orders = model.entities
    (reference,) = orders.references
    assert (reference.name, reference.target, reference.reverse) == (
        "customer", "Customer", "orders",
    )  # fmt: skip
    assert (customers.name, model.address) == ("Customer", str(tmp_path))


async def test_reads_nested_parquet_in_partitions(tmp_path: Path) -> None:
    for year in (2023, 2024):
        part = tmp_path / "sales" / f"year={year}"
        part.mkdir(parents=True)
        duckdb.sql(
            f"SELECT {year} * 10 + range AS id, ['a'] AS tags, "
            "{'zip': '01067', 'geo': {'lat': 1.5::DOUBLE}} AS home, map {'k': 1} AS extra "
            "FROM range(3)"
        ).write_parquet(str(part / "part-0.parquet"))
    model = await look(tmp_path / "sales")
    (entity,) = model.entities
    assert types(entity) == {
        "id": "ID!", "tags": "[String]", "home": "SaleHome!", "extra": "JSON!", "year": "Int!",
    }  # fmt: skip
    assert isinstance(entity.access, FileAccess)
    assert entity.access.partition_columns == ("year",)
    assert [value.name for value in model.types] == ["SaleHome", "SaleHomeGeo"]
    assert [(note.place, note.level) for note in model.notes] == [("sales.extra", "unclear")]


async def test_reads_json_lines(tmp_path: Path) -> None:
    entity = await one(
        tmp_path, '{"id": "a", "n": 1}\n{"id": "b", "at": "2024-01-01"}\n', "t.jsonl"
    )
    assert types(entity) == {"id": "ID!", "n": "Int", "at": "Date"}


async def test_the_same_files_elsewhere_have_the_same_fingerprint(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "things.csv").write_text("id,n\n1,2\n")
        found.append((await look(tmp_path / name)).fingerprint)
    (tmp_path / "b" / "things.csv").write_text("id,n\n1,x\n")
    assert found[0] == found[1] != (await look(tmp_path / "b")).fingerprint


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.csv", b"", "is empty; a CSV file with a line of names was expected"),
        ("t.csv", b"1,2\n3,4\n", "has no header, its first line is data"),
        ("t.csv", b"7,Ann,ann@example.com\n8,Bob,b@example.com\n", "has no header"),
        ("t.csv", b"id,name,name\n1,a,b\n", "has two columns called 'name'"),
        ("t.csv", b"id,,c\n1,a,b\n", "has no name for column 2"),
        ("t.csv", b"id,name\n", "has no rows"),
        ("t.csv", b"id,name\n1,a,b,c\n2,b\n", "has 4 values at line 2, and 2 columns"),
        ("t.csv", bytes(range(256)) * 4, "is no text, so no CSV"),
        ("t.parquet", b"PAR1 half", "is no whole Parquet file"),
        ("t.jsonl", b'{"id": 1}\n{"id": ', "cannot be read as JSON lines"),
        ("t.csv", b"a,b\nx,1.5\nx,1.5\n", "no column of .* tells its rows apart"),
        ("t.doc", b"x", "has no CSV, Parquet or JSON lines file"),
    ],
)
async def test_bad_input_is_one_clear_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        await look(tmp_path / name)


async def test_a_path_to_nothing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file or directory"):
        await look(tmp_path / "none.csv")
    with pytest.raises(ConfigurationError, match="has no CSV, Parquet or JSON lines file"):
        await look(tmp_path)
