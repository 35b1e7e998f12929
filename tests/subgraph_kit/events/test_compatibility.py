from __future__ import annotations

import re
from typing import Any

import pytest

from subgraph_kit.catalog.schema_compatibility import incompatibilities
from subgraph_kit.events.compatibility import avro_incompatibilities
from subgraph_kit.events.schemas import RELEASED


def record(*fields: dict[str, Any], name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


LIST = record(field("next", ["null", "R"]))

READABLE = {
    "the same": (record(field("a", "string")), record(field("a", "string"))),
    "a field with a default is new": (record(), record(field("a", "int", default=0))),
    "a field is gone": (record(field("a", "int")), record()),
    "an int becomes a long": ("int", "long"),
    "a float becomes a double": ("float", "double"),
    "text becomes bytes": ("string", "bytes"),
    "a value becomes optional": ("string", ["null", "string"]),
    "fewer branches are written": (["null", "string"], ["null", "string", "int"]),
    "a symbol is new": (enum("A"), enum("A", "B")),
    "a symbol is gone and there is a default": (enum("A", "B"), enum("A", default="A")),
    "a field is renamed by an alias": (
        record(field("old", "int")), record(field("new", "int", aliases=["old"])),
    ),
    "a record is renamed by an alias": (record(), record(name="S", aliases=["R"])),
    "a namespace is new": (record(), record(namespace="com.example")),
    "recursive": (LIST, LIST),
    "nested with logical types": (
        {"type": "array", "items": {"type": "long", "logicalType": "timestamp-millis"}},
        {"type": "array", "items": "long"},
    ),
    "fixed": ({"type": "fixed", "name": "F", "size": 4}, {"type": "fixed", "name": "F", "size": 4}),
}  # fmt: skip

UNREADABLE = {
    "a new field lacks a default": (record(), record(field("a", "int")), "a: new field"),
    "a long becomes an int": ("long", "int", "long cannot be read as int"),
    "a type changes inside": (
        record(field("a", {"type": "map", "values": "string"})),
        record(field("a", {"type": "map", "values": "int"})),
        r"a\{\}: string cannot be read as int",
    ),
    "optional becomes required": (["null", "string"], "string", "null cannot be read as string"),
    "no branch fits": ("int", ["null", "string"], "no branch of the union reads int"),
    "a symbol is gone": (
        record(field("e", enum("A", "B"))), record(field("e", enum("A"))), "e: symbols B",
    ),
    "a record is renamed": (record(), record(name="S"), "named 'R' by the writer"),
    "a fixed grows": (
        {"type": "fixed", "name": "F", "size": 4}, {"type": "fixed", "name": "F", "size": 8},
        "size 4 cannot be read as 8",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("writer", "reader"), READABLE.values(), ids=READABLE)
def test_avro_data_can_be_read_if(writer: Any, reader: Any) -> None:
    assert avro_incompatibilities(writer, reader) == []


@pytest.mark.parametrize(("writer", "reader", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_avro_data_cannot_be_read_if(writer: Any, reader: Any, why: str) -> None:
    (problem,) = avro_incompatibilities(writer, reader)
    assert re.search(why, problem)


def test_every_released_version_reads_the_ones_before_it() -> None:
    for position, newer in enumerate(RELEASED):
        for older in RELEASED[:position]:
            if older.name == newer.name:
                assert avro_incompatibilities(older.definition, newer.definition) == []


def shape(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (shape(a={"type": "string"}), shape(a={"type": "string"}, b={"type": "integer"}), []),
        (shape(a={"type": "integer"}), shape(a={"type": "number"}), []),
        (shape(a={"type": "string"}), shape(a={"type": ["string", "null"]}), []),
        (shape(a={"enum": ["x"]}), shape(a={"enum": ["x", "y"]}), []),
        (shape(), shape() | {"required": ["a"]}, ["a: became required"]),
        (
            shape(a={"type": "string"}), shape(a={"type": "integer"}),
            ["a: string is not allowed any more"],
        ),
        (shape(a={}), shape(a={"type": "string"}), ["a: any type is not allowed any more"]),
        (
            shape(a={"enum": ["x", "y"]}), shape(a={"enum": ["x"]}),
            ["a: values y are not allowed any more"],
        ),
        (
            shape(a={}), shape() | {"additionalProperties": False},
            ["a: is not allowed any more"],
        ),
        (
            shape(a={"type": "array", "items": shape(b={"type": "string"})}),
            shape(a={"type": "array", "items": shape(b={"type": "number"})}),
            ["a[].b: string is not allowed any more"],
        ),
    ],
)  # fmt: skip
def test_json_schemas(old: Any, new: Any, problems: list[str]) -> None:
    assert incompatibilities("json_schema", old, new) == problems


def message(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"messageType": [{"name": "Customer", "field": list(fields)}]}


def test_protobuf_fields_are_their_numbers() -> None:
    text = {"name": "email", "number": 1, "type": "TYPE_STRING"}
    renamed = text | {"name": "mail"}
    assert incompatibilities("protobuf", message(text), message(renamed)) == []
    assert incompatibilities("protobuf", message(text), message()) == []
    number = text | {"type": "TYPE_INT32"}
    assert incompatibilities("protobuf", message(text), message(number)) == [
        "Customer.email: type of its number changed"
    ]
    required = {"name": "x", "number": 2, "type": "TYPE_STRING", "label": "LABEL_REQUIRED"}
    assert incompatibilities("protobuf", message(), message(required)) == [
        "Customer.x: new field is required"
    ]
    assert incompatibilities("protobuf", message(), {}) == ["message Customer is gone"]
