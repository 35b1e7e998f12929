"""Runs the demo from the first process to the last: start, tour, stay, stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Coroutine
from typing import Any, TypeVar

from examples.demo.progress import StartProgress
from examples.demo.screen import Screen
from examples.demo.tour import take_tour
from examples.mesh import Mesh, MeshOptions

T = TypeVar("T")


def run_demo(
    options: MeshOptions, *, once: bool, browser: bool = False, screen: Screen | None = None
) -> list[str]:
    """Run the demo; return the checks that did not hold.

    Without `once` the mesh stays up after the tour; with `browser`, GraphiQL is opened then, if
    somebody looks at a screen that can show it.

    Raises:
        ConfigurationError: with a sentence on what to change.
        ChildFailedError: if a process does not start, or dies; with its last log lines.
        KeyboardInterrupt: if it was ended before the tour was over.
    """
    return asyncio.run(_run(options, once, browser, screen or Screen()))


async def _run(options: MeshOptions, once: bool, browser: bool, screen: Screen) -> list[str]:
    began = time.perf_counter()
    interrupted = _InterruptedBySignal()
    failures: list[str] | None = None
    with interrupted, StartProgress(screen) as progress:
        screen.say("Starting the mesh:")
        try:
            async with Mesh(options, progress.report) as mesh:
                await mesh.start()
                progress.__exit__(None, None, None)
                screen.say(f"The mesh is up after {time.perf_counter() - began:.1f} s.")
                failures = await _unless_a_child_dies(mesh, take_tour(mesh, screen))
                if not once:
                    await mesh.start_source("vendor")
                    _say_how_to_go_on(mesh, screen, failures)
                    if browser and screen.is_terminal and _has_display():
                        await asyncio.to_thread(webbrowser.open, mesh.gateway_url)
                    await _unless_a_child_dies(mesh, asyncio.Event().wait())
                screen.say("Stopping.")
        except asyncio.CancelledError:
            if failures is None or once:
                raise KeyboardInterrupt from None
    return failures or []


async def _unless_a_child_dies(mesh: Mesh, work: Coroutine[Any, Any, T]) -> T:
    """Do the work; a process of the mesh that dies meanwhile ends it with a sentence."""
    working = asyncio.ensure_future(work)
    death = asyncio.ensure_future(mesh.supervisor.next_death())
    try:
        await asyncio.wait([working, death], return_when=asyncio.FIRST_COMPLETED)
        if death.done() and not working.done():
            raise death.result()
        return await working
    finally:
        for task in (working, death):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


def _say_how_to_go_on(mesh: Mesh, screen: Screen, failures: list[str]) -> None:
    screen.heading("The mesh stays up")
    if failures:
        screen.say(f"{len(failures)} checks did not hold; they are marked FAIL above.")
    screen.say(f"GraphiQL: {mesh.gateway_url}")
    screen.say(f"Logs:     {mesh.data_dir / 'log'}")
    screen.say("Ctrl-C ends it.")


def _has_display() -> bool:
    """Whether a browser would have a window; a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


class _InterruptedBySignal:
    """Lets SIGINT, SIGTERM and SIGHUP cancel the present task, once: the end is not interrupted."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101 - called in a coroutine
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            if not interrupted:
                interrupted = True
                task.cancel()

        for number in self.SIGNALS:
            loop.add_signal_handler(number, interrupt)

    def __exit__(self, *exception: object) -> None:
        for number in self.SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
