"""The corpus of job logs, and the expected result of each."""

from dataclasses import dataclass
from pathlib import Path

from purger.travis.job_log import JobLog, read_log

LOGS = Path(__file__).parent / "logs"
HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NEW = f"cache-linux-focal-{HASH}--python-3.8.tgz"
NEWER = f"cache--linux-focal-{HASH}--python-3.8.tgz"
OLD = "cache--rvm-2.0.0--gemfile-Gemfile.tbz"


@dataclass(frozen=True)
class Expected:
    """The expected result of a log; the defaults are those of a log without any statements."""

    asked: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()
    stored: tuple[tuple[str | None, bool | None], ...] = ()
    nothing_changed: bool = False
    started_clean: bool | None = None
    symptoms: tuple[str, ...] = ()
    last_line: str | None = None
    truncated: bool = False


def summary(log: JobLog) -> Expected:
    return Expected(
        asked=tuple(f"{fetch.branch}/{fetch.archive}" for fetch in log.asked),
        fetched=tuple(f"{fetch.branch}/{fetch.archive}" for fetch in log.fetched),
        stored=tuple((each.archive and f"{each.branch}/{each.archive}", each.succeeded) for each in log.stored),
        nothing_changed=log.nothing_changed,
        started_clean=log.started_clean,
        symptoms=tuple(symptom.id for symptom in log.symptoms),
        last_line=log.last_failing_lines[-1] if log.last_failing_lines else None,
        truncated=log.truncated,
    )


FAILED_TEST = "======== 1 failed, 2 passed in 0.15s ========"
OWN = Expected(asked=(f"main/{NEWER}",), fetched=(f"main/{NEWER}",), nothing_changed=True, started_clean=False)
CLEAN = Expected(
    asked=(f"PR.12/{NEW}", f"main/{NEW}"),
    stored=((f"PR.12/{NEW}", True),),
    started_clean=True,
    last_line=FAILED_TEST,
)
ONE_FOUND = Expected(asked=(f"main/{NEW}",), fetched=(f"main/{NEW}",), started_clean=False)
NONE_FOUND = Expected(asked=(f"main/{NEW}",), started_clean=True)
OLD_ASKED = (f"feature-x/{OLD}", f"master/{OLD}")
PAGE = Expected(
    asked=(f"PR.47/{NEWER}", f"PR.47/{NEW}", f"main/{NEWER}"),
    fetched=(f"main/{NEWER}",),
    stored=((f"PR.47/{NEWER}", True),),
    started_clean=False,
    last_line="1 failed",
)


def with_(expected: Expected, **changes: object) -> Expected:
    return Expected(**{**expected.__dict__, **changes})


CORPUS = {
    "new_own.log": OWN,
    "new_target.log": Expected(
        asked=(f"PR.12/{NEWER}", f"PR.12/{NEW}", f"develop/{NEWER}"),
        fetched=(f"develop/{NEWER}",),
        stored=((f"PR.12/{NEWER}", True),),
        started_clean=False,
    ),
    "new_default.log": Expected(
        asked=(f"fix-42/{NEW}", f"main/{NEW}"),
        fetched=(f"main/{NEW}",),
        stored=((f"fix-42/{NEW}", False),),
        started_clean=False,
        last_line=FAILED_TEST,
    ),
    "new_clean.log": CLEAN,
    "no_cache.log": Expected(),
    "old_found.log": Expected(asked=OLD_ASKED, fetched=OLD_ASKED[1:], stored=((None, True),), started_clean=False),
    "old_upload_failed.log": Expected(asked=OLD_ASKED, stored=((None, False),), started_clean=True),
    "old_gave_up.log": Expected(asked=OLD_ASKED, nothing_changed=True, started_clean=False),
    "workspaces.log": with_(NONE_FOUND, stored=((f"main/{NEW}", True),)),
    "workspace_only.log": Expected(),
    "contextual_conflict.log": with_(
        ONE_FOUND,
        symptoms=("contextual-version-conflict",),
        last_line="pkg_resources.ContextualVersionConflict: (numpy 1.16.0 (/home/travis/virtualenv/python3.8.1"
        "/lib/python3.8/site-packages), Requirement.parse('numpy<1.16'), {'tool'})",
    ),
    "version_conflict.log": with_(
        ONE_FOUND,
        symptoms=("version-conflict",),
        last_line="pkg_resources.VersionConflict: (numpy 1.16.0 (/x), Requirement.parse('numpy<1.16'))",
    ),
    "distribution_not_found.log": with_(
        ONE_FOUND,
        symptoms=("distribution-not-found",),
        last_line="pkg_resources.DistributionNotFound: The 'idna<2.8,>=2.5' distribution was not found and is "
        "required by requests",
    ),
    "conflict_in_source.log": ONE_FOUND,
    "test_image_fails.log": with_(
        NONE_FOUND,
        symptoms=("test-image",),
        last_line="Error response from daemon: manifest for registry.example.invalid/owner/name/test:fix-42 "
        "not found: manifest unknown",
    ),
    "test_image_passes.log": with_(NONE_FOUND, last_line=FAILED_TEST),
    "test_image_fold_fails.log": Expected(symptoms=("test-image",), last_line="manifest unknown"),
    "test_image_fold_passes.log": Expected(last_line=FAILED_TEST),
    "test_image_command_fails.log": Expected(symptoms=("test-image",), last_line="manifest unknown"),
    "stalled.log": with_(ONE_FOUND, last_line="running 2 of 9"),
    "over_limit.log": with_(ONE_FOUND, last_line="the same exception", truncated=True),
    "cut_in_fetching.log": Expected(asked=(f"PR.12/{NEW}",), truncated=True),
    "cut_at_start.log": with_(CLEAN, asked=()),
    "rubbish.log": OWN,
    "quoted.md": CLEAN,
    "blank_lines.txt": Expected(
        asked=(f"v0.2.0-rc1/{NEW}", f"main/{NEW}"),
        fetched=(f"main/{NEW}",),
        started_clean=False,
        truncated=True,
    ),
    "glued_markers.txt": OWN,
    "lost_escape.txt": OWN,
    "page_copy.txt": PAGE,
    "page_with_line_numbers.txt": with_(PAGE, last_line="188"),
    "line_ends_lost.txt": Expected(
        asked=(f"PR.48/{NEW}", f"main/{NEW}"),
        fetched=(f"main/{NEW}",),
        stored=((f"PR.48/{NEW}", True),),
        started_clean=False,
    ),
    "line_ends_as_spaces.txt": with_(PAGE, last_line="$ pytest 1 failed"),
    "api_content.json": CLEAN,
    "api_parts.json": CLEAN,
    "api_v2.json": CLEAN,
    "string.json": CLEAN,
    "string_inside.txt": CLEAN,
    "list_of_lines.json": CLEAN,
    "utf16.txt": CLEAN,
    "page.html": with_(ONE_FOUND, last_line="no <rule>"),
}
NO_LOGS = ("empty.txt", "sign_in.html", "not_found.json", "no_log_yet.json", "other_ci.txt", "talk.txt")


def read(name: str) -> JobLog:
    """Read a log of the corpus."""
    with (LOGS / name).open("rb") as file:
        return read_log(file)
