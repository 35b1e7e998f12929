"""How a CSV file is written: its encoding, what is between its values, and whether it has a header.

Guessed from the first lines, which are looked at and not kept. A file without a header is refused:
the names of its columns are the one thing that nobody can guess.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.file_scan import file_system, is_remote

_HEAD_BYTES = 1024 * 1024
_HEAD_LINES = 200
_DELIMITERS = (",", ";", "\t", "|")
_NUMBER = re.compile(r"[-+]?(\d[\d,. ]*)?\d([eE][-+]?\d+)?%?")
_DATA_LIKE = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+|https?://\S+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-.{12}"
)


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """What must be known to read a CSV file; `header` are the names of its columns."""

    delimiter: str
    encoding: str
    header: tuple[str, ...]
    note: str | None = None


def sniff_csv(path: str, shown: str) -> CsvDialect:
    """Look at the head of a CSV file; `shown` names it in errors.

    Raises:
        ConfigurationError: if it is empty, no text, or has no header.
    """
    head, complete = _head(path, shown)
    if not head.strip():
        raise ConfigurationError(f"{shown} is empty; a CSV file with a line of names was expected")
    text, encoding, note = _decode(head, complete, shown)
    lines = text.splitlines(keepends=True)
    if not complete and len(lines) > 1:
        lines.pop()  # may be cut
    text = "".join(lines[:_HEAD_LINES])
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter)
    if not rows:
        raise ConfigurationError(f"{shown} has no line with values; is it a CSV file?")
    header = tuple(cell.strip() for cell in rows[0])
    _check_header(header, rows[1:], shown)
    _check_widths(text, delimiter, len(header), shown)
    return CsvDialect(delimiter, encoding, header, note)


def _head(path: str, shown: str) -> tuple[bytes, bool]:
    try:
        if is_remote(path):
            with file_system(path).open(path, "rb") as file:
                head = file.read(_HEAD_BYTES)
        else:
            with Path(path).open("rb") as file:
                head = file.read(_HEAD_BYTES)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as packed:
                head = packed.read(_HEAD_BYTES)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(f"{shown} cannot be read: {reason}") from None
    return bytes(head), len(head) < _HEAD_BYTES


def _decode(head: bytes, complete: bool, shown: str) -> tuple[str, str, str | None]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="replace").lstrip("\ufeff"), "utf-16", None
    if b"\0" in head:
        raise ConfigurationError(
            f"{shown} is no text, so no CSV: is it a spreadsheet? Save it as CSV in UTF-8"
        )
    try:
        return head.decode("utf-8-sig"), "utf-8", None
    except UnicodeDecodeError as error:
        if not complete and error.start >= len(head) - 4:  # a sign cut in two
            return head[: error.start].decode("utf-8-sig"), "utf-8", None
    control = sum(byte < 32 and byte not in (9, 10, 13) for byte in head)
    if control > len(head) // 100:
        raise ConfigurationError(f"{shown} is no text, so no CSV: check the path")
    note = "the file is not in UTF-8; it is read as Latin-1 (Western European)"
    return head.decode("latin-1"), "latin-1", note


def _delimiter(text: str) -> str:
    """The sign by which most lines fall into equally many parts, more than one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        counts = Counter(len(row) for row in _rows(text, delimiter))
        if not counts:
            continue
        width, lines = counts.most_common(1)[0]
        score = (lines / counts.total(), width) if width > 1 else (0.0, 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


def _check_header(header: tuple[str, ...], rows: list[list[str]], shown: str) -> None:
    advice = "put a line with the names of the columns first"
    if len(set(header)) < len(header) and all(header):
        twice = next(name for name, count in Counter(header).items() if count > 1)
        if _kind(twice) == "text" and any(_kind(cell) != "text" for row in rows for cell in row):
            raise ConfigurationError(f"{shown} has two columns called {twice[:60]!r}: rename one")
        raise ConfigurationError(f"{shown} has no header, its first line repeats values: {advice}")
    if _is_data(header, rows):
        raise ConfigurationError(f"{shown} has no header, its first line is data: {advice}")
    unnamed = [number for number, name in enumerate(header, start=1) if not name]
    if unnamed:
        raise ConfigurationError(
            f"{shown} has no name for column {unnamed[0]}: {advice}, every column with its own"
        )


def _check_widths(text: str, delimiter: str, width: int, shown: str) -> None:
    """Refuse lines with more or fewer values than there are columns."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    for row in reader:
        if any(row) and len(row) != width:
            raise ConfigurationError(
                f"{shown} has {len(row)} values at line {reader.line_num}, and {width} columns: "
                "mend the line, or quote it"
            )


def _is_data(header: tuple[str, ...], rows: list[list[str]]) -> bool:
    """Whether the first line is like the others: numbers where they have numbers."""
    if any(_DATA_LIKE.fullmatch(cell) for cell in header):
        return True
    kinds = [_kind(cell) for cell in header]
    if any(header) and all(kind != "text" for kind in kinds):
        return True
    typed = 0
    for index, kind in enumerate(kinds):
        below = Counter(_kind(row[index]) for row in rows if index < len(row))
        below.pop("empty", None)
        if not below:
            continue
        usual, count = below.most_common(1)[0]
        if usual == "text" or count < below.total() * 0.9:
            continue
        typed += 1
        if kind == "text":
            return False
    return typed > 0 and any(kind not in ("text", "empty") for kind in kinds)


def _kind(cell: str) -> str:
    text = cell.strip()
    if not text:
        return "empty"
    if _NUMBER.fullmatch(text):
        return "number"
    if text.lower() in ("true", "false"):
        return "boolean"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return "text"
    return "time"
