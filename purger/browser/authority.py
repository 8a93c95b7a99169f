"""Read the certificates of an authority that is trusted besides the system's store, such as a company's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from purger.core.errors import InputError

OPTION = "--ca-file"
OWN_VARIABLE = "PURGER_CA_FILE"
VARIABLES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
"""Those of other programs, in the order in which they count."""
LARGEST_BYTES = 20_000_000
_PEM = re.compile(rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----.+?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Authority:
    """Certificates that are trusted: where they are from, and which option or variable named that."""

    path: str
    source: str
    certificates: bytes = field(repr=False)
    """One after the other: PEM, or a single one as DER."""

    @classmethod
    def named(cls, given: Path | None, environ: Mapping[str, str]) -> Authority | None:
        """Read the file of `--ca-file`, or that of the first variable that names one; None where none does.

        A folder stands for all files in it. Raises InputError where there is nothing to read, or no certificate in it.
        """
        if given is not None:
            return cls.read(given, OWN_VARIABLE if environ.get(OWN_VARIABLE) == str(given) else OPTION)
        for variable in VARIABLES:
            if path := environ.get(variable, "").strip():
                return cls.read(Path(path), variable)
        return None

    @classmethod
    def read(cls, path: Path, source: str) -> Authority:
        """Read a file, or all files of a folder. Raises InputError, which names the source."""
        remedy = f"Let {source} name a file with the authority's certificate (PEM), or unset it."
        try:
            content = _content_of(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no path"
            raise InputError(f"what {source} names can't be read: {why}", where=str(path), remedy=remedy) from None
        blocks = b"\n".join(match[0] for match in _PEM.finditer(content))
        authority = cls(str(path), source, blocks + b"\n" if blocks else content)
        if not content or len(content) > LARGEST_BYTES or not authority.is_readable:
            raise InputError(f"what {source} names holds no certificate", where=str(path), remedy=remedy)
        return authority

    @property
    def is_readable(self) -> bool:
        """Whether OpenSSL reads the certificates."""
        import ssl

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=self.as_cadata)
        except ssl.SSLError:
            return False
        return True

    @property
    def as_cadata(self) -> str | bytes:
        """The certificates as `SSLContext.load_verify_locations` takes them: PEM as text, DER as bytes."""
        return self.certificates.decode("ascii", "ignore") if _PEM.match(self.certificates) else self.certificates


def _content_of(path: Path) -> bytes:
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if file.is_file()]
        return b"\n".join(pem for file in files if _PEM.search(pem := _start_of(file)))
    return _start_of(path)


def _start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)
