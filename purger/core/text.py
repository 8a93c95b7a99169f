"""Format text for the user: counts with nouns, sentences, and untrusted text made safe to show."""

from __future__ import annotations

import codecs
import difflib
import os
import re
from collections.abc import Callable, Collection

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_NAME = re.compile(r"[_/\\\d]|\w[.@:]\w")
"""What a word has in it that is a name."""


def many(count: int, noun: str) -> str:
    """Return a count with its noun: `1 cache`, `1,200 caches`, `2 branches`."""
    plural = f"{noun}es" if noun.endswith(("ch", "s")) else f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


_hiders: list[Callable[[str], str]] = [str, str]


def hide_with(hide: Callable[[str], str], blank: Callable[[str], str]) -> None:
    """Let `hidden` and `blanked` use these functions, which know the secrets of the process."""
    _hiders[:] = [hide, blank]


def hidden(text: str) -> str:
    """Return the text without the secrets of the process, and without the user info of its addresses.

    What is cut, split or escaped by the character needs it first: in the result no secret would be found.
    """
    return _hiders[0](text)


def blanked(text: str) -> str:
    """Return the text without the secrets of the process, and with all else as it is."""
    return _hiders[1](text)


def beginning(text: str, longest: int) -> str:
    """Return the first characters of a text, without secrets where it is cut: no part of one may be left."""
    return text if len(text) <= longest else hidden(text)[:longest]


def visible(text: str, longest: int | None = None) -> str:
    """Return untrusted text as one line, without control, invisible or direction-changing characters.

    Text longer than `longest` characters is shortened in the middle.
    """
    if longest is not None and len(text) > longest and len(text := hidden(text)) > longest:
        head = longest // 2
        text = f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _REPLACEMENT for character in text)


def sentence_of(text: str) -> str:
    """Return the text as a sentence, with a capital letter and a full stop, or its own question or exclamation mark.

    A name at its beginning, as of a variable, a repository or a file, stays as it is.
    """
    text = text.strip().rstrip(".")
    stop = "" if text.endswith(("?", "!")) else "."
    first = text[:1] if _NAME.search(text.partition(" ")[0]) else text[:1].upper()
    return f"{first}{text[1:]}{stop}" if text else ""


def likely_meant(name: str, known: Collection[str]) -> str:
    """Return a question about the known variable most like a mistyped one, with a space behind; empty for none.

    First words, as `PURGER_`, are not compared: names that share nothing else are not alike.
    """
    rest, *rests = (each.partition("_")[2] or each for each in (name, *known))
    similar = difflib.get_close_matches(rest, rests, n=1)
    return f"Is {[*known][rests.index(similar[0])]} meant? " if similar else ""


def system_words(fault: OSError) -> str:
    """Return what the system says of a fault, for the middle of a sentence; empty where it says nothing."""
    if not fault.errno and (numbers := re.findall(r"\[Errno ([1-9]\d*)\]", str(fault))):
        # Where none of a name's addresses can be reached, asyncio has the numbers in its text only.
        return "; ".join(dict.fromkeys(system_words(OSError(int(number), "")) for number in numbers))
    # Of a name that is not known the number is not the system's.
    said = os.strerror(fault.errno) if fault.errno and fault.errno > 0 else fault.strerror or ""
    return said[:1].lower() + said[1:]


def printable(text: str) -> str:
    """Return untrusted text (branch names, responses) without terminal control sequences. Line ends stay."""
    return "".join(character if character.isprintable() or character == "\n" else _REPLACEMENT for character in text)


def decoded(content: bytes, *, errors: str = "strict") -> str:
    """Return the text of a file in UTF-8, or in the encoding that its byte-order mark names, without the mark.

    Raises UnicodeDecodeError.
    """
    for mark, encoding in _MARKS:
        if content == mark != codecs.BOM_UTF8:
            raise UnicodeDecodeError(encoding, content, 0, len(mark), "there is nothing but a byte-order mark")
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors if encoding == "utf-8" else "strict")
    return content.decode("utf-8", errors)
