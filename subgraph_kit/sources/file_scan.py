"""Files as rows: which files a path means, and the SQL by which DuckDB reads them.

A path is a file, a glob, or a directory that is partitioned (`year=2024/month=01/part.parquet`),
on this machine or anywhere fsspec reaches (`s3://bucket/key`). Nothing is kept here.
"""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from subgraph_kit.errors import ConfigurationError, SourceUnavailableError

if TYPE_CHECKING:
    import duckdb

FileFormat = Literal["csv", "parquet", "jsonl"]

SUFFIXES: dict[FileFormat, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst"),
    "parquet": (".parquet", ".pq", ".parq"),
    "jsonl": (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz"),
}
"""Names that files of a format have."""

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_MEMORY = "512MB"
"""What DuckDB may hold in memory; more is kept in its temporary directory."""


@dataclass(frozen=True, slots=True)
class FileScan:
    """How a set of files is read. `path` is absolute, or a URL."""

    path: str
    format: FileFormat
    partitioned: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and what changes when its content does."""

    path: str
    size: int
    version: str


def is_remote(path: str) -> bool:
    """Whether a path is a URL that fsspec reads."""
    return _REMOTE.match(path) is not None and not path.startswith("file://")


def connect(database: str = ":memory:", *, remote: str | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB of bounded memory, which reads `remote` URLs through fsspec.

    Raises:
        ConfigurationError: if the extra `files` is not installed, or fsspec lacks a protocol.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "files as a source need DuckDB; install it with: pip install 'dictamesh[files]'"
        ) from error
    # No extension is fetched over the network, whatever a file is called.
    connection = duckdb.connect(
        database,
        config={
            "memory_limit": _MEMORY,
            "threads": 2,
            "autoinstall_known_extensions": False,
            "preserve_insertion_order": True,
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    if remote is not None and is_remote(remote):
        connection.register_filesystem(file_system(remote))
    return connection


def database_error() -> type[Exception]:
    """What DuckDB raises for files that it cannot read."""
    import duckdb

    return duckdb.Error


def missing_table_error() -> type[Exception]:
    """What DuckDB raises for a table that is not there (any more)."""
    import duckdb

    return duckdb.CatalogException


def file_system(url: str) -> Any:
    """The fsspec file system of a URL.

    Raises:
        ConfigurationError: if fsspec or its package for the protocol is not installed.
    """
    protocol = url.partition("://")[0]
    try:
        import fsspec

        return fsspec.filesystem(protocol)
    except ModuleNotFoundError as error:
        package = "'dictamesh[files]'" if error.name == "fsspec" else f"'fsspec[{protocol}]'"
        raise ConfigurationError(
            f"{protocol}:// needs a package that is not installed: pip install {package}"
        ) from error
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"fsspec cannot read {protocol}:// here: install its package for it, or copy the files"
        ) from error


def find_files(path: str, suffixes: tuple[str, ...] = ()) -> list[FoundFile]:
    """The files that a path, glob or directory means, sorted; empty where there are none.

    Raises:
        SourceUnavailableError: if the place cannot be asked.
    """
    try:
        found = _find_remote(path) if is_remote(path) else _find_local(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceUnavailableError(f"files cannot be listed: {reason}") from None
    return sorted(
        (each for each in found if not suffixes or each.path.lower().endswith(suffixes)),
        key=lambda each: each.path,
    )


def _find_local(path: str) -> list[FoundFile]:
    plain = Path(path)
    if plain.is_dir():
        candidates = [each for each in plain.rglob("*") if not each.name.startswith((".", "_"))]
    elif plain.exists():
        candidates = [plain]
    else:
        candidates = [Path(each) for each in glob.glob(path, recursive=True)]  # noqa: PTH207 - an absolute pattern
    found = []
    for each in candidates:
        if each.is_file():
            stat = each.stat()
            version = f"{stat.st_mtime_ns}-{stat.st_ino}"
            found.append(FoundFile(str(each), stat.st_size, version))
    return found


def _find_remote(path: str) -> list[FoundFile]:
    system = file_system(path)
    protocol = path.partition("://")[0]
    if glob.has_magic(path):
        entries = system.glob(path, detail=True)
    elif system.isdir(path):
        entries = system.find(path, detail=True)
    elif system.exists(path):
        entries = {path: system.info(path)}
    else:
        entries = {}
    found = []
    for name, info in entries.items():
        if info.get("type") != "file":
            continue
        stamp = next(
            (info[k] for k in ("ETag", "etag", "mtime", "LastModified", "updated", "created")
             if info.get(k) is not None), "",
        )  # fmt: skip
        full = name if is_remote(name) else f"{protocol}://{name}"
        found.append(FoundFile(full, int(info.get("size") or 0), str(stamp)))
    return found


def scan_sql(scan: FileScan, files: list[FoundFile], *, text_only: bool = True) -> str:
    """The table function that reads the files: every CSV value as text, others as they are typed.

    `text_only` False lets DuckDB guess the types of a CSV's columns.
    """
    names = ", ".join(quoted_text(each.path) for each in files)
    options = ["union_by_name = true"]
    options.append(f"hive_partitioning = {'true' if scan.partitioned else 'false'}")
    if scan.partitioned:
        options.append("hive_types_autocast = false")
    match scan.format:
        case "csv":
            options += [
                "header = true",
                f"delim = {quoted_text(scan.delimiter)}",
                "quote = '\"'",
                "escape = '\"'",
                f"encoding = {quoted_text(scan.encoding)}",
                "strict_mode = true",
            ]
            if text_only:
                options.append("all_varchar = true")
            return f"read_csv([{names}], {', '.join(options)})"
        case "parquet":
            return f"read_parquet([{names}], {', '.join(options)})"
        case "jsonl":
            options += [
                "format = 'newline_delimited'" if not _is_array(files) else "format = 'array'",
                "sample_size = -1",
                "maximum_object_size = 16777216",
            ]
            return f"read_json([{names}], {', '.join(options)})"


def _is_array(files: list[FoundFile]) -> bool:
    """Whether a `.json` file is one JSON array rather than a value a line."""
    first = files[0].path if files else ""
    if not first.endswith(".json") or is_remote(first):
        return False
    with Path(first).open("rb") as file:
        return file.read(256).lstrip().startswith(b"[")


def quoted_text(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
