"""Read the certificates of an authority that is trusted besides the system's store, such as a company's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from purger.browser.certificate_files import PKCS12, Found, found_in
from purger.core.errors import InputError
from purger.core.text import many, system_words, visible
from purger.secrets.files import read_whole

if TYPE_CHECKING:
    import ssl

OPTION = "--ca-file"
OWN_VARIABLE = "PURGER_CA_FILE"
VARIABLES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
"""Those of other programs, in the order in which they count."""
_OTHER_VARIABLES = ("CURL_CA_BUNDLE",)
LARGEST_BYTES = 20_000_000
_FROM_PKCS12 = "Take the authority's certificate out of it: openssl pkcs12 -in FILE -cacerts -nokeys. "


@dataclass(frozen=True, slots=True)
class Authority:
    """Certificates that are trusted: where they are from, and which option or variable named that."""

    path: str
    source: str
    certificates: tuple[bytes, ...] = field(repr=False)
    """Each as DER."""

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
        """Read a file, or all files of a folder. Raises InputError, which names the source.

        A damaged certificate is left out with a warning if there are good ones besides it, and so is, of a folder, a
        file that can't be read.
        """
        try:
            found, is_whole = _found_at(path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no path"
            raise _unusable(path, source, f"can't be read: {why}") from None
        if not is_whole:
            raise _unusable(path, source, f"is too large: more than {LARGEST_BYTES // 1_000_000} MB")
        certificates = tuple(dict.fromkeys(one for each in found for one in each.certificates))
        damaged = sum(each.damaged for each in found)
        if not certificates:
            kind = next((each.kind for each in found if each.kind), None)
            more = _FROM_PKCS12 if kind == PKCS12 else ""
            raise _unusable(path, source, f"is no certificate, {f'but {kind}' if kind else 'or a damaged one'}", more)
        if damaged:
            from loguru import logger

            logger.warning("{} in {} ({}) can't be read, and left out.", many(damaged, "certificate"), path, source)
        return cls(str(path), source, certificates)

    def add_to(self, context: ssl.SSLContext) -> None:
        """Let a context trust the certificates."""
        context.load_verify_locations(cadata=b"".join(self.certificates))


def left_out(authority: Authority | None, environ: Mapping[str, str]) -> str:
    """Return which variables name other certificates than those of `authority`, and which ones; empty for none.

    OpenSSL itself reads SSL_CERT_FILE, whatever else is named.
    """
    named = {name: environ.get(name, "").strip() for name in (*VARIABLES[1:], *_OTHER_VARIABLES)}
    others = {name: path for name, path in named.items() if path and (authority is None or path != authority.path)}
    return ", ".join(f"{visible(path)} ({name})" for name, path in others.items())


def _unusable(path: Path, source: str, why: str, more: str = "") -> InputError:
    return InputError(
        f"what {source} names {why}",
        where=str(path),
        remedy=f"{more}Let {source} name a file with the authority's certificate (PEM), or unset it.",
    )


def _found_at(path: Path) -> tuple[list[Found], bool]:
    """Return what is in a file, or in each file of a folder; and whether that is all, so not too large.

    In a folder, a file that can't be read, such as a server's key, is left out with a warning. Raises OSError and
    ValueError.
    """
    files = [file for file in sorted(path.iterdir()) if file.is_file()] if path.is_dir() else [path]
    found: list[Found] = []
    left = LARGEST_BYTES
    for file in files:
        try:
            content = read_whole(file, left + 1)
        except OSError as error:
            if file == path:
                raise
            from loguru import logger

            logger.warning("{} can't be read, and is left out: {}.", file, system_words(error))
            continue
        left -= len(content)
        if left < 0:
            return found, False
        found.append(found_in(content))
    return found, True
