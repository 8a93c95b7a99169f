"""Count the work for each cache in operations, not in seconds: a busy machine changes nothing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

FEW, MANY = 60, 240
MOST_GROWTH = 1.5
"""Quadratic work would grow by 4."""


def operations(work: Callable[[], object]) -> int:
    """How many operations of Python's the work takes.

    The garbage collector stands still meanwhile: what is called at a collection (by tests with generated data, by
    finalizers of other tests' objects) is no work of this one, and would be counted whenever a collection falls in it.
    """
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    former, collects = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(former)
        if collects:
            gc.enable()
    return count


def growth(work: Callable[[int], Callable[[], object]]) -> float:
    """How much more work a cache is among many than among few."""
    few, many = (operations(work(count)) / count for count in (FEW, MANY))
    return many / few
