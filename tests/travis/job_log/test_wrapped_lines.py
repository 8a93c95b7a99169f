"""A log that was copied from a terminal, which wrapped its lines, is read like one that was not."""

from __future__ import annotations

import pytest

from purger.travis.job_log import JobLog, read_log
from purger.travis.job_log.wrapped_lines import WrappedLines, wrapped_width
from tests.travis.job_log.corpus import NEW

COMMAND = "pytest tests/of/a/service --with-many-options --and-more --durations=10 --maxfail=3"
RULE = "=" * 80
LOG = f"""Worker information
hostname: 1
0.51s$ git clone --depth=50 --branch=fix-42 https://example.invalid/owner/of-a-repository.git owner/of-a-repository
Cloning into 'owner/of-a-repository'...
Setting up build cache
attempting to download cache archive
fetching fix-42/{NEW}
fetching main/{NEW}
found cache
adding /home/travis/.cache/pip to cache
$ flake8
a finding
The command "flake8" exited with 1.
$ {COMMAND}
{RULE}
1 failed
The command "{COMMAND}" exited with 1.
store build cache
changes detected, packing new archive
uploading fix-42/{NEW}
cache uploaded
Done. Your build exited with 1.
"""


def wrapped(text: str, width: int) -> str:
    pieces = ((line[at : at + width] for at in range(0, len(line) or 1, width)) for line in text.split("\n"))
    return "\n".join("\n".join(each) for each in pieces)


def without_times(log: JobLog) -> tuple[object, ...]:
    return log.asked, log.stored, log.clone, log.cache_use, log.last_failing_lines[0], log.truncated


@pytest.mark.parametrize("width", [50, 72, 80, 97, 120])
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_a_log_that_a_terminal_wrapped_is_read_as_it_was(width: int, size: int) -> None:
    text = wrapped(LOG, width).replace("\n", "\r\n").encode()
    log = read_log(text[at : at + size] for at in range(0, len(text), size))
    assert without_times(log) == without_times(read_log([LOG.encode()]))
    assert [fetch.archive for fetch in log.fetched] == [NEW]
    assert log.last_failing_lines[0] == f"$ {COMMAND}"  # not the command before it, which failed, too
    assert log.last_failing_lines[-1] == "1 failed"


@pytest.mark.parametrize("prefix", ["> ", "    ", "\t", ">> "])
def test_it_may_be_quoted_or_indented_after_it_was_wrapped(prefix: str) -> None:
    text = "".join(f"{prefix}{line}\n" for line in wrapped(LOG, 80).splitlines())
    log = read_log([text.encode()])
    assert without_times(log) == without_times(read_log([LOG.encode()]))


def test_a_blank_that_was_lost_where_a_line_was_wrapped_is_put_back() -> None:
    # The command's sentence breaks behind "--with-many-options ".
    width = LOG.split("The command ")[2].index("--and-more") + len("The command ")
    text = "\n".join(line.rstrip() for line in wrapped(LOG, width).split("\n"))
    assert "--with-many-options\n--and-more" in text
    assert read_log([text.encode()]).last_failing_lines[0] == f"$ {COMMAND}"


def test_a_log_is_wrapped_where_a_name_is_in_two_lines_and_hardly_one_is_longer() -> None:
    lines = wrapped(LOG, 80).encode().split(b"\n")
    assert wrapped_width(lines) == 80
    assert wrapped_width(LOG.encode().split(b"\n")) is None
    assert wrapped_width([*lines, *[b"x" * 81] * 9]) is None
    assert wrapped_width([b"fetching main/cache-1", b"x.tgz"]) is None
    assert wrapped_width([]) is None


def test_what_commands_print_is_not_joined() -> None:
    text = f'{RULE}\nThe command\n{RULE}\n\nThe command "a" exited with 1.\n{"$ x".ljust(80, "y")}\n$ z\n'.encode()
    lines = WrappedLines(80)
    assert lines.feed(text) + lines.finish() == text


def test_a_line_without_an_end_is_not_kept() -> None:
    lines = WrappedLines(80)
    assert sum(len(lines.feed(b"x" * 5000)) for _ in range(20)) + lines.kept_bytes == 100_000
    assert lines.kept_bytes < 10_000
    rest = WrappedLines(80)
    assert rest.feed(b"$ a".ljust(80, b"x") + b"\nb") + rest.finish() == b"$ a".ljust(80, b"x") + b"b"


@pytest.mark.parametrize("mark", ["", "> ", "    "])
@pytest.mark.parametrize("gap", ["", " "])
@pytest.mark.parametrize("has_blanks", [True, False])
@pytest.mark.parametrize("width", [40, 48, 72, 91])
def test_a_log_without_line_ends_is_read_however_it_was_wrapped(
    mark: str, gap: str, *, has_blanks: bool, width: int
) -> None:
    log = (
        "Worker information|hostname: a|$ git clone --depth=50 https://github.com/acme/a.git acme/a|"
        "Cloning into 'acme/a'...|Setting up build cache|attempting to download cache archive|"
        f"fetching main/{NEW}|found cache|adding /home/travis/.cache/pip to cache|$ make|no|"
        'The command "make" exited with 1.|Done. Your build exited with 1.'
    ).replace("|", gap)
    lines = (log[at : at + width] for at in range(0, len(log), width))
    wrapped = "\n".join(mark + (line if has_blanks else line.rstrip()) for line in lines)
    found = read_log([wrapped.encode()])
    assert [fetch.archive for fetch in found.fetched] == [NEW]


@pytest.mark.parametrize("line", ["=" * 60, "a row of a table, filled up with blanks".ljust(60)])
def test_lines_that_are_equally_wide_stay_apart_in_a_log_of_others(line: str) -> None:
    log = f'Worker information\n$ make\n{line}\n{line}\n{line}\n{line}\nThe command "make" exited with 1.\n'
    assert read_log([log.encode()]).last_failing_lines == ("$ make", *[line.rstrip()] * 4)
