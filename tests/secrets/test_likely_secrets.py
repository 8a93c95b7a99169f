"""Secrets of others in lines of a job's log: what is blanked, and what looks alike and stays."""

from __future__ import annotations

import pytest

from purger.secrets.likely_secrets import shown_lines

LETTERS = "aB3dE5gH" * 5
"""What tokens are made of. Whole ones would be taken for real ones by those who look for them in repositories."""
KEY_LINE = "MIIEpAIBAAKCAQEA" * 4


@pytest.mark.parametrize(
    "token",
    [
        *(f"{start}_{LETTERS}" for start in ("ghp", "gho", "ghs", "github_pat", "npm", "sk_live")),
        *(f"{start}-{LETTERS}" for start in ("glpat", "xoxb", "xoxp", "pypi-AgE")),
        "AKIA" + "ABCDEFGH" * 2,
        "eyJ" + ".".join([LETTERS] * 3),
        "AIza" + LETTERS[:35],
    ],
)
def test_a_token_is_known_by_its_shape(token: str) -> None:
    assert shown_lines([f"remote: '{token}' is no valid token"]) == ["remote: 'REDACTED' is no valid token"]


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("$ export TOKEN=abcdef", "abcdef"),
        ('$ export GITHUB_TOKEN="two words" && make', "two words"),
        ("++ DB_PASS=geheim", "geheim"),
        ("MY_API_KEY: a1b2", "a1b2"),
        ("  my_api_key: 0a1b2c3d", "0a1b2c3d"),
        ("SECRET_KEY_BASE=abc", "abc"),
        ("AWS_SECRET_ACCESS_KEY=ab/cd+ef==", "ab/cd+ef=="),
        ("//registry.example/:_authToken=abc-def", "abc-def"),
        ('{"access_token":"abc","expires":1}', "abc"),
        (r"{\"password\": \"two words\"}", "two words"),
        ("{'password': b'abc'}", "abc"),
        (" 'client_secret' => 'abc',", "abc"),
        ("api_key = 0a1b2c3d", "0a1b2c3d"),
        ("jdbc:x://h;user=me;Password=geheim;x=1", "geheim"),
        ("X-Auth-Token: abc123def", "abc123def"),
        ("invalid token: 0a1b2c3d4e5f", "0a1b2c3d4e5f"),
        ("invalid token: a1b2c3", "a1b2c3"),
        ("$ export TOKEN=/abc", "/abc"),
        ("$ export PASSWORD=my.secret_key", "my.secret_key"),
        ('"auth": "bWU6cHc="', "bWU6cHc="),
        ("token: password=geheim", "geheim"),
        ("$ docker login -u me -p geheim registry", "geheim"),
        ("$ deploy --password geheim --verbose", "geheim"),
        ("$ deploy --access-token='two words' now", "two words"),
        ("$ curl -u me:geheim https://example.invalid", "geheim"),
        ("machine h login me password geheim", "geheim"),
        ('$ curl -H "Authorization: Bearer abc" https://example.invalid', "abc"),
        ("$ curl -H 'authorization: token abc' https://example.invalid", "abc"),
        ("> Authorization: Basic bWU6cHc= (sent)", "bWU6cHc="),
        ("Authorization: AWS ABC:dEf/12= x", "AWS ABC:dEf/12= x"),
        ("Set-Cookie: sid=abc; Path=/", "sid=abc; Path=/"),
        ("https://b.example/c.tgz?X-Amz-Date=1&X-Amz-Signature=0a1b&x=1", "0a1b"),
        ("https://b.example/c.tgz?X-Goog-Date=1&X-Goog-Signature=0a1b", "0a1b"),
        ("https://b.example/c.tgz?Expires=1&Signature=a%2Bb%3D' failed", "a%2Bb%3D"),
        ("https://b.example/c.tgz?AWSAccessKeyId=abc&Expires=1", "abc"),
        ("https://example.invalid/x?token=abc#top", "abc"),
    ],
)
def test_a_secret_is_known_by_what_stands_before_it(line: str, secret: str) -> None:
    assert shown_lines([line]) == [line.replace(secret, "REDACTED")]


