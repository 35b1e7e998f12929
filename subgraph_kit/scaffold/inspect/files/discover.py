"""Which tables a path holds: a file, a glob or a partitioned directory is one, a directory many."""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from pathlib import Path

from subgraph_kit.errors import ConfigurationError, SourceUnavailableError
from subgraph_kit.sources.file_scan import (
    SUFFIXES,
    FileFormat,
    FoundFile,
    find_files,
    is_remote,
)


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Files of one shape. `path` is relative to the place that was looked at."""

    name: str
    path: str
    files: list[FoundFile] = field(hash=False)
    partitions: tuple[str, ...] = ()


def find_tables(
    location: str, format: FileFormat | None
) -> tuple[str, FileFormat, list[FoundTable]]:
    """(the place, the format, the tables in it).

    Raises:
        ConfigurationError: if there is nothing, or files of several formats.
    """
    path = location.removeprefix("file://")
    if not is_remote(path):
        path = str(Path(path).expanduser().absolute())
    try:
        files = find_files(path)
    except SourceUnavailableError as error:
        raise ConfigurationError(f"{location} cannot be read: {error}") from None
    if format is None:
        format = _format_of(files, location)
    wanted = [each for each in files if each.path.lower().endswith(SUFFIXES[format])]
    single = len(files) == 1 and files[0].path.rstrip("/") == path.rstrip("/")
    if single and not wanted:
        wanted = files  # one file was named: it is what it was said to be
    if not wanted:
        raise ConfigurationError(_nothing(location, path, files, format))
    if single or glob.has_magic(path):
        return _one_table(path, wanted, format)
    return path, format, _directory(path, wanted)


def _one_table(
    path: str, files: list[FoundFile], format: FileFormat
) -> tuple[str, FileFormat, list[FoundTable]]:
    fixed = path
    while glob.has_magic(fixed):
        fixed = fixed.rpartition("/")[0]
    if fixed == path:
        base, _, name = path.rpartition("/")
        return base, format, [FoundTable(_stem(name), name, files, _partitions(base, files))]
    name = _stem(path.rpartition("/")[2].split("*")[0].rstrip("-_.0")) or _stem(
        fixed.rpartition("/")[2]
    )
    rest = path[len(fixed) :].lstrip("/")
    return fixed, format, [FoundTable(name or "rows", rest, files, _partitions(fixed, files))]


def _directory(base: str, files: list[FoundFile]) -> list[FoundTable]:
    """A table per file, or one of all files below where directories are partitions."""
    grouped: dict[str, list[FoundFile]] = {}
    for each in files:
        inner = each.path[len(base) :].lstrip("/").split("/")
        depth = next((i for i, part in enumerate(inner[:-1]) if "=" in part), None)
        if depth == 0:
            grouped.setdefault("", []).append(each)
        else:
            grouped.setdefault("/".join(inner[:depth]), []).append(each)
    tables = []
    for path, members in sorted(grouped.items()):
        name = _stem((path or base).rstrip("/").rpartition("/")[2])
        start = f"{base}/{path}".rstrip("/")
        tables.append(FoundTable(name, path or ".", members, _partitions(start, members)))
    return tables


def _partitions(base: str, files: list[FoundFile]) -> tuple[str, ...]:
    """The names in `year=2024/month=01/` below `base`, if all files have them."""
    found: list[tuple[str, ...]] = []
    for each in files:
        inner = each.path[len(base) :].lstrip("/").split("/")[:-1]
        found.append(tuple(part.partition("=")[0] for part in inner if "=" in part))
    return found[0] if found and len(set(found)) == 1 else ()


def _stem(name: str) -> str:
    for suffixes in SUFFIXES.values():
        for suffix in sorted(suffixes, key=len, reverse=True):
            if name.lower().endswith(suffix):
                return name[: -len(suffix)]
    return name


def _format_of(files: list[FoundFile], location: str) -> FileFormat:
    found = {
        format
        for each in files
        for format, suffixes in SUFFIXES.items()
        if each.path.lower().endswith(suffixes)
    }
    if len(found) == 1:
        return found.pop()
    if found:
        raise ConfigurationError(
            f"{location} has files of several formats; say which with csv:, parquet: or jsonl:"
        )
    raise ConfigurationError(_nothing(location, location, files, None))


def _nothing(location: str, path: str, files: list[FoundFile], format: FileFormat | None) -> str:
    what = f"{format} file" if format is not None else "CSV, Parquet or JSON lines file"
    if files:
        return f"{location} has no {what}, but {len(files)} of other kinds: check the path"
    if not is_remote(path) and not glob.has_magic(path) and not Path(path).exists():
        return f"there is no file or directory {location}: check the path"
    return f"{location} has no {what}: check the path"
