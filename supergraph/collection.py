"""Pause Python's cyclic garbage collector while something large is built.

Composing or loading a graph of thousands of types makes millions of objects that all live until the
end. The collector looks through them again and again and finds nothing: more than half of the time
went there. What is no longer used is freed at once all the same, by its reference count.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No cyclic collection inside the block; whoever had switched it off finds it off.

    The switch is the whole process's: of blocks that overlap in threads, the first to end switches
    it on again, which costs the others time and nothing else.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
