"""Starts, watches and stops the servers and processes of an embedded mesh.

    async with Supervisor(Path(".dictamesh")) as supervisor:
        await supervisor.start(child_spec)
        ...

On leaving, however that happens, every child is stopped by its process id, those that others need
last. When a supervisor is killed outright, the next one on the same directory ends what it left
running; `orphans.py` says how that is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import TracebackType

from subgraph_kit.embedded.child import Child, ChildFailedError, ChildSpec
from subgraph_kit.embedded.data_directory import DataDirectory
from subgraph_kit.embedded.extra import require_embedded
from subgraph_kit.embedded.orphans import MARK, end_orphans, mark_of


class Supervisor:
    """Holds a data directory and the processes that run on it.

    Raises:
        ConfigurationError: on entering, if the directory is in use or cannot be used.
    """

    def __init__(self, data_dir: Path) -> None:
        self.directory = DataDirectory(data_dir)
        self._children: dict[str, Child] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._deaths: asyncio.Queue[ChildFailedError] = asyncio.Queue()

    async def __aenter__(self) -> Supervisor:
        self.directory.__enter__()
        try:
            await asyncio.to_thread(end_orphans, self.directory.path, self._notes_file)
        except BaseException:
            self.directory.__exit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.stop_all()
        finally:
            self.directory.__exit__(kind, error, trace)

    async def start(self, spec: ChildSpec) -> Child:
        """Start a process and wait until it is ready.

        Raises:
            ConfigurationError: if the program is not there.
            ChildFailedError: if it ends or does not become ready in time; it is gone then.
        """
        if spec.name in self._children and self._children[spec.name].running:
            raise ValueError(f"{spec.name} is running already")
        child = await self._spawn(spec)
        try:
            await child.wait_ready()
        except BaseException:
            await child.stop()
            self._forget(child)
            raise
        watcher = asyncio.create_task(self._watch(child))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return child

    async def run(self, spec: ChildSpec) -> None:
        """Run a process to its end.

        Raises:
            ConfigurationError: if the program is not there.
            ChildFailedError: if it does not end with 0.
        """
        child = await self._spawn(spec)
        try:
            code = await child.wait()
        finally:
            await child.stop()
            self._forget(child)
        if code:
            raise ChildFailedError(spec.name, child.obituary("before it was done"))

    async def stop(self, name: str) -> None:
        """Stop one child in good order; one that does not run is none to stop."""
        child = self._children.get(name)
        if child is not None:
            await child.stop()
            self._forget(child)

    async def kill(self, name: str) -> None:
        """End one child as a crash would, on purpose: it is not reported as a death."""
        child = self._children.get(name)
        if child is not None:
            await child.kill()
            self._forget(child)

    def running(self) -> list[str]:
        """The names of the children that run, in the order of their start."""
        return [name for name, child in self._children.items() if child.running]

    def pids(self) -> dict[str, int]:
        """The process ids of the children that run."""
        return {name: child.pid for name, child in self._children.items() if child.running}

    async def next_death(self) -> ChildFailedError:
        """Wait for a child to end that nobody stopped; return the sentence on it."""
        return await self._deaths.get()

    async def stop_all(self) -> None:
        """Stop all children: higher tiers first, those of one tier together.

        Goes on when it is cancelled, and is cancelled when it is done: a second Ctrl-C must not
        leave processes behind.
        """
        stopping = asyncio.ensure_future(self._stop_all())
        cancelled = False
        while not stopping.done():
            try:
                await asyncio.shield(stopping)
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError
        stopping.result()

    async def _stop_all(self) -> None:
        children = sorted(self._children.values(), key=lambda child: -child.spec.tier)
        for _tier, group in groupby(children, key=lambda child: child.spec.tier):
            await asyncio.gather(*(child.stop() for child in group))
        for watcher in list(self._watchers):
            watcher.cancel()
        self._children.clear()
        self._note()

    async def _spawn(self, spec: ChildSpec) -> Child:
        """Start the process; once it is there it is noted, so that `stop_all` ends it."""

        async def spawn() -> Child:
            mark = {MARK: mark_of(self.directory.path, spec)}
            marked = replace(spec, environment={**spec.environment, **mark})
            child = await Child.spawn(marked, self.directory.log_file(spec.name))
            self._children[spec.name] = child
            self._note()
            return child

        spawning = asyncio.ensure_future(spawn())
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await spawning
            raise

    async def _watch(self, child: Child) -> None:
        await child.wait()
        if not child.stopping:
            await child.kill()  # what is left of its group
            self._forget(child)
            self._deaths.put_nowait(
                ChildFailedError(child.spec.name, child.obituary("without being asked to"))
            )

    def _forget(self, child: Child) -> None:
        if self._children.get(child.spec.name) is child:
            del self._children[child.spec.name]
        self._note()

    @property
    def _notes_file(self) -> Path:
        return self.directory.path / "children.json"

    def _note(self) -> None:
        """Write down which processes run, whole or not at all."""
        psutil = require_embedded("psutil")
        notes = []
        for child in self._children.values():
            with contextlib.suppress(psutil.Error):
                started = psutil.Process(child.pid).create_time()
                notes.append(
                    {
                        "name": child.spec.name,
                        "pid": child.pid,
                        "started": started,
                        "stop_signal": int(child.spec.stop_signal),
                        "tier": child.spec.tier,
                    }
                )
        draft = self._notes_file.with_suffix(".tmp")
        draft.write_text(json.dumps(notes))
        draft.replace(self._notes_file)
