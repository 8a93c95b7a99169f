"""Lines of `.env`: a filter is exactly in effect or refused by name, and what is not purger's is passed over."""

from __future__ import annotations

import codecs
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from purger.core.env_lines import NARROWING, meant_by_environment, name_meant, settings_in
from purger.core.errors import InputError
from purger.core.text import sentence_of

KNOWN = frozenset({"PURGER_BRANCH", "PURGER_EXCLUDE", "PURGER_MATCH", "PURGER_DRY_RUN", "PURGER_JOBS", "PURGER_URL"})
MAIN = {"PURGER_BRANCH": "main"}


@pytest.mark.parametrize(
    "content",
    [
        b"PURGER_BRANCH=main",
        codecs.BOM_UTF8 + b"PURGER_BRANCH=main\n",
        codecs.BOM_UTF8 * 2 + b"PURGER_BRANCH=main\n",
        codecs.BOM_UTF8 * 3 + b"PURGER_BRANCH=main\n",
        codecs.BOM_UTF16_LE + "PURGER_BRANCH=main\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "PURGER_BRANCH=main\r\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "PURGER_BRANCH=main\r\n".encode("utf-32-le"),
        b"FOO=1\rPURGER_BRANCH=main\r",
        b"FOO=1\r\nPURGER_BRANCH=main\r\n",
        b"FOO='open\nPURGER_BRANCH=main\n",
        b"  PURGER_BRANCH = main \n",
        b"export PURGER_BRANCH=main",
        b"export\tPURGER_BRANCH=main",
        b"'PURGER_BRANCH'=\"main\"",
        b"PURGER_BRANCH=main # PURGER_MATCH=x",
        b"# PURGER_MATCH=x\n\t# purger_match=x\nPURGER_BRANCH=main",
        b"PURGER_BRANCH=main\nPURGER_BRANCH=main",
        b"AWS_PROFILE\nFOO: bar\nM\xfcller=\xff\n=x\n'A=B'=1\nA=x\0y\n{}\nPATH=/tmp\nPURGER_BRANCH=main",
        b"NODE_OPTIONS=--require=./x.js\nLD_PRELOAD=./x.so\nPLAYWRIGHT_NODEJS_PATH=./x\nGIT_DIR=x\nPYTHONPATH=.\n"
        b"TRAVIS_BRANCH=dev\nTRAVIS=true\nMY_PURGER_MATCH=x\nPURGER_BRANCH=main",
        b'NOTE="a\nsee PURGER_MATCH there\n"\nPURGER_BRANCH=main',
        b"PURGE_URL=https://cdn.example\nPURGE_CACHE=1\nMERGER_BRANCH=x\nPURGER_BRANCH=main",
        b"PURGE_BATCH=9\nPURGE_OLDER_THAN_DAYS=3\nPURGE_URL: x\nset PURGE_KEY=x\nMY_PURGE_BRANCH=x\nPURGER_BRANCH=main",
        b"PURGER_VERSION=0.2.0\nexport PURGER_IMAGE=ghcr.io/o/purger:v0 # a tag\nPURGER_TAG: v1\nPURGER_BRANCH=main",
        b"unset PURGER_VERSION # it\nFOO=1 PURGER_VERSION=2\nPURGER_BRANCH=main",
        b"# PURGE_BRANCH=x\nPURGE=1\nunset PURGE_BRANCH\nSET_PURGE_BRANCH=x\nPURGER_BRANCH=main",
        b"see PURGE_BRANCH there: x\nPURGER_BRANCH=main",
        b"PURGER_BRANCH=main\nAWS_PROFILE\n",
        b"set -a\nPURGER_BRANCH=main\nset +a\n",
        b"if true; then\n  PURGER_BRANCH=main\n  AWS_PROFILE\nfi\n",
        b"PURGER_BRANCH=main\n  FOO=1\n  BAR: 2\n  x",
        b"PURGER_BRANCH=main\n  # more\n\nFOO=1\n  bar",
        b"NAME=purger_app\nAPP_KEY=PURGER_EXCLUDE\nFOO=${env:PURGER_EXCLUDE}\nPURGER_BRANCH=main",
    ],
)
def test_a_filter_is_read(content: bytes) -> None:
    assert settings_in(content, KNOWN) == MAIN


