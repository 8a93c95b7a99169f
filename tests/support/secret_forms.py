"""The standard spellings of a secret, made without the patterns that purger searches with; and a search with those."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

from purger.secrets.spellings import SecretBlanker


def secret_forms(secret: str) -> tuple[bytes, ...]:
    """Return the standard spellings of `secret`: raw, URL-encoded, escaped for JSON or HTML, base64.

    The base64 forms contain only the characters that depend on the secret alone, for each of its three alignments,
    so they occur in the encoding of any longer text around it. `SecretBlanker` also finds mixtures, such as a URL in
    which only some characters are encoded.
    """
    raw = _utf8(secret)
    urls = [quote(secret, safe, errors="surrogatepass") for safe in ("", "!'()*", ";,/?:@&=+$#!'()*")]
    urls += [quote_plus(secret, errors="surrogatepass")]
    urls += [re.sub("%..", lambda code: code[0].lower(), url) for url in urls]
    urls += [quote(url, safe="") for url in urls]
    jsons = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    jsons += [text.replace("/", "\\/") for text in jsons]
    jsons += [json.dumps(text)[1:-1] for text in jsons]
    base64s = [base64_core(raw, before) for before in range(3)]
    base64s += [core.replace("+", "-").replace("/", "_") for core in base64s]
    return tuple(dict.fromkeys(map(_utf8, (secret, *urls, *jsons, html.escape(secret), *base64s))))


def base64_core(data: bytes, before: int) -> str:
    """Return the part of the base64 of `before` bytes and these that depends on these alone."""
    text = base64.b64encode(bytes(before) + data).decode()
    return text[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]


def find_secret(data: bytes, secrets: Sequence[str]) -> bytes | None:
    """Return the first spelling of any of the `secrets` in `data`, or None."""
    return SecretBlanker(secrets).find(data)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
