"""The stand-in's state without a server: keys, prefixes, the cap, time, faults, limits and jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purger.standin import Attempt, DeleteFault, Faults, Reupload, StandIn
from purger.standin.caches import LIST_CAP, Cache, CacheStore
from purger.standin.faults import take_rule
from purger.standin.faults_json import InvalidRequestError, set_faults
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


def branches_of(caches: list[Cache]) -> list[str]:
    return [cache.branch for cache in caches]


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
def test_a_query_is_parsed_as_rack_does(raw: str, parameters: dict[str, str]) -> None:
    assert read_query(raw) == parameters


@pytest.mark.parametrize("raw", ["branch=100%", "branch=a%b", "branch=%", "branch=%zz", "branch=%4"])
def test_a_percent_without_digits_is_rejected(raw: str) -> None:
    with pytest.raises(BadQueryError, match="invalid %-encoding"):
        read_query(raw)


def test_a_branch_selects_itself_and_nested_branches(repository: Repository) -> None:
    for name in NAMES:
        repository.add(name)
    assert sorted(branches_of(repository.listed("feature"))) == ["feature", "feature/foo"]
    assert branches_of(repository.listed("foo")) == ["foo"]
    assert branches_of(repository.listed("feature/foo")) == ["feature/foo"]
    assert len(repository.listed("")) == len(repository.listed(None)) == len(NAMES)
    assert repository.add("feature/foo").displayed_branch == "foo"


def test_the_cap_applies_before_the_match() -> None:
    store = CacheStore(1)
    for number in range(LIST_CAP):
        store.put(Cache("a", f"{number:05}.tgz", 1, DATE, 1))
    store.put(Cache("b", "wanted.tgz", 1, DATE, 1))
    assert len(store.listed()) == LIST_CAP
    assert store.listed(match="wanted") == []
    assert len(store.listed("b", "wanted")) == 1
    assert store.remove(store.listed()[0])
    assert len(store.listed(match="wanted")) == 1


@settings(max_examples=40)
@given(st.lists(st.text(max_size=4), max_size=12))
def test_keys_are_ordered_by_their_bytes(branches: list[str]) -> None:
    store = CacheStore(1)
    for branch in branches:
        store.put(Cache(branch, "x.tgz", 1, DATE, 1))
    keys = [cache.key for cache in store]
    assert keys == sorted(keys, key=lambda key: key.encode("utf-8"))


def test_fill_is_realistic_and_reproducible(repository: Repository, site: StandIn) -> None:
    repository.fill(200)
    other = site.add_repository("acme/gadgets")
    other.fill(200)
    assert branches_of(repository.caches) == branches_of(other.caches)
    names = set(branches_of(repository.caches))
    pull_requests = sum(name.startswith("PR.") for name in names)
    assert len(names) == 200
    assert 50 <= pull_requests <= 110
    assert not any("/" in name for name in names)
    assert all(1_000_000 <= cache.size_bytes <= 400_000_000 for cache in repository.caches)
    other.fill(60, branches=7)
    assert len(other.caches) == 260
    assert len(set(branches_of(other.caches))) == 207


def test_a_deletion_is_applied_at_once_by_default(repository: Repository) -> None:
    cache = repository.add("main")
    repository.delete([cache])
    assert repository.caches == repository.listed() == []
    assert [gone for gone, _ in repository.deleted] == [cache]


def test_a_delayed_deletion_stays_listed_until_its_time(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    cache = repository.add("main")
    site.faults.deletion_delay_s = 3600
    repository.delete([cache])
    repository.delete([cache])
    assert repository.listed() == [cache]
    assert repository.caches == []
    assert repository.deleted == []
    standin_clock.skip(3600)
    assert repository.listed() == []
    assert [gone for gone, _ in repository.deleted] == [cache]


def test_an_upload_survives_the_pending_deletion_of_the_old_cache(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    old = repository.add("main", name="x.tgz")
    site.faults.deletion_delay_s = 3600
    repository.delete([old])
    new = repository.add("main", name="x.tgz", age_s=0)
    standin_clock.skip(3600)
    assert repository.caches == [new]
    assert repository.deleted == []


def test_a_lost_deletion_is_never_applied(site: StandIn, repository: Repository) -> None:
    kept, gone = repository.add("main"), repository.add("other")
    site.faults.lost_deletions = ["main"]
    repository.delete([kept, gone])
    assert repository.caches == [kept]


def test_a_running_job_uploads_a_deleted_cache_again(
    site: StandIn, repository: Repository, standin_clock: Ahead
) -> None:
    cache = repository.add("main", age_s=0)
    site.faults.reupload = [Reupload("main", times=1, delay_s=3600)]
    repository.delete([cache])
    assert repository.caches == []
    standin_clock.skip(3600)
    (again,) = repository.caches
    assert again.name == cache.name
    assert again.last_modified > cache.last_modified
    repository.delete([again])
    standin_clock.skip(3600)
    assert repository.caches == []


def test_rules_are_used_up_in_order() -> None:
    rules = [DeleteFault("a", 500, times=1), DeleteFault(None, 502, times=2)]
    statuses = [rule.status if (rule := take_rule(rules, branch)) else None for branch in ("b", "a", "a", "a", None)]
    assert statuses == [502, 500, 502, None, None]


def test_faults_are_set_by_json_and_reset() -> None:
    faults = Faults(rate_limit_per_minute=7)
    set_faults(
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
    ("document", "message"),
    [
        ({"no_such": 1}, "no fault 'no_such'"),
        ({"deletion_delay_s": "soon"}, "must be float"),
        ({"deletion_delay_s": True}, "must be float"),
        ({"token_expires_after": 1.5}, "must be int"),
        ({"changed_page": "all"}, "must be one of 'icon-class'"),
        ({"lost_deletions": "main"}, "must be a list"),
        ({"delete_fault": [{"code": 500}]}, "no field 'code'"),
        ({"delete_fault": [7]}, "must be an object"),
        ([], "JSON object"),
    ],
)
def test_an_invalid_fault_changes_nothing(document: object, message: str) -> None:
    faults = Faults()
    with pytest.raises(InvalidRequestError, match=message):
        set_faults(faults, document)
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


def test_a_job_fetches_stored_caches(site: StandIn, repository: Repository, standin_clock: Ahead) -> None:
    cache = repository.add("PR.7")
    script = [Attempt("failed", symptom="version-conflict"), Attempt(duration_s=600, queue_s=60, stores=True)]
    job = site.add_job(repository, pull_request=7, script=script)
    assert job.state == "failed"
    assert f"fetching PR.7/{cache.name}" in job.log()
    assert "found cache" in job.log()
    assert "pkg_resources.ContextualVersionConflict" in job.log()
    repository.delete([cache])
    assert job.restart()
    assert not job.restart()
    assert job.log() == ""
    standin_clock.skip(660)
    assert job.state == "passed"
    assert f"fetching main/{cache.name}" in job.log()
    assert "could not download cache" in job.log()
    assert "cache uploaded" in job.log()
    assert branches_of(repository.caches) == ["PR.7"]


def test_a_job_finds_a_cache_with_a_pending_deletion(site: StandIn, repository: Repository) -> None:
    cache = repository.add("main")
    site.faults.deletion_delay_s = 60
    job = site.add_job(repository, branch="topic", script=[Attempt(), Attempt(duration_s=0, queue_s=0)])
    repository.delete([cache])
    job.restart()
    assert job.state == "passed"
    assert f"fetching topic/{cache.name}" in job.log()
    assert f"fetching main/{cache.name}\x1b[0m\r\n\x1b[32;1mfound cache" in job.log()


def test_a_job_can_stay_queued(site: StandIn, repository: Repository, standin_clock: Ahead) -> None:
    job = site.add_job(repository, script=[Attempt(), Attempt(queue_s=60, never_starts=True)])
    job.restart()
    assert job.state == "created"
    standin_clock.skip(3600)
    assert job.state == "queued"
    assert (job.started_at, job.log()) == (None, "")


NESTED_NAME = "cache-linux-focal-0123--gemfile-gemfiles/rails_6.gemfile.tgz"


def test_a_slash_in_a_file_name_splits_the_key_elsewhere(repository: Repository) -> None:
    """The API takes the last two parts of the key for branch and name (docs/TRAVIS.md section 4)."""
    for branch in ("main", "PR.7", "feature/foo"):
        repository.add(branch, name=NESTED_NAME)
    assert {(cache.displayed_branch, cache.displayed_name) for cache in repository.listed()} == {
        ("cache-linux-focal-0123--gemfile-gemfiles", "rails_6.gemfile.tgz")
    }
    assert branches_of(repository.listed("main")) == ["main"]
    assert branches_of(repository.listed("feature")) == ["feature/foo"]
    assert repository.listed("cache-linux-focal-0123--gemfile-gemfiles") == []
    assert branches_of(repository.listed("PR.7/cache-linux-focal-0123--gemfile-gemfiles")) == ["PR.7"]
    assert repository.listed(match="gemfiles") == [], "`match` sees the last part of the key alone"
    assert len(repository.listed(match="rails_6")) == 3
    assert repository.stored("main", NESTED_NAME) is not None


def test_pull_requests_are_those_of_which_a_cache_was_added(repository: Repository) -> None:
    for branch in ("PR.7", "main", "PR.12", "PR.7"):
        repository.add(branch)
    assert repository.pull_requests == [12, 7]
    assert repository.branches == ["main"]