@pytest.mark.parametrize(
    "text",
    [
        "PURGER_VERSION=1 PURGER_BRANCH=main",
        "PURGER_VERSION=1; export PURGER_BRANCH=main",
        'PURGER_VERSION="1\nPURGER_BRANCH=main\n"',
        "PURGER_VERSIONS=1",
        "purger_branch=main",
        "Purger_Branch=main",
        "PURGER BRANCH=main",
        "PURGER-BRANCH=main",
        "PURGERBRANCH=main",
        "PURGER__BRANCH=main",
        "PURGER_BRANCH: main",
        "PURGER_BRANCH main",
        "unset PURGER_BRANCH",
        "export -n PURGER_BRANCH",
        'if [ -z "$PURGER_BRANCH" ]; then',
        "echo $PURGER_BRANCH",
        "PURGER_BRANCH",
        "- PURGER_BRANCH=main",
        "; PURGER_BRANCH=main",
        "set PURGER_BRANCH=main",
        'set "PURGER_BRANCH=main"',
        "EXPORT PURGER_BRANCH=main",
        '$env:PURGER_BRANCH="main"',
        'os.environ["PURGER_BRANCH"] = "main"',
        "[Environment]::SetEnvironmentVariable('PURGER_BRANCH', 'main')",
        "PURGER_\u200bBRANCH=main",
        "\u200bPURGER_BRANCH=main",
        "FOO=1\n\ufeffPURGER_BRANCH=main",
        "\uff30URGER_BRANCH=main",
        "PURGER_BRANCH\ufeff=main",
        "FOO=1\u2028PURGER_BRANCH=main",
        "FOO=1\x0bPURGER_BRANCH=main",
        "FOO=1\x85PURGER_BRANCH=main",
        "# note\u2028PURGER_BRANCH=main",
        'FOO="a\nPURGER_BRANCH=main\n"',
        "FOO=1 PURGER_BRANCH=main",
        "FOO=1;PURGER_BRANCH=main",
        "FOO=1; PURGER_BRANCH+=main",
        "export FOO=1 PURGER_BRANCH+=main",
        "FOO=1; PURGER_BRANCH ?= main",
        "PURGER_BRANCH=main PURGER_MATCH=x",
        "PURGER_MATCH=x\\\nPURGER_BRANCH",
        'PURGER_BRANCH="main\nPURGER_MATCH=x"',
        'PURGER_BRANCH="main\\ndev"',
        'PURGER_BRANCH="main',
        'PURGER_BRANCH="main" x',
        "PURGER_BRANCH=${FOO}",
        "PURGER_BRANCH=m\u200bain",
        "PURGER_BRANCH=m\0ain",
        "PURGER_BRANCH=main\nPURGER_BRANCH=dev",
        "PURGER_BRANCHES=main",
        "PURGER=main",
        "PURGER_EXCLUDE=$KEEP",
        "TRAVIS_TOKEN=${OF_ANOTHER}",
        'PURGER_EXCLUDE="a$KEEP"',
        "PURGER_EXCLUDE=$(cat keep)",
        "PURGER_EXCLUDE=`cat keep`",
        "PURGER_EXCLUDE=main\\\n release",
        "PURGER_EXCLUDE=<<EOF",
        'PURGER_EXCLUDE=("main" "release")',
        "PURGER_EXCLUDE=“main”",
        "PURGER_EXCLUDE=‘main’",
        "PURGER_EXCLUDE=«main»",
        "PURGE_BRANCH=main",
        "PUGER_BRANCH=main",
        "PURG_BRANCH=main",
        "XPURGER_BRANCH=main",
        "export PURGR_MATCH=x",
        "Purge_Branch=main",
        "PURGE_DRY_RUN=1",
        "PURGE_SHARD=1/5",
        "PURGE_FROM_FILE=names.txt",
        "PURGE_RESUME=report.json",
        "PURGE_BRANCHES=main",
        "PURGE_BRANCH: main",
        "PURGE BRANCH=main",
        "PURGE_BRANCH main",
        "set PURGE_BRANCH=main",
        'set "PURGE_BRANCH=main"',
        "setx PURGE_BRANCH main",
        "declare -x PURGE_EXCLUDE=main",
        "declare -gx PURGE_EXCLUDE=main",
        "set -gx PURGE_EXCLUDE main",
        "$env:PURGE_EXCLUDE='main'",
        "PURGE-EXCLUDE=main",
        "PURGE_OLDERTHAN=3d",
        "PURGE_KEEP_NEWST=2",
        "PURGE_\u200bBRANCH=main",
        "FOO=1\x85PURGE_BRANCH=main",
        "\u0420URGER_BRANCH=main",
        ": ${PURGER_BRANCH:=main}",
        "PURGER_BRANCH=a;b",
        "PURGER_BRANCH=a&b",
        "PURGER_BRANCH=main|dev",
        "PURGER_BRANCH=main\\*",
        "PURGER_BRANCH==main",
        'PURGER_MATCH=ma"x"',
        "PURGER_URL s3cret=",
        "PURGER_TOKEN s3cret==",
        "travis_token=s3cret",
        "TRAVIS TOKEN=s3cret",
        "TRAVIS_TOKEN s3cret",
        "TRAVIS TOKEN s3cret",
        '$Env:TRAVIS_TOKEN="s3cret"',
        "TRAVIS_TOKEN s3cret==",
        "export TRAVIS_TOKEN s3cret==",
        "PURGER_TOKN s3cret: x",
        "export PURGER_PASSWORD s3cret:rest",
        "export PURGER_TOKEN s3cret=abc",
        "set PURGER_TOKN s3cret = x",
        "- PURGER_TOKEN s3cret: x",
        "PURGER_TOKN-s3cret==",
        "PURGER_TOKN-s3cret = x",
        "export PURGER_s3cret",
        "set -x PURGER_TOKN/s3cret=",
        "PURGER_TOKEN_s3cret",
        "PURGER_s3cret",
        "PURGER_TOKEN_s3cret==",
        "TRAVIS_TOKEN: s3cret",
        "export TRAVIS_TOKEN=s3cret PURGER_EXCLUDE=main",
        "TRAVIS_TOKEN=s3cret;PURGER_EXCLUDE=main",
        "TRAVIS_TOKEN=s3cret FOO=1",
        "TRAVIS_REPO_SLUG=acme/widgets PURGER_DRY_RUN=1",
        "TRAVIS_REPO_SLUG=acme/widgets purger_dry_run : 1",
        "TRAVIS_REPO_SLUG=acme/widgets TRAVIS_ENDPOINT=https://travis.acme.org/api",
        "PURGER_EXCLUDE=main TRAVIS_TOKEN=s3cret",
        "PURGER_EXCLUDE=main travis_token: s3cret",
        "PURGER_EXCLUDE= TRAVIS_TOKEN=s3cret",
        "PURGER_EXCLUDE=main\tAWS_SECRET_ACCESS_KEY=s3cret # of another tool",
        "- name: PURGER_EXCLUDE\n  value: main",
        '  - { name: "PURGER_EXCLUDE", value: main }',
        "name=PURGER_EXCLUDE\nvalue=main",
        '[{"key": "PURGER_EXCLUDE", "value": "main"}]',
        '<add key="PURGER_EXCLUDE" value="main"/>',
        "Set-Item Env:PURGER_EXCLUDE main",
        "New-Item -Path Env:\\PURGER_EXCLUDE -Value main",
        "- name: TRAVIS_REPO_SLUG\n  value: acme/widgets",
        "- name: TRAVIS_TOKEN\n  value: s3cret",
        "PURGER_EXCLUDE=main\n  release",
        "  PURGER_EXCLUDE=main\n    release",
        "PURGER_EXCLUDE=main\nrelease",
        "PURGER_EXCLUDE=main\n\n# and\n\trelease hotfix",
        "PURGER_EXCLUDE=main\n- Release 2",
        "PURGER_EXCLUDE='main'\r\n  RELEASE\r\n",
    ],
)
def test_a_line_that_looks_like_ours_and_is_not_understood_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match=r"PURGER|TRAVIS_|purger's") as refused:
        settings_in(text.encode(), KNOWN)
    assert "s3cret" not in f"{refused.value}{refused.value.remedy}".lower()


