"""What one run of the soak is: archives, a selection, faults and settings, all drawn from one seed; pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from purger.core.branch_names import is_glob
from purger.core.cache import Kind
from purger.core.errors import InputError
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.standin import Cache, DeleteFault, ListFault, Reupload
from purger.standin.faults import FaultKind, OddAnswer
from purger.travis.keys import last_part
from tests.soak.env_files import EnvFile, draw_env_file, is_expressible
from tests.soak.networks import (
    NetworkPlan,
    ProxyKind,
    draw_certificates,
    draw_http2,
    draw_proxy,
    draw_refused_certificate,
    draw_refused_proxy,
)
from tests.soak.policies import draw_policies, meant

DAY_S = 86400.0
BRANCHES = [
    "main", "PR.1", "PR.27", "#hash", "a", "a#b", "a&b", "a+b", "a b", "100%", "foo", "feature/foo", "bug/foo",
    "feature", "feature2", "&match=x", "<b>x</b>", "ünï-çødé", " lead", "a;b", "a%2Fb", "a%20b", "lead", "SPRINT",
    "feature/feature", "x" * 200, "שלום", "🙂/🙃", "a\u202eb", "'\"", "%", "%%41", "\x01\x7f", "  two  ", "..",
    "PR.1/x", "\u2028",
    "release/1.0", "release/1.0/hotfix", "v1.0", "a/b/c", "b/c", "c", "Main", "PR.",
]  # fmt: skip
GLOBS = ["f*", "*", "feature/*", "*o", "PR.*", "?", "a*", "*/*", "[a-m]*", "*%*", "release/*"]
NESTED = ["gemfile-gemfiles/rails_6.gemfile", "node-lts/*", "gemfile-a/b/c.gemfile", "python-3.8--env-X/python-3.9"]
REFUSALS = [500, 502, 503, 504, 429]


@dataclass(frozen=True, slots=True)
class Stored:
    """One archive to begin with; the age is in seconds."""

    branch: str
    name: str
    size_bytes: int
    age_s: float


@dataclass(slots=True)
class Plan:
    """One run. `knobs` are the stand-in's from the start, `late_knobs` from its `late_after`th DELETE on.

    After so many DELETEs the page dies (`page_dies_after`), the browser is killed (`browser_dies_after`), or the run
    is stopped (`stopped_after`). `used_elsewhere` requests are counted against the token beforehand. `gentle` means
    that everything can be got over, so the run must end well.

    `network` is how the site is reached, by default without encryption and proxies. With an `env_file` the run is a
    command, which reads its selection there. `gone` are the branches and pull requests that the host no longer has.
    `chosen` is what the policies mean, once the caches are there.
    """

    seed: int
    caches: list[Stored] = field(default_factory=list)
    selection: Selection = field(default_factory=Selection)
    kinds: list[str] = field(default_factory=list)
    knobs: dict[str, Any] = field(default_factory=dict)
    late_knobs: dict[str, Any] = field(default_factory=dict)
    late_after: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    purgers: int = 1
    page_dies_after: int | None = None
    browser_dies_after: int | None = None
    stopped_after: int | None = None
    used_elsewhere: int = 0
    gentle: bool = True
    network: NetworkPlan | None = None
    env_file: EnvFile | None = None
    gone: tuple[str, ...] = ()
    chosen: frozenset[Cache] | None = None

    @property
    def refused_with(self) -> int | None:
        """The exit code with which purger has to end before it deletes anything; None where it may delete."""
        if self.env_file is not None and self.env_file.is_refused:
            return 2
        return self.network.refused_with if self.network else None

    def choose(self, caches: Sequence[Cache]) -> None:
        """Decide what the policies mean for these caches, which are all that are there at the start."""
        if self.selection.policies.are_any:
            self.chosen = meant(self.selection.policies, caches, self._passes, self.gone)

    def selects(self, cache: Cache) -> bool:
        """What the selection means, told from the server's side, where every full name is known."""
        return self._passes(cache) if self.chosen is None else cache in self.chosen

    def _passes(self, cache: Cache) -> bool:
        chosen = self.selection
        # The site's clock decides how old a cache is.
        age_s = (chosen.as_of - cache.last_modified).total_seconds() + self.knobs.get("clock_offset_s", 0.0)
        return (
            (not chosen.branches or any(_means(pattern, cache) for pattern in chosen.branches))
            and (chosen.match is None or chosen.match in cache.name)
            and (chosen.kind is None or Kind.of(last_part(cache.branch)) is chosen.kind)
            and (chosen.older_than_s is None or age_s > chosen.older_than_s)
            and (chosen.newer_than_s is None or age_s < chosen.newer_than_s)
            and (chosen.larger_than_bytes is None or cache.size_bytes > chosen.larger_than_bytes)
            and (chosen.smaller_than_bytes is None or cache.size_bytes < chosen.smaller_than_bytes)
            # A glob keeps what its full name matches as well: that errs on the safe side.
            and not any(_means(one, cache) or fnmatchcase(cache.branch, one) for one in chosen.exclude)
        )


