"""Read the certificates of an authority that is trusted besides the system's store, such as a company's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from purger.core.errors import InputError
from purger.secrets.files import read_whole

if TYPE_CHECKING:
    import ssl

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
    certificates: tuple[bytes, ...] = field(repr=False)
    """Each as PEM, or a single one as DER."""

    @classmethod
    def named(cls, given: Path | None, environ: Mapping[str, str]) -> Authority | None:
        """Read the file of `--ca-file`, or that of the first variable that names one; None where none does.

        A folder stands for all files in it. Raises InputError where there is nothing to read, or no certificate in it.
        """
        if given is not None:
            own = environ.get(OWN_VARIABLE, "")
            return cls.read(given, OWN_VARIABLE if own and Path(own) == given else OPTION)
        for variable in VARIABLES:
            if path := environ.get(variable, "").strip():
                return cls.read(Path(path), variable)
        return None

    @classmethod
    def read(cls, path: Path, source: str) -> Authority:
        """Read a file, or all files of a folder. Raises InputError, which names the source."""
        try:
            content = _content_of(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no path"
            raise InputError(
                f"what {source} names can't be read: {why}", where=str(path), remedy=_remedy(source)
            ) from None
        certificates = tuple(match[0] for match in _PEM.finditer(content)) or (content,)
        authority = cls(str(path), source, certificates)
        # The first one is tried at once; a bundle of all authorities of the world takes too long to read for nothing.
        if not content or len(content) > LARGEST_BYTES or not _is_readable(certificates[0]):
            raise authority._unreadable()
        return authority

    def add_to(self, context: ssl.SSLContext) -> None:
        """Let a context trust the certificates. Raises InputError for one that is damaged."""
        import ssl

        try:
            context.load_verify_locations(cadata=_cadata(b"\n".join(self.certificates)))
        except ssl.SSLError:
            raise self._unreadable() from None

    def _unreadable(self) -> InputError:
        return InputError(
            f"what {self.source} names is no certificate, or a damaged one",
            where=self.path,
            remedy=_remedy(self.source),
        )


def _remedy(source: str) -> str:
    return f"Let {source} name a file with the authority's certificate (PEM), or unset it."


def _is_readable(certificate: bytes) -> bool:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=_cadata(certificate))
    except ssl.SSLError:
        return False
    return True


def _cadata(certificates: bytes) -> str | bytes:
    """Return certificates as `SSLContext.load_verify_locations` takes them: PEM as text, DER as bytes."""
    return certificates.decode("ascii", "ignore") if _PEM.match(certificates) else certificates


def _content_of(path: Path) -> bytes:
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if file.is_file()]
        return b"\n".join(pem for file in files if _PEM.search(pem := _start_of(file)))
    return _start_of(path)


def _start_of(path: Path) -> bytes:
    return read_whole(path, LARGEST_BYTES + 1)
