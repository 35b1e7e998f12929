"""One run of `dictamesh dev`: start everything, then follow what changes until it is ended.

A subgraph whose files change is started again; where a configuration, a schema file or a subgraph
changed, the graph is composed again; the gateway takes a new supergraph over by itself and keeps
the last good one. A process that dies is started again after a pause that grows while it keeps
dying. Nothing that goes wrong ends the run: it is said, and the next change is waited for.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from subgraph_kit.dev.config import DevPlan, Program, load_plan
from subgraph_kit.dev.files import Stamps, stamps
from subgraph_kit.dev.logs import LogFollower
from subgraph_kit.embedded import (
    ChildFailedError,
    ChildSpec,
    EmbeddedPostgres,
    EmbeddedRedis,
    Supervisor,
    http_ok,
    tcp_open,
)
from subgraph_kit.errors import ConfigurationError

LOOK_SECONDS = 0.4
QUIET_SECONDS = 0.1
"""Several changes in a row (a checkout, an editor that writes in steps) are one change."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
ELSEWHERE_SECONDS = 10.0
"""How often subgraphs that others run are asked for their schema."""

GATEWAY = "gateway"
COMPOSE = "compose"

Say = Callable[[str, str], None]
"""Takes who speaks (a subgraph, `gateway`, `dev`) and a line."""


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What the command line says. With `services`, embedded PostgreSQL and Redis are started."""

    port: int
    services: bool = False


@dataclass(slots=True)
class _Part:
    """A process that is kept running. `again_at` is when to start it again after a failure."""

    spec: ChildSpec
    watch: tuple[Path, ...] = ()
    seen: Stamps = field(default_factory=dict)
    pause_seconds: float = FIRST_PAUSE_SECONDS
    again_at: float | None = None


class DevSession:
    """Holds the processes of one run. `plan` is read and checked by the caller."""

    def __init__(
        self, plan: DevPlan, options: DevOptions, supervisor: Supervisor, say: Say
    ) -> None:
        self._plan = plan
        self._options = options
        self._supervisor = supervisor
        self._say = say
        self._parts: dict[str, _Part] = {}
        self._environment: dict[str, str] = {}
        self._gateway_options: list[str] = []
        self._logs = LogFollower()
        self._followed: dict[str, Path] = {}
        self._deaths: list[ChildFailedError] = []
        self._serving = False
        self._asked_at = 0.0

    @property
    def supergraph(self) -> Path:
        """The composed supergraph: the last one that composed."""
        return self._supervisor.directory.path / "supergraph.graphql"

    async def run(self) -> None:
        """Start everything and follow changes; ends only by being cancelled.

        Raises:
            ConfigurationError: if the embedded servers cannot be used.
            ChildFailedError: if they do not start.
        """
        self.supergraph.unlink(missing_ok=True)  # the last run's graph is not this one's
        beside = [
            asyncio.create_task(self._show_logs()),
            asyncio.create_task(self._collect_deaths()),
        ]
        try:
            if self._options.services:
                await self._start_services()
            configured = self._configuration_stamps()
            self._parts = {p.name: self._part(p) for p in self._plan.programs}
            await self._start(self._parts)
            await self._compose()
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                configured = await self._look(configured)
        finally:
            for task in beside:
                task.cancel()
            self._show_new_lines()

    # --- Following -------------------------------------------------------------------------

    async def _look(self, configured: Stamps) -> Stamps:
        """React to what happened since the last look; return the configuration's stamps."""
        now = await self._settled(self._configuration_stamps)
        compose = now != configured
        restart = set(self._note_deaths())
        if compose:
            restart |= await self._take_over_plan()
        for name, part in self._parts.items():
            if part.watch and await asyncio.to_thread(stamps, part.watch) != part.seen:
                part.seen = await self._settled(lambda part=part: stamps(part.watch))  # type: ignore[misc]
                part.pause_seconds = FIRST_PAUSE_SECONDS
                self._say("dev", f"{name} changed.")
                restart.add(name)
        if restart:
            compose |= await self._start(restart)
        if self._plan.elsewhere and time.monotonic() - self._asked_at > ELSEWHERE_SECONDS:
            compose = True
        if compose:
            await self._compose()
        return now

    async def _settled(self, look: Callable[[], Stamps]) -> Stamps:
        seen = await asyncio.to_thread(look)
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            later = await asyncio.to_thread(look)
            if later == seen:
                return seen
            seen = later

    def _configuration_stamps(self) -> Stamps:
        plan = self._plan
        return stamps((plan.supergraph_config, plan.dev_file, *plan.schema_files))

    async def _take_over_plan(self) -> set[str]:
        """Read the configuration again; return the parts to start."""
        try:
            plan = await asyncio.to_thread(load_plan, self._plan.supergraph_config)
        except ConfigurationError as error:
            self._say("dev", f"{error} The mesh stays as it was.")
            return set()
        before = {program.name: program for program in self._plan.programs}
        after = {program.name: program for program in plan.programs}
        self._plan = plan
        for name in before.keys() - after.keys():
            await self._supervisor.stop(name)
            del self._parts[name]
            self._say("dev", f"{name} is no longer part of the mesh.")
        changed = {name for name, program in after.items() if before.get(name) != program}
        self._parts |= {name: self._part(after[name]) for name in changed}
        return changed

    def _note_deaths(self) -> list[str]:
        """Say who died; return those whose pause is over."""
        while self._deaths:
            error = self._deaths.pop(0)
            self._say("dev", _first_line(error))
            if error.name in self._parts:
                self._later(self._parts[error.name])
        now = time.monotonic()
        return [name for name, p in self._parts.items() if p.again_at and p.again_at <= now]

    def _later(self, part: _Part) -> None:
        part.again_at = time.monotonic() + part.pause_seconds
        part.pause_seconds = min(part.pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    # --- Starting --------------------------------------------------------------------------

    async def _start(self, names: Iterable[str]) -> bool:
        """Start these parts, those that run anew; whether any subgraph came up."""
        started = await asyncio.gather(*(self._start_one(self._parts[name]) for name in names))
        return any(started)

    async def _start_one(self, part: _Part) -> bool:
        name, part.again_at = part.spec.name, None
        began = time.monotonic()
        await self._supervisor.stop(name)
        self._follow(name)
        try:
            await self._supervisor.start(part.spec)
        except (ChildFailedError, ConfigurationError) as error:
            self._say("dev", f"{_first_line(error)} It is started again when its files change.")
            self._later(part)
            return False
        took = time.monotonic() - began
        self._say("dev", f"{name} is up ({took:.1f} s).")
        return name != GATEWAY

    def _part(self, program: Program) -> _Part:
        spec = ChildSpec(
            program.name,
            program.command,
            environment={
                "PYTHONUNBUFFERED": "1",
                **self._environment,
                **program.environment,
            },
            directory=program.directory,
            ready=tcp_open(program.port),
        )
        return _Part(spec, program.watch, stamps(program.watch))

    async def _compose(self) -> None:
        """Compose, and serve the outcome; the gateway keeps what it has if that fails."""
        self._asked_at = time.monotonic()
        self._follow(COMPOSE)
        command = ["supergraph", "compose", "--config", str(self._plan.supergraph_config)]
        try:
            await self._supervisor.run(_dictamesh(COMPOSE, *command, "--out", str(self.supergraph)))
        except ChildFailedError:
            self._show_new_lines()
            kept = "stays as it was" if self._serving else "is served once it composes"
            self._say("dev", f"The graph does not compose: the reasons are above. It {kept}.")
            return
        if not self._serving:
            self._serving = True
            await self._serve()

    async def _serve(self) -> None:
        command = ["gateway", "run", "--supergraph", str(self.supergraph)]
        spec = _dictamesh(
            GATEWAY, *command, "--port", str(self._options.port), *self._gateway_options
        )
        spec = replace(
            spec, ready=http_ok(self._options.port, "/health"), environment=self._environment
        )
        self._parts[GATEWAY] = _Part(spec)
        if not await self._start_one(self._parts[GATEWAY]) and self._parts[GATEWAY].again_at:
            return
        self._say("dev", f"The graph: http://127.0.0.1:{self._options.port}/graphql")

    async def _start_services(self) -> None:
        catalog, cache = EmbeddedPostgres(self._supervisor), EmbeddedRedis(self._supervisor)
        await asyncio.gather(catalog.start(), cache.start())
        self._environment = {
            "DICTAMESH_CATALOG_DSN": catalog.dsn(),
            "DICTAMESH_EVENTS_URL": catalog.dsn(),
            "DICTAMESH_REDIS_URL": cache.url,
        }
        self._gateway_options = ["--redis", cache.url]
        self._say("dev", "PostgreSQL and Redis are up.")

    # --- Watching the processes ------------------------------------------------------------

    def _follow(self, name: str) -> None:
        log = self._supervisor.directory.log_file(name)
        self._followed[name] = log
        self._logs.follow(log)

    async def _show_logs(self) -> None:
        while True:
            self._show_new_lines()
            await asyncio.sleep(QUIET_SECONDS)

    def _show_new_lines(self) -> None:
        for name, log in self._followed.items():
            for line in self._logs.new_lines(log):
                self._say(name, line)

    async def _collect_deaths(self) -> None:
        while True:
            self._deaths.append(await self._supervisor.next_death())


def _dictamesh(name: str, *arguments: str) -> ChildSpec:
    return ChildSpec(name, (sys.executable, "-m", "dictamesh", *arguments))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].removesuffix(":").split(" Its last lines")[0]