def _means(pattern: str, cache: Cache) -> bool:
    if not is_glob(pattern):
        return cache.branch == pattern
    return fnmatchcase(last_part(cache.branch), pattern) or ("/" in pattern and fnmatchcase(cache.branch, pattern))


def plan_of(seed: int) -> Plan:
    """The run that belongs to a seed: always the same one, but for the time of day and the site's own timing."""
    rng = Random(seed)
    plan = Plan(seed)
    plan.caches = _archives(rng)
    # An archive that shares its name, as far as the site shows it, with another one can't be deleted alone where that
    # is of a branch below, or of the same one: left over on purpose.
    names = [stored.name for stored in plan.caches]
    shown = {"/".join(name.split("/")[-2:]) for name in names}
    plan.selection = _selection(rng, plan.caches)
    plan.gentle = len(shown) == len(names) or plan.selection.everything
    # Of a file name with two slashes the site shows the last part alone, so --match can't be decided.
    plan.gentle = plan.gentle and (plan.selection.match is None or all(name.count("/") < 2 for name in names))
    plan.settings = {
        "settle_s": rng.choice([0.0, 0.0, 0.2]),
        "batch_size": rng.choice([1, 3, 100]),
        "max_rate": rng.choice([0, 1500]),
        "attempts": rng.choice([3, 4, 4]),
        "recheck_timeout_s": 3.0,
        "answer_timeout_s": 0.6,
        "page_timeout_s": 3.0,
    }
    kinds = rng.sample(list(KINDS), rng.choice([0, 1, 1, 1, 2, 2, 3]))
    kinds = next(([one] for one in kinds if one in ALONE), kinds)
    networks = [one for one in kinds if one in NETWORKS]
    for kind in [one for one in kinds if one not in networks[1:]]:
        plan.kinds.append(kind)
        KINDS[kind](rng, plan)
    plan.gentle = plan.gentle and len(set(plan.kinds) - WAYS) <= 1
    _without_contradictions(plan)
    return plan


def _without_contradictions(plan: Plan) -> None:
    """Drop what makes it a matter of chance what is selected."""
    selection = plan.selection
    if plan.knobs.get("reupload") or plan.knobs.get("clock_offset_s"):
        # An upload during the run may be newer than the start by a part of a second, or not.
        selection = replace(selection, newer_than_s=None)
    if plan.purgers > 1:
        # What the first one has deleted already is no part of what the second one decides about.
        selection, plan.kinds = (
            replace(selection, policies=Policies()),
            [one for one in plan.kinds if one != "policies"],
        )
    plan.selection = selection


def _archives(rng: Random) -> list[Stored]:
    shared = rng.random() < 0.2
    nested = rng.random() < 0.3
    found = {}
    for branch in rng.sample(BRANCHES, rng.randint(2, 14)):
        for _ in range(rng.choice([1, 1, 2, 3])):
            version = rng.choice(["3.8", "3.9", "3.10"])
            job = "" if shared else f"-{rng.getrandbits(256):064x}"
            name = f"cache-linux-focal{job}--python-{version}.tgz"
            if nested and rng.random() < 0.5:
                name = name.replace(f"python-{version}", rng.choice(NESTED))
            stored = Stored(branch, name, rng.randint(1, 40) * 1_000_000, rng.randint(1, 20) * DAY_S)
            found[branch, name] = stored
    return list(found.values())


