"""The text of a mail, or of a page that was saved as one, is taken out of it, wherever its pieces are cut."""

from __future__ import annotations

import quopri
from base64 import encodebytes

import pytest

from purger.travis.job_log import read_log
from purger.travis.job_log.mail import MailText

NAME = f"cache-linux-focal-{'0123456789abcdef' * 4}--python-3.8.tgz"
LOG = (
    "Worker information\nversion: 6.2 =3D \N{LATIN SMALL LETTER E WITH ACUTE}\n"
    "$ git clone --depth=50 --branch=fix https://github.com/acme/widgets.git acme/widgets\n"
    f"attempting to download cache archive\nfetching main/{NAME}\nfound cache\n"
    '$ make\nno\nThe command "make" exited with 1.\nDone. Your build exited with 1.\n'
).encode()
HEAD = b"From: alice@example.org\nSubject: build\nMIME-Version: 1.0\n"
QUOTED = quopri.encodestring(LOG)
PLAIN = b"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n" + QUOTED
PAGE = b"Content-Type: text/html;\n charset=UTF-8\n\n<pre>again</pre>\n"
PARTS = b"Content-Type: multipart/%b;\n boundary=%b\n\nnot shown\n"
PICTURE = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + encodebytes(b"\x89PNG")
FILE = b'Content-Type: application/octet-stream; name="a.log"\nContent-Transfer-Encoding: base64\n\n' + encodebytes(LOG)
FORWARDED = b"Content-Type: message/rfc822\n\nSubject: it fails\n" + PLAIN


def read(*pieces: bytes) -> bytes:
    mail = MailText()
    return b"".join([*map(mail.feed, pieces), mail.finish()])


def of_parts(kind: bytes, *parts: bytes) -> bytes:
    between = b"".join(b"--=_1\n" + part + b"\n" for part in parts)
    return HEAD + PARTS % (kind, b'"=_1"') + between + b"--=_1--\nnot shown\n"


@pytest.mark.parametrize(
    "mail",
    [
        HEAD + PLAIN,
        b"From alice Fri Nov 27 21:00:00 2026\n" + HEAD + PLAIN,
        (HEAD + PLAIN).replace(b"\n", b"\r\n"),
        HEAD + b"Content-Transfer-Encoding: BASE64\n\n" + encodebytes(LOG),
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(LOG) + b"a\n",
        HEAD + b"Content-Type: text/html\n\n" + LOG,
        HEAD + PARTS % (b"mixed", b"_1; type=x") + b"--_1\n" + PLAIN + b"\n--_1--\nnot shown\n",
        of_parts(b"alternative", PLAIN, PAGE),
        of_parts(b"mixed", PLAIN, PICTURE),
        of_parts(b"mixed", PLAIN, PICTURE, PAGE),
        of_parts(b"mixed", FILE),
        of_parts(b"mixed", FORWARDED),
    ],
    ids=[
        "quoted",
        "mbox",
        "CRLF",
        "base64",
        "cut",
        "a page",
        "unquoted",
        "both",
        "a picture",
        "all",
        "a file",
        "forwarded",
    ],
)
def test_the_text_of_a_mail_is_decoded(mail: bytes) -> None:
    assert read(mail).strip() == LOG.strip()
    assert read(*(mail[at : at + 1] for at in range(len(mail)))) == read(mail)


@pytest.mark.parametrize(
    "text",
    [
        LOG,
        b"",
        b"From",
        b"From: alice\nSubject: it fails, see below\n\n" + QUOTED,
        b"To: those who run it. It fails, and I do not know why:\n" + QUOTED,
        b"From https://github.com/a/b\n * branch main\n$ curl -i x\nContent-Type: text/html\n\n" + LOG,
        b"Content-Type: text/plain is what my test prints " * 2000,
    ],
)
def test_what_is_no_mail_stays_as_it_is(text: bytes) -> None:
    assert read(text) == text
    for at in (7, 100):
        assert read(text[:at], text[at:]) == text


def test_a_first_line_that_does_not_end_is_given_on() -> None:
    assert MailText().feed(b"Subject: " * 10_000) == b"Subject: " * 10_000


def test_the_last_line_of_a_mail_is_decoded_too() -> None:
    assert read(HEAD + b"Content-Transfer-Encoding: quoted-printable\n\na=3D\nb=3D") == b"a=\nb="


def test_a_mails_line_without_an_end_is_given_on() -> None:
    mail = MailText()
    taken = mail.feed(HEAD + b"\n")
    for _ in range(8):
        taken += mail.feed(b"x" * 50_000)
    assert len(mail.held) < 100_000
    assert (taken + mail.finish()).count(b"x") == 400_000


@pytest.mark.parametrize("encoding", [b"7bit", b"quoted-printable"])
def test_only_a_boundary_of_the_mail_ends_a_part_and_lines_keep_their_ends(encoding: bytes) -> None:
    text = b"--depth\n--\nab_1\nMAX\ny\f\nx \n"
    part = (
        b"Content-Transfer-Encoding: "
        + encoding
        + b"\n\n"
        + text.replace(b"x ", b"x=20" if b"q" in encoding else b"x ")
    )
    mail = HEAD + PARTS % (b"mixed", b"_1") + b"--_1\n" + part + b"--_1--\nnot shown\n"
    assert read(mail) == text


@pytest.mark.parametrize("encoding", [b"7bit", b"quoted-printable"])
def test_a_flowed_line_goes_on_in_the_next(encoding: bytes) -> None:
    mail = HEAD + b"Content-Type: text/plain;\n charset=utf-8; format=flowed\nContent-Transfer-Encoding: " + encoding
    text = b"fetching \nmain/cache-1.tgz\nfound cache\n".replace(b" ", b"=20" if encoding != b"7bit" else b" ")
    assert read(mail + b"\n\n" + text) == b"fetching main/cache-1.tgz\nfound cache\n"


def test_the_blank_of_an_empty_quoted_line_is_a_part_of_the_marks() -> None:
    """The line behind it was glued to it, so that both were shown with marks."""
    mail = HEAD + b"Content-Type: text/plain; format=flowed\n\n"
    assert read(mail + b"> a\n> \n \n>> b \n>> c\n> d\n") == b"> a\n> \n \n>> b >> c\n> d\n"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (b"7bit", b"fetching  \nmain/cac \nhe-1.tgz\nfound cache\n"),
        (b"quoted-printable", b"fetching =\n=20\nmain/cac=20\nhe-1.tgz\nfound cache\n"),
    ],
)
def test_a_blank_that_a_mail_program_puts_at_the_end_of_a_flowed_line_is_no_part_of_it(
    encoding: bytes, text: bytes
) -> None:
    mail = HEAD + b"Content-Type: text/plain; format=flowed; delsp=yes\nContent-Transfer-Encoding: " + encoding
    assert read(mail + b"\n\n" + text) == b"fetching main/cache-1.tgz\nfound cache\n"


def test_the_names_in_a_mails_log_are_whole() -> None:
    """They were known with the `=` at the end of a mail's line in them: the purge had not deleted such a cache."""
    log = read_log([HEAD + PLAIN])
    assert [(fetch.branch, fetch.archive) for fetch in log.fetched] == [("main", NAME)]
    assert log.clone == "https://github.com/acme/widgets.git"
    assert log.last_failing_lines == ("$ make", "no")
