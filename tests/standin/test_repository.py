"""The stand-in's state without a server: keys, prefixes, the cap, time, faults, limits, jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purger.standin import Attempt, DeleteFault, Faults, Reupload, StandIn
from purger.standin.caches import LIST_CAP, Archive, ArchiveStore
from purger.standin.faults import take_rule
from purger.standin.faults_json import BadKnobError, set_knobs
from purger.standin.limits import Limits
from purger.standin.query import BadQueryError, read_query
from purger.standin.repository import Repository
from tests.support.clocks import Ahead

DATE = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["feature", "feature/foo", "feature2", "foo", "a", "a b", "ünï-çødé", "#hash"]


@pytest.fixture
def site() -> StandIn:
    return StandIn()


@pytest.fixture
def repository(site: StandIn) -> Repository:
    return site.add_repository("acme/widgets")


def branches_of(archives: list[Archive]) -> list[str]:
    return [archive.branch for archive in archives]


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        ("", {}),
        ("branch=main", {"branch": "main"}),
        ("branch=feature%2Ffoo&match=tgz", {"branch": "feature/foo", "match": "tgz"}),
        ("branch=a+b", {"branch": "a b"}),
        ("branch=a&b", {"branch": "a"}),
        ("branch=a;b", {"branch": "a"}),
        ("branch=&match=x", {"branch": "", "match": "x"}),
        ("branch=a=b", {"branch": "a=b"}),
        ("branch", {}),
        ("branch=a&branch=b", {"branch": "b"}),
        ("branch=%C3%BC", {"branch": "ü"}),
        ("branch=%FF", {"branch": "\udcff"}),
    ],
)
def test_a_query_is_read_as_rack_reads_it(raw: str, parameters: dict[str, str]) -> None:
    assert read_query(raw) == parameters


@pytest.mark.parametrize("raw", ["branch=100%", "branch=a%b", "branch=%", "branch=%zz", "branch=%4"])
def test_a_lone_percent_is_refused(raw: str) -> None:
    with pytest.raises(BadQueryError, match="invalid %-encoding"):
        read_query(raw)


def test_a_branch_is_a_prefix_of_whole_parts(repository: Repository) -> None:
    for name in NAMES:
        repository.add(name)
    assert sorted(branches_of(repository.listed("feature"))) == ["feature", "feature/foo"]
    assert branches_of(repository.listed("foo")) == ["foo"]
    assert branches_of(repository.listed("feature/foo")) == ["feature/foo"]
    assert len(repository.listed("")) == len(repository.listed(None)) == len(NAMES)
    assert repository.add("feature/foo").displayed_branch == "foo"


def test_the_cap_comes_before_the_match() -> None:
    store = ArchiveStore(1)
    for number in range(LIST_CAP):
        store.put(Archive("a", f"{number:05}.tgz", 1, DATE, 1))
    store.put(Archive("b", "wanted.tgz", 1, DATE, 1))
    assert len(store.listed()) == LIST_CAP
    assert store.listed(match="wanted") == []
    assert len(store.listed("b", "wanted")) == 1
    assert store.remove(store.listed()[0])
    assert len(store.listed(match="wanted")) == 1


@settings(max_examples=40)
@given(st.lists(st.text(max_size=4), max_size=12))
def test_the_order_of_keys_is_that_of_their_bytes(branches: list[str]) -> None:
    store = ArchiveStore(1)
    for branch in branches:
        store.put(Archive(branch, "x.tgz", 1, DATE, 1))
    keys = [archive.key for archive in store]
    assert keys == sorted(keys, key=lambda key: key.encode("utf-8"))


def test_fill_looks_real_and_is_the_same_again(repository: Repository, site: StandIn) -> None:
    repository.fill(200)
    other = site.add_repository("acme/gadgets")
    other.fill(200)
    assert branches_of(repository.archives) == branches_of(other.archives)
    names = set(branches_of(repository.archives))
    pull_requests = sum(name.startswith("PR.") for name in names)
    assert len(names) == 200
    assert 50 <= pull_requests <= 110
    assert not any("/" in name for name in names)
    assert all(1_000_000 <= archive.size_bytes <= 400_000_000 for archive in repository.archives)
    other.fill(60, branches=7)
    assert len(other.archives) == 260
    assert len(set(branches_of(other.archives))) == 207


def test_a_deletion_is_at_once_by_default(repository: Repository) -> None:
    archive = repository.add("main")
    repository.delete([archive])
    assert repository.archives == repository.listed() == []
    assert [gone for gone, _ in repository.deleted] == [archive]


def test_a_delayed_deletion_stays_listed_until_its_time(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    archive = repository.add("main")
    site.faults.deletion_delay_s = 3600
    repository.delete([archive])
    repository.delete([archive])
    assert repository.listed() == [archive]
    assert repository.archives == []
    assert repository.deleted == []
    standin_clock.skip(3600)
    assert repository.listed() == []
    assert [gone for gone, _ in repository.deleted] == [archive]


def test_an_upload_outlives_the_deletion_of_what_it_replaced(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    old = repository.add("main", name="x.tgz")
    site.faults.deletion_delay_s = 3600
    repository.delete([old])
    new = repository.add("main", name="x.tgz", age_s=0)
    standin_clock.skip(3600)
    assert repository.archives == [new]
    assert repository.deleted == []


def test_a_lost_deletion_never_applies(site: StandIn, repository: Repository) -> None:
    kept, gone = repository.add("main"), repository.add("other")
    site.faults.lost_deletions = ["main"]
    repository.delete([kept, gone])
    assert repository.archives == [kept]


def test_a_running_job_uploads_again_without_any_request(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    archive = repository.add("main", age_s=0)
    site.faults.reupload = [Reupload("main", times=1, delay_s=3600)]
    repository.delete([archive])
    assert repository.archives == []
    standin_clock.skip(3600)
    (again,) = repository.archives
    assert again.name == archive.name
    assert again.last_modified > archive.last_modified
    repository.delete([again])
    standin_clock.skip(3600)
    assert repository.archives == []


def test_rules_are_used_up_in_order() -> None:
    rules = [DeleteFault("a", 500, times=1), DeleteFault(None, 502, times=2)]
    statuses = [rule.status if (rule := take_rule(rules, branch)) else None for branch in ("b", "a", "a", "a", None)]
    assert statuses == [502, 500, 502, None, None]


def test_knobs_are_set_by_json_and_reset() -> None:
    faults = Faults(rate_limit_per_minute=7)
    set_knobs(
        faults,
        {
            "delete_fault": [{"branch": "a", "kind": "hang", "times": 2}],
            "list_fault": {"status": 403},
            "reupload": [{"delay_s": 2}],
            "deletion_delay_s": 3,
            "changed_page": "icon-class",
            "rate_limit_per_minute": None,
        },
    )
    assert faults.delete_fault == [DeleteFault("a", times=2, kind="hang")]
    assert (faults.deletion_delay_s, faults.rate_limit_per_minute) == (3.0, None)
    faults.reset()
    assert faults == Faults(rate_limit_per_minute=7)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"no_such": 1}, "no knob 'no_such'"),
        ({"deletion_delay_s": "soon"}, "wants float"),
        ({"deletion_delay_s": True}, "wants float"),
        ({"token_expires_after": 1.5}, "wants int"),
        ({"changed_page": "all"}, "takes 'icon-class'"),
        ({"lost_deletions": "main"}, "wants a list"),
        ({"delete_fault": [{"code": 500}]}, "no part 'code'"),
        ({"delete_fault": [7]}, "wants objects"),
        ([], "JSON object"),
    ],
)
def test_a_wrong_knob_changes_nothing(told: object, words: str) -> None:
    faults = Faults()
    with pytest.raises(BadKnobError, match=words):
        set_knobs(faults, told)
    assert faults == Faults()


def test_requests_are_limited_in_fixed_windows() -> None:
    limits, faults = Limits(), Faults(rate_limit_per_minute=2)
    assert [limits.spend("t", "GET", at, faults) for at in (0.0, 50.0, 59.0, 60.0)] == [
        "fine", "fine", "too many", "fine",
    ]  # fmt: skip
    assert limits.spend("other", "GET", 59.0, faults) == "fine"


def test_fifty_posts_in_thirty_seconds_ban_for_an_hour() -> None:
    limits, faults = Limits(), Faults()
    assert {limits.spend("t", "POST", at * 0.7, faults) for at in range(100)} == {"fine"}
    assert [limits.spend("u", "POST", at * 0.5, faults) for at in range(50)].index("banned") == 49
    assert limits.spend("u", "GET", 3000.0, faults) == "banned"
    assert limits.spend("u", "GET", 3700.0, faults) == "fine"


def test_a_job_fetches_what_the_server_really_has(site: StandIn, repository: Repository, standin_clock: Ahead) -> None:
    archive = repository.add("PR.7")
    script = [Attempt("failed", symptom="version-conflict"), Attempt(duration_s=600, queue_s=60, stores=True)]
    job = site.add_job(repository, pull_request=7, script=script)
    assert job.state == "failed"
    assert f"fetching PR.7/{archive.name}" in job.log()
    assert "found cache" in job.log()
    assert "pkg_resources.ContextualVersionConflict" in job.log()
    repository.delete([archive])
    assert job.restart()
    assert not job.restart()
    assert job.log() == ""
    standin_clock.skip(660)
    assert job.state == "passed"
    assert f"fetching main/{archive.name}" in job.log()
    assert "could not download cache" in job.log()
    assert "cache uploaded" in job.log()
    assert branches_of(repository.archives) == ["PR.7"]


def test_a_job_still_finds_what_is_about_to_go(site: StandIn, repository: Repository) -> None:
    archive = repository.add("main")
    site.faults.deletion_delay_s = 60
    job = site.add_job(repository, branch="topic", script=[Attempt(), Attempt(duration_s=0, queue_s=0)])
    repository.delete([archive])
    job.restart()
    assert job.state == "passed"
    assert f"fetching topic/{archive.name}" in job.log()
    assert f"fetching main/{archive.name}\x1b[0m\r\n\x1b[32;1mfound cache" in job.log()


def test_a_job_can_wait_for_ever(site: StandIn, repository: Repository, standin_clock: Ahead) -> None:
    job = site.add_job(repository, script=[Attempt(), Attempt(queue_s=60, never_starts=True)])
    job.restart()
    assert job.state == "created"
    standin_clock.skip(3600)
    assert job.state == "queued"
    assert (job.started_at, job.log()) == (None, "")