def _selection(rng: Random, caches: list[Stored]) -> Selection:
    if rng.random() < 0.4:
        return Selection()
    branches = list(dict.fromkeys(stored.branch for stored in caches))
    filters: dict[str, Callable[[], Any]] = {
        "branches": lambda: tuple(
            rng.sample(GLOBS, rng.choice([1, 2]))
            if rng.random() < 0.4
            else rng.sample(branches, rng.randint(1, min(4, len(branches))))
        ),
        "match": lambda: rng.choice(["3.8", "python", "3.1", rng.choice(caches).name[:30]]),
        "kind": lambda: rng.choice(list(Kind)),
        # Half a day off whole days: what is old enough does not change while the run takes its time.
        "older_than_s": lambda: (rng.randint(1, 15) + 0.5) * DAY_S,
        "newer_than_s": lambda: (rng.randint(15, 20) + 0.5) * DAY_S,
        "larger_than_bytes": lambda: rng.randint(1, 20) * 1_000_000,
        "smaller_than_bytes": lambda: rng.randint(22, 40) * 1_000_000,
        "exclude": lambda: tuple(rng.sample([*branches, "PR.*", "feature/*", "[a-m]*"], rng.choice([1, 2]))),
    }
    chosen = ["branches"] if rng.random() < 0.4 else rng.sample(list(filters), rng.choice([1, 1, 2]))
    try:
        return Selection(**{name: filters[name]() for name in chosen})
    except InputError:  # they contradict each other
        return Selection(larger_than_bytes=10_000_000)


def _branch(rng: Random, plan: Plan) -> str:
    return rng.choice(plan.caches).branch


def _add_rule(rng: Random, plan: Plan, rule: DeleteFault) -> None:
    """One that passes, or one that always meets one branch."""
    if rng.random() < 0.6:
        # One less than the tries, as Chromium itself may send a DELETE twice.
        rule.times = rng.randint(1, plan.settings["attempts"] - 1)
    else:
        rule.branch, plan.gentle = _branch(rng, plan), False
    plan.knobs.setdefault("delete_fault", []).append(rule)


def _refused(rng: Random, plan: Plan) -> None:
    status = rng.choice(REFUSALS)
    after_s = rng.choice([None, 1.0]) if status == 429 else None
    _add_rule(rng, plan, DeleteFault(status=status, retry_after_s=after_s))


def _mostly_refused(rng: Random, plan: Plan) -> None:
    status = rng.choice([500, 502, 503, 504])
    plan.knobs["delete_fault"] = [DeleteFault(status=status, share=rng.choice([0.37, 0.6]))]
    plan.settings["attempts"] = 6


def _refused_for_good(rng: Random, plan: Plan) -> None:
    plan.gentle = False
    plan.knobs.setdefault("delete_fault", []).append(DeleteFault(_branch(rng, plan), rng.choice([400, 403, 404])))


def _refused_but_done(rng: Random, plan: Plan) -> None:
    _add_rule(rng, plan, DeleteFault(status=rng.choice([500, 502, 504]), applied=rng.choice(["all", "half"])))


def _broken_json(rng: Random, plan: Plan) -> None:
    _add_rule(rng, plan, DeleteFault(kind="broken_json", applied=rng.choice(["none", "half", "all"])))


def _reset(rng: Random, plan: Plan) -> None:
    _add_rule(rng, plan, DeleteFault(kind="reset", applied=rng.choice(["none", "half", "all"])))


def _never_answered(rng: Random, plan: Plan) -> None:
    _add_rule(rng, plan, DeleteFault(kind="hang", applied=rng.choice(["none", "half", "all"])))


def _button_fails(rng: Random, plan: Plan) -> None:
    rule = DeleteFault(status=504, times=rng.choice([1, None]), applied=rng.choice(["none", "half", "all"]))
    plan.knobs["delete_all_fault"] = [rule]
    plan.knobs["delete_all_latency_per_archive_s"] = rng.choice([0.0, 0.02])


def _late_deletion(rng: Random, plan: Plan) -> None:
    plan.knobs["deletion_delay_s"] = rng.choice([0.2, 1.0, 2.0, 30.0])
    plan.gentle = plan.gentle and plan.knobs["deletion_delay_s"] < 5


def _lost_deletion(rng: Random, plan: Plan) -> None:
    plan.knobs["lost_deletions"] = [_branch(rng, plan)]
    plan.gentle = False


