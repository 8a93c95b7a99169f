"""Runs the stand-in in the foreground, for a person or for another process."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading

from purger.standin.server import DEFAULT_TOKEN, StandIn


def main() -> int:
    """Print one line of JSON that says where it is, then serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m purger.standin", description=__doc__)
    parser.add_argument("--caches", type=int, default=120, metavar="N", help="caches to begin with (default: 120)")
    parser.add_argument("--repository", default="acme/widgets", metavar="OWNER/NAME")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the token that it accepts")
    parser.add_argument("--no-costs", action="store_true", help="clicks and removals cost the page nothing")
    parser.add_argument("--port", type=int, default=0, help="the front end's port (default: a free one)")
    parser.add_argument("--api-port", type=int, default=0, help="the API's port (default: a free one)")
    given = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    site = StandIn(token=given.token, costs=not given.no_costs, web_port=given.port, api_port=given.api_port)
    try:
        with site:
            site.add_repository(given.repository).fill(given.caches)
            told = {
                "url": site.url,
                "api_url": site.api_url,
                "token": site.token,
                "repository": given.repository,
            }
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        sys.stderr.write(f"The stand-in can't listen there: {error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
