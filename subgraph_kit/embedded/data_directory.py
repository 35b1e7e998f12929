"""The one directory under which embedded servers keep everything, and who may use it.

Two supervisors on one directory would corrupt each other's servers, so the directory is held by a
lock that the kernel lets go when its holder dies: a killed run leaves no lock behind. Unix sockets
live under the directory too, unless its path is too long for one; then they get a private directory
of their own below the system's temporary directory.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from types import TracebackType

from subgraph_kit.errors import ConfigurationError

MAX_SOCKET_PATH_BYTES = 100
"""Linux allows 107 bytes and macOS 103 for the path of a unix socket."""

LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"


class DataDirectory:
    """A directory held by one process. Use as a context manager; entering creates and locks it.

    Raises:
        ConfigurationError: on entering, if another process holds the directory, or if it cannot
            be created or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock_fd: int | None = None

    def __enter__(self) -> DataDirectory:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ConfigurationError(
                f"The data directory {self.path} cannot be used: {error.strerror}. "
                "Choose another one with --data-dir."
            ) from error
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(lock_fd, 32).decode("ascii", "replace").strip()
            os.close(lock_fd)
            by = f" (process {holder})" if holder.isdigit() else ""
            raise ConfigurationError(
                f"The data directory {self.path} is in use by another run{by}. "
                "Stop that one first, or choose another directory with --data-dir."
            ) from error
        os.ftruncate(lock_fd, 0)
        os.pwrite(lock_fd, f"{os.getpid()}\n".encode(), 0)
        self._lock_fd = lock_fd
        (self.path / "log").mkdir(exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._socket_root(), ignore_errors=True)
        if self._lock_fd is not None:
            os.ftruncate(self._lock_fd, 0)
            os.close(self._lock_fd)
            self._lock_fd = None

    def log_file(self, name: str) -> Path:
        """Where the output of the process `name` goes."""
        return self.path / "log" / f"{name}.log"

    def socket_directory(self, name: str) -> Path:
        """A directory, for this user only, in which the server `name` may put its sockets."""
        root = self._socket_root()
        _make_private(root)
        directory = root / name
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory

    def _socket_root(self) -> Path:
        inside = self.path / "run"
        longest = f"{inside}/{'n' * 12}{LONGEST_SOCKET_NAME}"
        if len(os.fsencode(longest)) <= MAX_SOCKET_PATH_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"dictamesh-{os.getuid()}-{digest}"


def _make_private(directory: Path) -> None:
    """Create `directory`, or make sure that the one there is ours and not a planted link."""
    try:
        directory.mkdir(mode=0o711)
    except FileExistsError:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise ConfigurationError(
                f"{directory} exists and does not belong to this user; remove it, "
                "or set TMPDIR to a directory of your own."
            ) from None
    directory.chmod(0o711)