@pytest.mark.parametrize(
    "line",
    [
        "$ export TOKEN=$TOKEN",
        "it runs TOKEN=$TOKEN, and PASSWORD=${PASSWORD}.",
        "$ export TOKEN=[secure]",
        '$ export TOKEN="${TOKEN}"',
        "$ export TOKEN= && make",
        "TOKEN=***",
        "AUTH=none",
        "HTTP_AUTH=basic",
        "token expired",
        "Bearer token expired",
        "password: incorrect",
        "password: must be longer",
        "Authorization: required",
        "HTTP Basic: Access denied",
        "SyntaxError: Unexpected token: punc (,)",
        "Unexpected token } in JSON at position 5",
        '"token": null,',
        "PWD=/home/travis/build/owner/name",
        "OLD_PWD=/home/travis LAST_PWD=~/build NEXT_PWD=./x",
        '"auth": "always"',
        "PASS: test_one",
        "3 FAIL, PASS=5",
        "    token = get_token()",
        "    token=self.token,",
        'password = os.environ["PASSWORD"]',
        "--password-stdin",
        "the option --token requires an argument",
        "$ deploy --password $PASSWORD",
        "$ docker run -u 1000:1000 image",
        "$ curl -O https://example.invalid && docker run -u 1000:1000 image",
        "cache key: v1-deps",
        "lexed tokens: 1234567",
        "spec/token_spec.rb:45: expected 1",
        "glib-compile-resources is not there",
        "Signature verification failed",
        "ContextualVersionConflict: (six 1.0 (/home/x), Requirement.parse('six>=1.9'), {'a'})",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_looks_alike_stays(line: str) -> None:
    assert shown_lines([line]) == [line]


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("last", [5, 7, 8])
def test_nothing_is_left_of_a_private_key_of_which_only_a_part_is_shown(first: int, last: int) -> None:
    key = ["-----BEGIN RSA PRIVATE KEY-----", *[KEY_LINE] * 5, "abcd==", "-----END RSA PRIVATE KEY-----"]
    shown = "\n".join(shown_lines(["$ cat key", *key[first:last]]))
    assert "REDACTED" in shown
    assert "$ cat key" in shown
    assert "MII" not in shown
    assert "abcd" not in shown


def test_a_private_key_in_one_line_is_blanked() -> None:
    line = r'"key": "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n", "id": 1'
    assert "MII" not in "".join(shown_lines([line]))


def test_no_half_of_a_secret_is_left_that_a_terminal_wrapped() -> None:
    lines = ["$ curl -H 'Authorization: token 0a1b2c3d", "4e5f6a7b' https://example.invalid", "curl: not found"]
    assert shown_lines(lines) == [
        "$ curl -H 'Authorization: token REDACTED' https://example.invalid",
        "curl: not found",
    ]


def test_lines_stay_apart_where_no_secret_goes_on_in_the_next() -> None:
    lines = ["a line that is as wide as a terminal, TOKEN=", "abc", "", "end"]
    assert shown_lines(lines) == lines
    assert shown_lines([]) == []


def test_a_secret_that_is_whole_at_the_end_of_a_line_does_not_join_it_to_the_next() -> None:
    words = "the last words of a line that is as wide as a terminal:"
    lines = [f"{words} AKIA{letters * 2}" for letters in ("ABCDEFGH", "STUVWXYZ")]
    assert shown_lines([*lines, "end"]) == [f"{words} REDACTED"] * 2 + ["end"]


@pytest.mark.parametrize(
    "part", ["token=", "curl -u ", "authorization: ", 'password="', "--token ", "a-", "\\", "eyJaaaaaa."]
)
def test_the_longest_lines_of_a_report_take_no_time(part: str) -> None:
    line = (part * 500)[:500]
    assert len(shown_lines([line] * 20)) <= 20  # a pattern that backtracks without an end would run into the time limit
