"""Which executor answers operations."""

from __future__ import annotations

from typing import Literal, TypeAlias

ExecutorChoice: TypeAlias = Literal["auto", "interpreter", "compiled"]
"""The executors differ in speed only.

`auto` compiles an operation's plan after its first uses, `compiled` at its first use, `interpreter`
never. Operations whose entities may be cached are always interpreted.
"""
