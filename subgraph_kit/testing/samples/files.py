"""Sample rows in files of the declared format, in a directory of the test."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.errors import SourceUnavailableError
from subgraph_kit.sources.file_scan import SUFFIXES, connect, quoted_text
from subgraph_kit.sources.files import FileAdapter, FileSource, FileTable
from subgraph_kit.testing.samples.base import Rows, Samples
from subgraph_kit.testing.samples.shapes import to_source_item

Item = Mapping[str, Any]


class FileSamples(Samples):
    """Files with the sample rows."""

    def __init__(self, rows: Rows, directory: Path) -> None:
        super().__init__(rows)
        self._directory = directory
        self.source = FileSource("samples", str(directory))

    @classmethod
    @asynccontextmanager
    async def open(cls, rows: Rows, directory: Path) -> AsyncIterator[FileSamples]:
        """The files come with the adapters."""
        yield cls(rows, directory)

    def serve(self, adapters: Sequence[DataProductAdapter]) -> None:
        """Write the adapters' files."""
        super().serve(adapters)
        for adapter in adapters:
            if isinstance(adapter, FileAdapter):
                self._write(adapter.table, self.rows[adapter.data_product.entity_type])

    @contextmanager
    def failure(self) -> Iterator[None]:
        """The place of the files cannot be asked, and nothing is known of them."""
        adapters = [each for each in self.adapters if isinstance(each, FileAdapter)]
        for adapter in adapters:
            vars(adapter).update(_fresh=_gone, _find=_gone_at_once)
        try:
            yield
        finally:
            for adapter in adapters:
                del vars(adapter)["_fresh"], vars(adapter)["_find"]

    def _write(self, table: FileTable, rows: Sequence[Item]) -> None:
        parts: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            item = to_source_item(row, table.fields, table.types)
            place = "/".join(
                f"{column}={item.pop(column, None)}" for column in table.partition_columns
            )
            parts.setdefault(place, []).append(item)
        for place, items in parts.items():
            file = self._directory / _file_of(table, place)
            file.parent.mkdir(parents=True, exist_ok=True)
            if table.format == "csv":
                _write_csv(file, items, table)
            elif table.format == "jsonl":
                _write_lines(file, items)
            else:
                _write_parquet(file, items)


async def _gone() -> None:
    raise SourceUnavailableError("the sample files were taken away")


def _gone_at_once() -> list[Any]:
    raise SourceUnavailableError("the sample files were taken away")


def _file_of(table: FileTable, place: str) -> str:
    """A file that the declared path, glob or directory means."""
    path = table.path.replace("**/", "").replace("*", "1").replace("?", "1")
    if path in ("", "."):
        path = ""
    suffixes = SUFFIXES[table.format]
    if path.lower().endswith(suffixes):
        return path
    return "/".join(part for part in (path, place, f"rows{suffixes[0]}") if part)


def _write_csv(file: Path, items: Sequence[Item], table: FileTable) -> None:
    names = list(dict.fromkeys(name for item in items for name in item))
    with file.open("w", encoding=table.encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=table.delimiter)
        writer.writerow(names)
        for item in items:
            writer.writerow([_text(item.get(name)) for name in names])


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return json.dumps(value)
        case _:
            return str(value)


def _write_lines(file: Path, items: Sequence[Item]) -> None:
    file.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")


def _write_parquet(file: Path, items: Sequence[Item]) -> None:
    lines = file.with_suffix(".tmp")
    _write_lines(lines, items)
    connection = connect()
    try:
        connection.execute(
            f"COPY (SELECT * FROM read_json_auto({quoted_text(str(lines))})) "  # noqa: S608 - quoted
            f"TO {quoted_text(str(file))} (FORMAT parquet)"
        )
    finally:
        connection.close()
        lines.unlink()