def _uploaded_again(rng: Random, plan: Plan) -> None:
    times = rng.choice([1, 2, None])
    plan.knobs["reupload"] = [Reupload(rng.choice([None, _branch(rng, plan)]), times, rng.choice([0.0, 0.1, 0.5, 1.0]))]
    plan.gentle = plan.gentle and times == 1


def _uploaded_after_a_refusal(rng: Random, plan: Plan) -> None:
    """What the refused deletion took is there again, and too new for the filter: another try must not take that."""
    plan.selection = Selection(older_than_s=0.5 * DAY_S, policies=plan.selection.policies)
    rule = DeleteFault(status=rng.choice([500, 502, 504]), times=rng.randint(1, 2), applied="all")
    plan.knobs.setdefault("delete_fault", []).append(rule)
    plan.knobs["reupload"] = [Reupload(None, rng.choice([1, None]), rng.choice([0.0, 0.0, 0.3]))]


def _list_fails(rng: Random, plan: Plan) -> None:
    times = rng.choice([1, 2, None])
    kind: FaultKind = rng.choice(["status", "status", "broken_json", "reset", "hang"])
    plan.late_knobs["list_fault"] = ListFault(rng.choice([500, 503, 403]) if kind == "status" else 200, times, kind)
    plan.late_after = rng.randint(0, 3)
    plan.gentle = False


def _rate_limit(rng: Random, plan: Plan) -> None:
    plan.knobs["rate_limit_per_minute"] = rng.randint(15, 40)
    plan.knobs["rate_limit_window_s"] = rng.choice([1.0, 1.5])
    plan.used_elsewhere = rng.choice([0, 10, 50])
    plan.gentle = False


def _token_expires(rng: Random, plan: Plan) -> None:
    plan.knobs["token_expires_after"] = rng.randint(1, 30)
    plan.gentle = False


def _slow(rng: Random, plan: Plan) -> None:
    knob = rng.choice(["delete_latency_s", "api_latency_s", "list_latency_s", "page_latency_s"])
    plan.knobs[knob] = rng.choice([0.05, 0.2, 0.4])


def _changed_page(rng: Random, plan: Plan) -> None:
    change = rng.choice(["icon-class", "list-markup", "confirm-text", "hang-script", "empty-lists"])
    plan.late_knobs["changed_page"], plan.late_after = change, rng.choice([0, 0, 1])
    plan.gentle = False


def _two_purgers(_: Random, plan: Plan) -> None:
    plan.purgers = 2


def _page_dies(rng: Random, plan: Plan) -> None:
    plan.page_dies_after = rng.randint(0, 4)
    plan.knobs.setdefault("delete_latency_s", 0.1)


def _browser_dies(rng: Random, plan: Plan) -> None:
    plan.browser_dies_after = rng.randint(0, 4)
    plan.knobs.setdefault("delete_latency_s", 0.1)


def _stopped(rng: Random, plan: Plan) -> None:
    plan.stopped_after = rng.randint(0, 6)
    plan.gentle = False


def _clock_differs(rng: Random, plan: Plan) -> None:
    plan.knobs["clock_offset_s"] = rng.choice([-365, -2, 2, 365]) * DAY_S
    plan.selection = replace(plan.selection, newer_than_s=None, older_than_s=(rng.randint(1, 15) + 0.5) * DAY_S)
    plan.gentle = plan.gentle and plan.selection.match is None and not plan.selection.branches


def _odd_answers(rng: Random, plan: Plan) -> None:
    body = rng.choice(["{}", "[]", "null", '{"caches": {}}', "{", '{"id": null}'])
    plan.late_knobs["odd_answers"] = [OddAnswer(rng.choice(["", "/caches", "/user"]), body)]
    plan.late_after = rng.randint(0, 3)
    plan.gentle = False


