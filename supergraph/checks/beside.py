"""Work done beside other work, in a process of its own, where there is a second processor.

A forked process has the graphs already, and only what it finds has to come back. Where the system
cannot fork, or there is one processor only, the work is done when its result is asked for.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")

MIN_BESIDE = 200_000
"""Characters of what is read; with less, work is done sooner than a process is started for it."""


def processors() -> int:
    """How many processes are worth having at once; 1 where none can be forked."""
    if not sys.platform.startswith("linux"):
        return 1
    return min(len(os.sched_getaffinity(0)), 16)


@contextmanager
def beside(work: Callable[[], T], *, worthwhile: bool = True) -> Iterator[Callable[[], T]]:
    """Start some work; calling what is given waits for its result, or raises what it raised.

    What is not `worthwhile` to start a process for is done when it is called. The result and what
    is raised have to be such that they can be pickled. Call it once at most.
    """
    if not worthwhile or processors() < 2:
        yield work
        return
    # No pool: its threads would be copied into the processes that are forked after it.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, sender), daemon=True)
    process.start()
    sender.close()

    def result() -> T:
        try:
            value: T | Exception
            raised, value = receiver.recv()
        except EOFError:
            raise RuntimeError("A process of the check ended before its work was done.") from None
        if raised:
            raise value  # type: ignore[misc] # then it is an exception
        return value  # type: ignore[return-value] # then it is none

    try:
        yield result
    finally:
        process.terminate()
        process.join()
        receiver.close()


def _run(work: Callable[[], object], sender: Connection) -> None:
    gc.disable()  # a collection would write to all the memory that is shared with the parent
    try:
        outcome = False, work()
    except Exception as error:
        outcome = True, error
    sender.send(outcome)
