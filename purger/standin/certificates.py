"""Issue the stand-in's certificates: good ones of a throw-away authority, and those that a client has to reject."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, Self

from trustme import CA, LeafCert

from purger.standin.faults import Origin

Certificate = Literal["valid", "wrong_host", "expired", "not_yet_valid", "other_authority", "new_key"]

_ELSEWHERE = "elsewhere.localhost"
_DAY = timedelta(days=1)


@cache
def _authority() -> CA:
    """Return the authority of this process."""
    return CA()


@cache
def _valid_leaf(host: str) -> LeafCert:
    """Return the host's valid certificate, with its key."""
    return _issued(host, "valid")


def _issued(host: str, kind: Certificate) -> LeafCert:
    """Return a new certificate of this kind, with a new key."""
    now = datetime.now(UTC)
    authority = CA() if kind == "other_authority" else _authority()
    return authority.issue_cert(
        _ELSEWHERE if kind == "wrong_host" else host,
        not_before=now + _DAY if kind == "not_yet_valid" else now - 30 * _DAY,
        not_after=now - _DAY if kind == "expired" else now + 30 * _DAY,
    )


class Certificates:
    """The certificates of the origins, of an authority that exists for one process.

    All stand-ins of a process show the same valid certificate of a host, so that their browsers can be the same, too.
    `hosts` are the origins' host names. With `http2` the servers offer it before HTTP/1.1. `authority_file` is the
    authority's own certificate (PEM), which exists during a `with` block.
    """

    def __init__(self, hosts: Mapping[Origin, str], *, http2: bool) -> None:
        self._hosts = hosts
        self._offered = ["h2", "http/1.1"] if http2 else ["http/1.1"]
        self._valid = {origin: self._context_with(_valid_leaf(host)) for origin, host in hosts.items()}

    def context(self, origin: Origin, kind: Certificate = "valid") -> ssl.SSLContext:
        """Return an origin's TLS context with a certificate of this kind.

        The valid one is always the same. The others are issued anew, each with a new key, and resume no session of
        another context: a client sees the new certificate at its next connection.
        """
        return self._valid[origin] if kind == "valid" else self._context_with(_issued(self._hosts[origin], kind))

    def _context_with(self, leaf: LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(self._offered)
        leaf.configure_cert(context)
        return context

    def __enter__(self) -> Self:
        with tempfile.NamedTemporaryFile(prefix="standin-authority-", suffix=".pem", delete=False) as made:
            made.write(_authority().cert_pem.bytes())
        self.authority_file = Path(made.name)
        return self

    def __exit__(self, *_: object) -> None:
        self.authority_file.unlink(missing_ok=True)
