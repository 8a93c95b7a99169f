"""Tell which error to show for a fault that ended a command; nothing that logs is imported for it."""

from __future__ import annotations

import errno
import os
import re

from purger.cli.early_signals import Terminated
from purger.core.errors import (
    InstallationError,
    MachineError,
    PurgerError,
    StoppedError,
    TerminatedError,
    UnexpectedError,
)

_SCARCE = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
_SCARCE_WORDS = re.compile(r"can't start new thread|[Cc]annot allocate memory|failed to map segment")
"""What Python and the loader of libraries say of it, without a number."""


def _leaf_of(fault: BaseException) -> BaseException:
    """Return what a group of faults is about, the first that is not one of ours or the first; else the fault itself."""
    while isinstance(fault, BaseExceptionGroup):
        fault = next((one for one in fault.exceptions if not isinstance(one, PurgerError)), fault.exceptions[0])
    return fault


def known(fault: BaseException) -> PurgerError:
    """Return the error to show for a fault: one of ours as it is, also out of a group; else an UnexpectedError."""
    if isinstance(fault, KeyboardInterrupt):
        return StoppedError("stopped by SIGINT")
    if isinstance(fault, Terminated):
        return (StoppedError if fault.name == "SIGINT" else TerminatedError)(f"stopped by {fault.name}")
    leaf = _leaf_of(fault)
    if isinstance(leaf, PurgerError):
        return leaf
    if isinstance(leaf, ImportError) and _may_not_be_run(leaf.path):
        return InstallationError(
            f"purger is installed on a disk whose programs may not be run (noexec): {leaf.path}",
            remedy="Install it in a folder on another disk.",
        )
    if _is_of_the_machine(leaf):
        return MachineError.of(leaf)
    return InstallationError.of(leaf) if isinstance(leaf, ImportError) else UnexpectedError.of(leaf)


def _may_not_be_run(library: str | None) -> bool:
    """Return whether a library lies on a disk from which the system loads none; its words are those for no memory."""
    try:
        return bool(library and os.statvfs(library).f_flag & getattr(os, "ST_NOEXEC", 0))
    except OSError:
        return False


def _is_of_the_machine(fault: BaseException) -> bool:
    """Return whether the system refused memory, a thread or an open file."""
    if isinstance(fault, OSError):
        return fault.errno in _SCARCE
    is_told_by_words = isinstance(fault, RuntimeError | ImportError) and bool(_SCARCE_WORDS.search(str(fault)))
    return isinstance(fault, MemoryError) or is_told_by_words
