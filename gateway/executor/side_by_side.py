"""Coroutines that run at the same time.

`asyncio.TaskGroup` does more than a plan needs (any number of children, at any time, that may fail)
at the price of a subgraph call. What runs here handles its own failures; only being cancelled ends
it early, and then it is ended as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any


async def run_side_by_side(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all of `works` to their end; the first one in the caller's own task.

    If the caller is cancelled, or one of `works` raises, the others are cancelled and waited for.
    """
    loop = asyncio.get_running_loop()
    others = [loop.create_task(work) for work in works[1:]]
    try:
        await works[0]
        for task in others:
            await task
    except BaseException:
        for task in others:
            task.cancel()
        # Each of them may have to give something back before it ends.
        await asyncio.gather(*others, return_exceptions=True)
        raise
