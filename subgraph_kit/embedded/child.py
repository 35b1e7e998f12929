"""One process under supervision: what to start, how to see that it is ready, how to stop it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from subgraph_kit.errors import ConfigurationError, KitError

TAIL_LINES = 8
TAIL_BYTES = 8192

Probe = Callable[[], Awaitable[bool]]


async def always_ready() -> bool:
    """The probe of a process that needs none."""
    return True


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run under the name `name`.

    `environment` is added to the supervisor's own. `ready` is asked again and again until it says
    True. Children with a higher `tier` are stopped before those with a lower one: servers that
    others need have tier 0.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    ready: Probe = always_ready
    ready_timeout_seconds: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_seconds: float = 8.0
    user_id: int | None = None
    group_id: int | None = None
    tier: int = 1


class ChildFailedError(KitError):
    """A supervised process ended, or did not become ready. The text has its last log lines."""

    code = "CHILD_FAILED"

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Child:
    """A started process. It leads a process group, so that nothing it started is left behind."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.stopping = False
        self._process = process

    @classmethod
    async def spawn(cls, spec: ChildSpec, log: Path) -> Child:
        """Start the process; its output is appended to `log`.

        Raises:
            ConfigurationError: if the program is not there or may not be run.
        """
        rights: dict[str, Any] = {}
        if spec.user_id is not None:
            rights = {"user": spec.user_id, "group": spec.group_id, "extra_groups": []}
        log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_fd,
                stderr=log_fd,
                cwd=spec.directory,
                env={**os.environ, **spec.environment},
                start_new_session=True,
                **rights,
            )
        except OSError as error:
            raise ConfigurationError(
                f"{spec.name} cannot be started: {spec.command[0]}: {error.strerror}."
            ) from error
        finally:
            os.close(log_fd)
        return cls(spec, process, log)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        return await self._process.wait()

    async def wait_ready(self) -> None:
        """Return once the probe says so.

        Raises:
            ChildFailedError: if the process ends before, or takes longer than it may.
        """
        ended = asyncio.ensure_future(self._process.wait())
        pause = 0.02
        try:
            async with asyncio.timeout(self.spec.ready_timeout_seconds):
                while not ended.done():
                    if await self.spec.ready():
                        return
                    await asyncio.wait([ended], timeout=pause)
                    pause = min(pause * 1.5, 0.25)
        except TimeoutError:
            raise ChildFailedError(
                self.spec.name,
                f"{self.spec.name} was not ready within {self.spec.ready_timeout_seconds:g} s."
                + self.last_words(),
            ) from None
        finally:
            ended.cancel()
        raise ChildFailedError(self.spec.name, self.obituary("while starting"))

    async def stop(self) -> None:
        """Ask the process to end, insist after its time, and end what is left of its group."""
        self.stopping = True
        if self.running:
            self._signal(self.spec.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.spec.stop_timeout_seconds):
                    await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End the process and its group at once, as a crash would."""
        self.stopping = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()

    def obituary(self, moment: str) -> str:
        """One sentence on how the process ended, with its last log lines below."""
        code = self._process.returncode
        if code is None:
            how = "is still running"
        elif code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        else:
            how = f"ended with exit code {code}"
        return f"{self.spec.name} {how} {moment}." + self.last_words()

    def last_words(self) -> str:
        """The last lines of the log and where it is, to follow a sentence."""
        lines = tail(self.log)
        if not lines:
            return f" It wrote nothing to {self.log}."
        return f" Its last lines in {self.log}:\n" + "\n".join(f"  {line}" for line in lines)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def tail(log: Path, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a log, without empty ones; an absent log has none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return list(deque((line for line in text.splitlines() if line.strip()), maxlen=lines))
