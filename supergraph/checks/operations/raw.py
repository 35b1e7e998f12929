"""The files that operations are recorded in, as bytes: enough to know whether any changed.

Reading is apart from understanding, so that a check of unchanged input need not understand them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supergraph.checks.errors import CheckInputError
from supergraph.checks.settings import OperationSource

MAX_BYTES = 500_000_000
"""Of all files together."""

_ENDINGS = (".graphql", ".gql")
USAGE_FILES = "usage.jsonl*"
"""What the gateway calls its usage files; those with a number are the older ones."""


class RecordKind(StrEnum):
    """How operations are recorded."""

    MANIFEST = "manifest"
    DIRECTORY = "directory"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file with its content. `name` is for people; `client` sends what is in it, if known."""

    kind: RecordKind
    name: str
    content: bytes
    client: str | None = None

    def text(self) -> str:
        """The content as text.

        Raises:
            CheckInputError: if it is not UTF-8.
        """
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise CheckInputError(f"{self.name}: the file is not UTF-8 text.") from None


def guess_source(path: Path) -> OperationSource:
    """What kind of record an unnamed path is: usage files, a directory, or a manifest.

    Raises:
        CheckInputError: if there is nothing.
    """
    if path.is_dir():
        has_usage = next(path.glob(USAGE_FILES), None) is not None
        has_documents = next(_documents(path), None) is not None
        return (
            OperationSource(usage=path)
            if has_usage and not has_documents
            else OperationSource(directory=path)
        )
    if not path.exists():
        raise CheckInputError(
            f"{path}: there are no operations here; name a manifest of persisted documents, a "
            "directory of .graphql files, or usage that the gateway wrote."
        )
    if path.suffix in _ENDINGS:
        return OperationSource(directory=path)
    return OperationSource(usage=path) if ".jsonl" in path.name else OperationSource(manifest=path)


def read_recorded(sources: Iterable[OperationSource]) -> tuple[RecordedFile, ...]:
    """The files of all sources.

    Raises:
        CheckInputError: if one cannot be read or has none.
    """
    found: list[RecordedFile] = []
    total = 0
    for source in sources:
        kind, paths = _paths(source)
        for path in paths:
            content = _bytes(path)
            total += len(content)
            if total > MAX_BYTES:
                raise CheckInputError(
                    f"{source.path}: there are more than {MAX_BYTES} bytes of operations."
                )
            found.append(RecordedFile(kind, str(path), content, source.client))
    return tuple(found)


def _paths(source: OperationSource) -> tuple[RecordKind, list[Path]]:
    if source.directory is not None:
        directory = source.directory
        if directory.is_file():
            return RecordKind.DIRECTORY, [directory]
        _require_directory(directory)
        paths = sorted(_documents(directory))
        if not paths:
            raise CheckInputError(
                f"{directory}: there is no .graphql or .gql file in this directory."
            )
        return RecordKind.DIRECTORY, paths
    if source.usage is not None:
        if source.usage.is_file():
            return RecordKind.USAGE, [source.usage]
        _require_directory(source.usage)
        paths = sorted(source.usage.glob(USAGE_FILES))
        if not paths:
            raise CheckInputError(
                f"{source.usage}: there is no usage file ({USAGE_FILES}); the gateway writes them "
                "if usage.directory is set."
            )
        return RecordKind.USAGE, paths
    return RecordKind.MANIFEST, [source.path]


def _documents(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from (
            path for path in directory.rglob("*") if path.suffix in _ENDINGS and path.is_file()
        )


def _require_directory(path: Path) -> None:
    if not path.exists():
        raise CheckInputError(f"{path}: there is no such file or directory with operations.")


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise CheckInputError(f"{path}: this is a directory, not a file with operations.")
        if path.stat().st_size > MAX_BYTES:
            raise CheckInputError(f"{path}: the file is larger than {MAX_BYTES} bytes.")
        return path.read_bytes()
    except FileNotFoundError:
        raise CheckInputError(f"{path}: there is no such file with operations.") from None
    except OSError as error:
        raise CheckInputError(f"{path}: cannot be read: {error.strerror}.") from None