@pytest.mark.parametrize(
    "content",
    [
        b"PURGER_BRANCH=\xff",
        b"\xffPURGER_BRANCH=main",
        "PURGER_BRANCH=main".encode("utf-16-le"),
        "FOO=1\nPURGER_BRANCH=main".encode("utf-16-be"),
        codecs.BOM_UTF16_LE + b"P",
    ],
)
def test_bytes_that_are_no_text_are_refused_where_they_are_ours(content: bytes) -> None:
    with pytest.raises(InputError, match=r"\.env can't be"):
        settings_in(content, KNOWN)


def test_a_line_that_the_parser_passes_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.core.env_lines.parse_stream", lambda _stream: ())
    assert settings_in(b"FOO=1", KNOWN) == {}
    with pytest.raises(InputError, match="a line of purger's is not understood"):
        settings_in(b"PURGER_BRANCH=main", KNOWN)


def test_other_lines_mean_no_variable_of_ours() -> None:
    travis = ("X=TRAVIS_TOKEN", "TRAVIS_TOKENS=1", "TRAVIS_TOKEN_FILE=x", "TRAVIS_TOKEN_FILE: x")
    for line in ("", "FOO=PURGER", "# PURGER_BRANCH=x", "A=1 # PURGER_BRANCH=x", "local: PURGER_BRANCH", *travis):
        assert name_meant(line) is None, line


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PURGER_BRNCH", "PURGER_BRNCH"),
        ("purger_url", "PURGER_URL"),
        ("purger_branch", "PURGER_BRANCH"),
        ("PURGER-EXCLUDE", "PURGER_EXCLUDE"),
        ("PURGER.DRY.RUN", "PURGER_DRY_RUN"),
        ("PURGEREXCLUDE", "PURGER_EXCLUDE"),
        ("PURGE-DRYRUN", "PURGER_DRY_RUN"),
        *((f"PURGE_{name.removeprefix('PURGER_')}", name) for name in sorted(NARROWING)),
        ("PURGER_VERSION", None),
        ("PURGER_IMAGE", None),
        ("PURGER", None),
        ("PURGERS", None),
        ("PURGE_URL", None),
        ("X_PURGER_BRANCH", None),
        ("SET_PURGE_BRANCH", None),
        ("TRAVIS_TOKEN", None),
        ("PATH", None),
    ],
)
def test_a_variable_of_the_environment_is_read_as_a_line_is(name: str, meant: str | None) -> None:
    assert meant_by_environment(name) == meant


LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\u2028", "\x0b", "\x85", "\x1e", "\f"])
NAMES = st.sampled_from(
    ["PURGER_BRANCH", "purger_branch", "PURGER BRANCH", "PURGER_\u200bBRANCH", "PURGER_BRANCH\xa0", "Purger-Branch"]
)
BEFORE = st.sampled_from(["", "", "", " ", "\t", "export ", "EXPORT ", "\ufeff", "\u200b", "- ", "'", '"'])
BETWEEN = st.sampled_from(["=", "=", "=", " = ", ": ", " ", "=\ufeff"])
VALUES = st.sampled_from(["main", "'main'", '"main"', "main # why", '"main', "ma${X}in", '"main\\n"', "main\\"])
FOREIGN = st.one_of(
    st.sampled_from(["FOO=1", "FOO='", 'FOO="', 'FOO="a', "AWS_PROFILE", "FOO: bar", "# note", '"', "'", "=", "${"]),
    st.text(max_size=12),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])


@example([], "", "PURGER_BRANCH", "=", "main", [], ["\n"], "utf-8-sig")
@given(
    st.lists(FOREIGN, max_size=3),
    BEFORE,
    NAMES,
    BETWEEN,
    VALUES,
    st.lists(FOREIGN, max_size=3),
    st.lists(LINE_ENDS, min_size=1, max_size=4),
    ENCODINGS,
)
def test_a_filter_somewhere_in_a_file_is_exactly_in_effect_or_refused(
    above: list[str], before: str, name: str, between: str, value: str, below: list[str], ends: list[str], encoding: str
) -> None:
    lines = [*above, f"{before}{name}{between}{value}", *below]
    text = "".join(f"{line}{ends[number % len(ends)]}" for number, line in enumerate(lines))
    content = text.encode(encoding, "surrogatepass")
    with suppress(InputError):
        assert settings_in(content, KNOWN) == {"PURGER_BRANCH": value.partition(" #")[0].strip("'\"")}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PURGER_BRANCH='$KEEP'", "$KEEP"),
        ("PURGER_BRANCH='a=$KEEP'", "a=$KEEP"),
        ("PURGER_BRANCH = '$KEEP'", "$KEEP"),
        ("PURGER_BRANCH = 'a=x;b'", "a=x;b"),
        ('PURGER_BRANCH = "a;b"', "a;b"),
        ("PURGER_BRANCH=a$", "a$"),
        ("PURGER_BRANCH=US$5", "US$5"),
        ("PURGER_PROXY=http://me:a$b`c@proxy:3128", "http://me:a$b`c@proxy:3128"),
        ("PURGER_CONNECT=wss://browsers.example/?token=a$b", "wss://browsers.example/?token=a$b"),
        ("TRAVIS_TOKEN=a$b`c", "a$b`c"),
        ("TRAVIS_TOKEN = YWJjMDEyMw==", "YWJjMDEyMw=="),
        ("TRAVIS_TOKEN=abc # PURGER_BRANCH=main", "abc"),
        ("PURGER_BRANCH=a=b main", "a=b main"),
        ("PURGER_BRANCH='main a=b'", "main a=b"),
        ("PURGER_CONNECT=wss://browsers.example/?token=a&name=b", "wss://browsers.example/?token=a&name=b"),
    ],
)
def test_what_a_shell_would_leave_alone_or_a_secret_holds_is_the_value(line: str, value: str) -> None:
    assert list(settings_in(line.encode(), {*KNOWN, "PURGER_CONNECT", "PURGER_PROXY"}).values()) == [value]


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_end_in_settings_or_in_a_refusal(content: bytes) -> None:
    with suppress(InputError):
        assert set(settings_in(content, KNOWN)) <= KNOWN


