"""Files to disk as a whole: all of them or, whatever happens, none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from subgraph_kit.errors import ConfigurationError


def check_new_directory(directory: Path) -> None:
    """Say early that a project cannot be written there.

    Raises:
        ConfigurationError: if something is there already, or nothing could be.
    """
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise ConfigurationError(f"{directory} is no directory: choose another place with --out")
    if directory.is_dir() and any(directory.iterdir()):
        raise ConfigurationError(
            f"{directory} exists and is not empty: choose another place with --out, or run "
            "`dictamesh subgraph update` if it is a project made before"
        )


def write_project(directory: Path, files: Mapping[str, str]) -> None:
    """Write a new project: into a directory beside it, which then takes the name.

    Raises:
        ConfigurationError: if it cannot be written; nothing is left behind.
    """
    check_new_directory(directory)
    parent = directory.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=parent))
    except OSError as error:
        raise ConfigurationError(f"{parent} cannot be written to: {error.strerror}") from None
    try:
        for path, text in files.items():
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        staging.chmod(0o777 & ~_umask())
        staging.replace(directory)
    except OSError as error:
        raise ConfigurationError(f"{directory} cannot be written: {error.strerror}") from None
    finally:
        # Still there only if it did not take the name: an error, or Ctrl-C.
        shutil.rmtree(staging, ignore_errors=True)


def change_project(directory: Path, files: Mapping[str, str | None]) -> None:
    """Replace, add and (where the text is None) delete files; on any failure all are as before.

    Raises:
        ConfigurationError: if something cannot be written.
    """
    before: dict[Path, bytes | None] = {}
    try:
        for path, text in files.items():
            target = directory / path
            before[target] = target.read_bytes() if target.is_file() else None
            if text is None:
                target.unlink(missing_ok=True)
                _remove_empty(target.parent, directory)
            else:
                _replace(target, text.encode())
    except BaseException as error:
        for target, content in before.items():
            if content is None:
                target.unlink(missing_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        if isinstance(error, OSError):
            raise ConfigurationError(
                f"{directory} cannot be changed ({error.strerror}); everything is as it was"
            ) from None
        raise


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove_empty(directory: Path, root: Path) -> None:
    while directory != root and directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
        directory = directory.parent


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
