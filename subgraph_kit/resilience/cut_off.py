"""A time-out around awaited work that nearly always ends in time.

`asyncio.timeout` sets a timer of the event loop and takes it back, which costs as much as writing a
request. Here time-outs that end in the same tick share a slot, and a loop has one timer for all of
its slots: entering and leaving is a few dictionary operations.

    with cut_off(seconds) as limit:
        await work()          # cancelled when the time is up; the block then raises TimeoutError

A cut-off never comes early, and at most a tick late. The block belongs to the task that entered it.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Protocol

TICK_SECONDS = 0.01
"""Time-outs are tenths of seconds to minutes: a hundredth more is not noticed."""

_TICKS_PER_SECOND = 1 / TICK_SECONDS


class CutOff:
    """The context manager of `cut_off`; `expired` tells afterwards whether its time came."""

    __slots__ = ("_cancelling", "_seconds", "_task", "_tick", "_wheel", "expired")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.expired = False

    def __enter__(self) -> CutOff:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time-out needs a task to cancel")
        self._task: asyncio.Task[object] = task
        self._cancelling = task.cancelling()
        self._wheel = wheel()
        self._tick = self._wheel.add(self, self._seconds)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.expired:
            self._wheel.remove(self, self._tick)
        # As asyncio.timeout: somebody else's wish to cancel the task must not get lost.
        elif self._task.uncancel() <= self._cancelling and error_type is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """End the block; called when its time has come."""
        self.expired = True
        self._task.cancel()


def cut_off(seconds: float) -> CutOff:
    """End the body of a `with` by cancelling what it awaits after `seconds`, with TimeoutError."""
    return CutOff(seconds)


class Expiring(Protocol):
    """What has a time-out: `expire` is called when its time has come."""

    def expire(self) -> None:
        """End it; the wheel has forgotten it already."""


class Wheel:
    """What may expire in one event loop, by the tick in which it does."""

    __slots__ = ("_slots", "_time", "_timer", "_timer_tick", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._time = loop.time
        self._slots: dict[int, set[Expiring]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_tick = 0

    def add(self, expiring: Expiring, seconds: float) -> int:
        """Let something expire in `seconds`; returns the tick to remove it from."""
        tick = int((self._time() + (seconds if seconds > 0.0 else 0.0)) * _TICKS_PER_SECOND) + 1
        slot = self._slots.get(tick)
        if slot is None:
            slot = self._slots[tick] = set()
            if self._timer is None or tick < self._timer_tick:
                self._wake_at(tick)
        slot.add(expiring)
        return tick

    def remove(self, expiring: Expiring, tick: int) -> None:
        """Take something out before its time."""
        slot = self._slots.get(tick)
        if slot is not None:
            slot.discard(expiring)
            if not slot:
                # The timer stays: it finds out by itself that there is nothing to do.
                del self._slots[tick]

    def _wake_at(self, tick: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_tick = tick
        # A little later: some loops keep time in milliseconds, and would come too early.
        self._timer = self.loop.call_at(tick * TICK_SECONDS + 0.001, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now = self.loop.time() / TICK_SECONDS
        for tick in [tick for tick in self._slots if tick <= now]:
            for expiring in self._slots.pop(tick):
                expiring.expire()
        if self._slots:
            self._wake_at(min(self._slots))


class _Local(threading.local):
    wheel: Wheel | None = None


_local = _Local()


def wheel() -> Wheel:
    """The wheel of the running loop; a thread runs one loop at a time."""
    loop = asyncio.get_running_loop()
    known = _local.wheel
    if known is None or known.loop is not loop:
        known = _local.wheel = Wheel(loop)
    return known