@pytest.mark.parametrize(
    ("text", "why", "remedy"),
    [
        ("purger_branch=main", "(PURGER_BRANCH) has its name in small letters", "PURGER_BRANCH=VALUE"),
        ("purger_branch=a=b", "(PURGER_BRANCH) has its name in small letters", "PURGER_BRANCH=VALUE"),
        ("'purger_branch'=main", "(PURGER_BRANCH) has its name in small letters", "PURGER_BRANCH=VALUE"),
        ("PURGER-BRANCH=main", "(PURGER_BRANCH) has its name misspelled", "PURGER_BRANCH=VALUE"),
        ("PURGER\tBRANCH=main", "(PURGER_BRANCH) has its name misspelled", "PURGER_BRANCH=VALUE"),
        ("X PURGER_BRANCH=main", "(PURGER_BRANCH) does not begin with its name", "PURGER_BRANCH=VALUE"),
        ("set PURGER_BRANCH=main", "(PURGER_BRANCH) does not begin with its name", "PURGER_BRANCH=VALUE"),
        ("PURGER_BRANCH: main", "(PURGER_BRANCH) has no = between its name and its value", "PURGER_BRANCH=VALUE"),
        ("PURGER_BRANCH s3cret", "(PURGER_BRANCH) has no = between its name and its value", "PURGER_BRANCH=VALUE"),
        ("purger_url s3cret==", "(PURGER_URL) has no = between its name and its value", "PURGER_URL=VALUE"),
        ("PURGER_DRY_RUN yes", "(PURGER_DRY_RUN) has no = between its name and its value", "PURGER_DRY_RUN=VALUE"),
        ("unset PURGER_BRANCH", "(PURGER_BRANCH) sets no value", "PURGER_BRANCH=VALUE"),
        ("echo $PURGER_BRANCH # it", "(PURGER_BRANCH) sets no value", "PURGER_BRANCH=VALUE"),
        ("setenv TRAVIS_TOKEN s3cret", "(TRAVIS_TOKEN) has no = between its name and its value", "TRAVIS_TOKEN=VALUE"),
        ("TRAVIS_TOKEN s3cret==", "(TRAVIS_TOKEN) has no = between its name and its value", "TRAVIS_TOKEN=VALUE"),
        ("PURGER_BRNCH s3cret", "(PURGER_BRNCH) is not a variable of purger's", "Is PURGER_BRANCH meant? Correct"),
        ("PURGER_TOKEN=s3cret", "(PURGER_TOKEN) is not a variable of purger's", "Is TRAVIS_TOKEN meant? Correct"),
        ("PURGER_NOTHING_ALIKE=x", "(PURGER_NOTHING_ALIKE) is not a variable of purger's", "Correct the name"),
        ('PURGER_BRANCH="main', "(PURGER_BRANCH) has a quote that does not end, or text behind one", "=VALUE"),
        ("FOO=1 PURGER_BRANCH=main", "(PURGER_BRANCH) is part of the value of another variable", "=VALUE"),
        ("# note\u2028PURGER_BRANCH=main", "line 2 (PURGER_BRANCH) is part of another line", "=VALUE"),
        ("PURGER_BRANCH=main PURGER_MATCH=x", "(PURGER_BRANCH) holds another setting", "Write one setting a line."),
        ('PURGER_BRANCH="a\nPURGER_TAG=1"', "(PURGER_BRANCH) holds another setting", "Write one setting a line."),
        ("TRAVIS_TOKEN=s3cret PURGER_MATCH=x", "(TRAVIS_TOKEN) holds another setting", "Write one setting a line, or"),
        ("PURGER_MATCH=x TRAVIS_TOKEN=s3cret", "(PURGER_MATCH) holds another setting", "the value in single quotes."),
        ("PURGER_BRANCH=a\nPURGER_BRANCH=b", "line 2 (PURGER_BRANCH) is set a second time", "Remove one of"),
        ("export purger_branch=main", "(PURGER_BRANCH) has its name in small letters", "PURGER_BRANCH=VALUE"),
        ("FOO=1\nPURGE_BRANCH=main", "line 2 is no variable of purger's, and nearly PURGER_BRANCH", "Correct the name"),
        ("FOO=1 PURGER_BRANCHX=x", "(PURGER_BRANCHX) is not a variable of purger's", "Is PURGER_BRANCH meant?"),
        ("FOO=1 PURGER_PREFIX=x", "(PURGER_PREFIX) is not a variable of purger's", "Correct the name"),
        (f"PURGER_{'A' * 60}=x", f"(PURGER_{'A' * 53}) is not a variable of purger's", "Correct the name"),
        ("PURGER_TOKEN_s3cret", "(PURGER_TOKEN) is not a variable of purger's", "Correct the name"),
        ("P\0URGER_BRANCH=main", "holds zero bytes, as UTF-16 does", "Save the file as UTF-8."),
        ("FOO=1;PURGER_s3cret = x", "(PURGER_?) is not a variable of purger's", "Correct the name"),
        ("PURGER_s3cret", "(PURGER_?) is not a variable of purger's", "Correct the name"),
        (
            "PURGER_BRANCH=a;b",
            "(PURGER_BRANCH) holds what a shell would take for something else",
            "Write the value in single quotes.",
        ),
        (
            "PURGER_EXCLUDE=$KEEP",
            "(PURGER_EXCLUDE) holds what a shell would replace, and purger does not",
            "single quotes if it is meant so",
        ),
        (
            "FOO=1\nPURGER_BRANCH=a\n  s3cret",
            "line 3 sets nothing, and may be more of PURGER_BRANCH above",
            "separated by spaces, or remove line 3",
        ),
        ("PURGER_BRANCH=${FOO}", "holds what a shell would replace", "single quotes if it is meant so"),
        (
            'PURGER_BRANCH="main\\ndev"',
            "(PURGER_BRANCH) holds a character that can't be shown, or a line end",
            "Write it on one line",
        ),
    ],
)
def test_each_odd_line_says_what_is_wrong_with_it_and_what_to_write(text: str, why: str, remedy: str) -> None:
    with pytest.raises(InputError) as refused:
        settings_in(text.encode(), KNOWN)
    assert why in refused.value.what
    assert remedy in str(refused.value.remedy)
    for sentence in (sentence_of(refused.value.what), str(refused.value.remedy)):
        assert "s3cret" not in sentence.lower()
        assert sentence[-2:-1].isalnum()
        assert sentence.endswith(".")
