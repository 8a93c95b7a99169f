"""Make calls at the same time, and return what all of them find."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from purger.core.errors import PurgerError

Found = TypeVar("Found")


async def all_of(calls: Sequence[Coroutine[Any, Any, list[Found]]]) -> list[Found]:
    """Return what all of the calls find, together.

    Raises the first error as it is: callers know errors, not groups of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        known = [error for error in errors.exceptions if isinstance(error, PurgerError)]
        if len(known) < len(errors.exceptions):
            raise
        raise known[0] from None
    return [item for task in tasks for item in task.result()]
