"""Ports on loopback at which nobody listens until the test does."""

from __future__ import annotations

import contextlib
import random
import socket

# The system gives the ports above these to whoever asks for any, so to what other tests connect from, too.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port that is free, and stays so: nothing is given it by chance."""
    chosen = random.SystemRandom()  # the seed of a test run is the same in all workers
    while True:
        port = chosen.choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
