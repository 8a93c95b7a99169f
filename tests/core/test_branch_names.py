"""The values of `--branch` and `--exclude`: globs, and what no branch can be called."""

from __future__ import annotations

import pytest

from purger.core.branch_names import is_glob
from purger.core.errors import InputError
from purger.core.filters import Filters


@pytest.mark.parametrize(("name", "glob"), [("a*", True), ("a?", True), ("[a]", True), ("X", False), ("a]", False)])
def test_a_glob_is_recognised(name: str, glob: bool) -> None:
    assert is_glob(name) is glob


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "can't be a branch's name") for name in ("-n", "--dry-run", "/main", "main/", "main.", "a..b", "a b")),
        *(
            (name, "can't be a branch's name")
            for name in ("^main$", "a~1", "a:b", "a\\b", "@", "a@{1}", "x.lock", "a//b")
        ),
        *(
            (name, "can't be a branch's name")
            for name in (".*", "a/.b", "[main", "[main, develop", "feature/*/", "main\t")
        ),
        *(
            (name, "can't be a branch's name")
            for name in ("[]", "[!]", "a[]", "a[!]", "a[]*", "a[!]?", "[z-a]", "v[2-1].*")
        ),
        *(
            (name, "holds a variable that nothing")
            for name in ("$KEEP", "${KEEP}", "$1", "$(x)", "{{ main }}", "%MAIN%")
        ),
        *(
            (name, "holds more than single char")
            for name in ("[main,dev]", '["main"]', "[^m]*", "[!^m]*", "['a']", "[!a,b]", "[[:digit:]]*")
        ),
    ],
)
@pytest.mark.parametrize("option", ["branches", "exclude"])
def test_what_no_branch_can_be_called_is_refused(option: str, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Filters(branches=("ok", name)) if option == "branches" else Filters(exclude=("ok", name))


@pytest.mark.parametrize(
    "name",
    [
        "main", "PR.7", "release/2.0", "v1.[0-9]", "[!m]*", "[X-Z]*", "[]a]", "*.x", "@x", "a-b_c#1+2=3", "über", "a]b",
        "a$", "[!]a]", "[!z-a]", "a(?!)b", "x%y", "v?.*", "a,b", "'q'",
    ],
)  # fmt: skip
def test_what_a_branch_may_be_called_is_accepted(name: str) -> None:
    assert Filters(branches=(name,), exclude=(f"{name}-old",)).is_filtered