def _policies(rng: Random, plan: Plan) -> None:
    """Draw policies, and let there be something to decide: several caches of a kind, each of another date."""
    twins = [
        replace(stored, name=re.sub("[0-9a-f]{64}", f"{rng.getrandbits(256):064x}", stored.name))
        for stored in plan.caches
        if re.search("[0-9a-f]{64}", stored.name) and rng.random() < 0.5
    ]
    twins = [replace(twin, age_s=rng.randint(1, 20) * DAY_S, size_bytes=rng.randint(1, 40) * 10**6) for twin in twins]
    plan.caches = [
        replace(stored, age_s=stored.age_s + 60 * at, size_bytes=stored.size_bytes + at)
        for at, stored in enumerate([*plan.caches, *twins])
    ]
    policies = draw_policies(rng, len(plan.caches), sum(stored.size_bytes for stored in plan.caches))
    plan.selection = replace(plan.selection, policies=policies)
    branches = sorted({stored.branch for stored in plan.caches})
    plan.gone = tuple(rng.sample(branches, rng.randint(0, len(branches))))
    # Of a file name with a slash nobody may know which branch and kind of job it belongs to.
    plan.gentle = plan.gentle and len({stored.name for stored in plan.caches}) == len(plan.caches)
    plan.gentle = plan.gentle and not any("/" in stored.name for stored in plan.caches)


def _in(draw: Callable[[Random], NetworkPlan]) -> Callable[[Random, Plan], None]:
    def set_network(rng: Random, plan: Plan) -> None:
        plan.network = draw(rng)

    return set_network


def _by_proxy(kind: ProxyKind) -> Callable[[Random, Plan], None]:
    return _in(lambda rng: draw_proxy(rng, kind))


def _env_file(rng: Random, plan: Plan) -> None:
    _read_from_file(rng, plan, is_refused=False)


def _refused_env_file(rng: Random, plan: Plan) -> None:
    _read_from_file(rng, plan, is_refused=True)


def _read_from_file(rng: Random, plan: Plan, *, is_refused: bool) -> None:
    """Let the selection stand in a `.env` file; the run is a command, which knows no host for pull requests."""
    if rng.random() < 0.4:
        _policies(rng, plan)
        plan.selection = replace(plan.selection, policies=replace(plan.selection.policies, gone=False))
    policies = plan.selection.policies
    selections = (replace(_selection(rng, plan.caches), policies=policies) for _ in range(20))
    plan.selection = next(filter(is_expressible, selections), Selection(kind=Kind.PUSH))
    plan.gentle = plan.gentle and (plan.selection.match is None or all("/" not in one.name for one in plan.caches))
    plan.gentle = plan.gentle and len({stored.name for stored in plan.caches}) == len(plan.caches)
    plan.env_file = draw_env_file(rng, plan.selection, is_refused=is_refused)
    if not is_refused and rng.random() < 0.4:
        plan.network = draw_proxy(rng, rng.choice(["http", "socks5"])) if rng.random() < 0.6 else draw_certificates(rng)


KINDS: dict[str, Callable[[Random, Plan], None]] = {
    "refused": _refused,
    "mostly refused": _mostly_refused,
    "refused for good": _refused_for_good,
    "refused but done": _refused_but_done,
    "broken JSON": _broken_json,
    "connection reset": _reset,
    "never answered": _never_answered,
    "button fails": _button_fails,
    "late deletion": _late_deletion,
    "lost deletion": _lost_deletion,
    "uploaded again": _uploaded_again,
    "uploaded after a refusal": _uploaded_after_a_refusal,
    "list fails": _list_fails,
    "rate limit": _rate_limit,
    "token expires": _token_expires,
    "slow": _slow,
    "changed page": _changed_page,
    "two purgers": _two_purgers,
    "page dies": _page_dies,
    "browser dies": _browser_dies,
    "stopped": _stopped,
    "clock differs": _clock_differs,
    "odd answers": _odd_answers,
    "HTTP/2": _in(draw_http2),
    "HTTP proxy": _by_proxy("http"),
    "HTTPS proxy": _by_proxy("https"),
    "SOCKS5 proxy": _by_proxy("socks5"),
    "proxy refused": _in(draw_refused_proxy),
    "certificates": _in(draw_certificates),
    "certificate refused": _in(draw_refused_certificate),
    "policies": _policies,
    ".env file": _env_file,
    ".env file refused": _refused_env_file,
}
"""Every kind of fault, or of surroundings, by name, with how it is drawn."""
ALONE = frozenset({"proxy refused", "certificate refused", ".env file", ".env file refused"})
"""What stands for a whole run: nothing else is drawn for it."""
NETWORKS = frozenset({"HTTP/2", "HTTP proxy", "HTTPS proxy", "SOCKS5 proxy", "certificates"})
"""What decides how the site is reached: one of them a run."""
WAYS = NETWORKS | {"policies"}
"""What makes nothing fail, so that a fault beside it can still be got over."""
