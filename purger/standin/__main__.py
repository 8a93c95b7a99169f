"""Run the stand-in in the foreground, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import threading

from purger.standin.server import DEFAULT_TOKEN, StandIn


def main() -> int:
    """Print one line of JSON with its addresses, then serve until SIGINT or SIGTERM. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m purger.standin", description=__doc__)
    parser.add_argument("--caches", type=int, default=120, metavar="N", help="caches at the start (default: 120)")
    parser.add_argument("--repository", default="acme/widgets", metavar="OWNER/NAME")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the token to accept")
    parser.add_argument("--no-costs", action="store_true", help="do not simulate the time that the page's script takes")
    parser.add_argument("--port", type=int, default=0, help="the port of the front end (default: a free one)")
    parser.add_argument("--api-port", type=int, default=0, help="the port of the API (default: a free one)")
    parser.add_argument("--tls", action="store_true", help="serve https:// at names of their own, over HTTP/2")
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    site = StandIn(
        token=arguments.token,
        costs=not arguments.no_costs,
        ports=(arguments.port, arguments.api_port),
        tls=arguments.tls,
    )
    try:
        with site:
            site.add_repository(arguments.repository).fill(arguments.caches)
            addresses = {
                "url": site.url,
                "api_url": site.api_url,
                "token": site.token,
                "repository": arguments.repository,
            }
            if arguments.tls:
                addresses["authority_file"] = str(site.authority_file)
                sys.stderr.write(f"To trust it, set PURGER_CA_FILE={shlex.quote(addresses['authority_file'])}\n")
            sys.stdout.write(json.dumps(addresses) + "\n")
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        sys.stderr.write(f"The stand-in can't listen on this port: {error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
