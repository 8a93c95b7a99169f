"""What is known of every archive: seen, tried, answered, gone, back again; and so its outcome. Pure, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from purger.core.cache import Archive, How, Outcome, Version, versions
from purger.core.selection import Selection

NOT_SELECTED = "not selected"
RUNNING_JOB = "uploaded again after its deletion: a job that is still running does that"
NOT_APPLIED = "its deletion was answered, but it is still listed"
NO_SECOND_LOOK = "no later look showed that it is gone"
ICON_REACHES_NOTHING = "its icon was answered, but deleted nothing of it"


@dataclass(slots=True)
class Entry:
    """One archive through the run, under all the versions that were seen of it.

    An archive that a job uploads again keeps its entry, so that nothing is counted twice.
    """

    archive: Archive
    selected: bool
    listed: bool = True
    tries: int = 0
    rate_limited: int = 0
    answered: bool = False
    icon_is_dead: bool = False
    recreated: int = 0
    how: How | None = None
    refusal: str | None = None
    no_way: str | None = None
    gone_at: datetime | None = None
    bytes_of_former_versions: int = 0

    @property
    def outcome(self) -> Outcome:
        """What became of the archive, as far as the last look tells."""
        if not self.listed:
            return Outcome.DELETED
        if not self.selected or self.no_way:
            return Outcome.SKIPPED
        if self.recreated:
            return Outcome.RECREATED
        return Outcome.FAILED if self.refusal and not self.answered else Outcome.REMAINING

    @property
    def reason(self) -> str | None:
        """Why the archive is not gone, in words; for one that is gone, why nothing of ours did it."""
        if not self.listed:
            return None if self.tries else "gone before it was tried"
        if not self.selected:
            return NOT_SELECTED
        if self.no_way:
            return self.no_way
        if self.recreated:
            return RUNNING_JOB
        if self.answered:
            return NOT_APPLIED
        if self.refusal:
            return self.refusal
        return ICON_REACHES_NOTHING if self.icon_is_dead else NO_SECOND_LOOK if self.tries else "not tried"

    @property
    def bytes_deleted(self) -> int:
        """The sizes of all versions that were seen gone, in bytes."""
        return self.bytes_of_former_versions + (0 if self.listed else self.archive.size_bytes)


@dataclass(slots=True)
class Ledger:
    """All archives that were ever seen of one repository. `attempts` is how many tries an archive gets."""

    selection: Selection
    attempts: int
    entries: list[Entry] = field(default_factory=list, init=False)
    # Answers name versions, and there is one a row: looking each up among all entries would be quadratic.
    _by_version: dict[Version, list[Entry]] = field(default_factory=dict, init=False, repr=False)

    def look(self, listed: Iterable[Archive], at: datetime) -> None:
        """Take in what one look showed: what is listed, what is gone, what is new, what was uploaded again.

        Versions are matched first; what is left over of the same branch and name, and newer, is the same archive
        uploaded again.
        """
        unmatched: dict[tuple[str | None, str, str], list[Archive]] = {}
        for archive in listed:
            unmatched.setdefault(_lineage(archive), []).append(archive)
        missing: list[Entry] = []
        for entry in self.entries:
            same_name = unmatched.get(_lineage(entry.archive), [])
            if entry.archive in same_name:
                same_name.remove(entry.archive)
                entry.listed = True
            else:
                missing.append(entry)
        for entry in missing:
            same_name = unmatched.get(_lineage(entry.archive), [])
            newer = [archive for archive in same_name if archive.last_modified > entry.archive.last_modified]
            if newer and (self.selection.selects(newer[0]) or not entry.selected):
                same_name.remove(newer[0])
                self._take_new_version(entry, newer[0])
            elif entry.listed:
                entry.listed, entry.gone_at = False, at
        for archives in unmatched.values():
            for archive in archives:
                self._add(Entry(archive, self.selection.selects(archive)))

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._by_version.setdefault(entry.archive.version, []).append(entry)

    def traced(self, archives: Sequence[Archive]) -> list[Archive]:
        """These archives of the full list, which no branch named in full has any more, under the names known so far.

        One that former looks knew by its full name was deleted after the list was made, and is still the same one.
        """
        known: dict[Version, list[Archive]] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.archive.full_branch is not None):
            if entry.listed:
                known.setdefault(entry.archive.version, []).append(entry.archive)
        return [known[one.version].pop(0) if known.get(one.version) else one for one in archives]

    def _take_new_version(self, entry: Entry, newer: Archive) -> None:
        same = self._by_version[entry.archive.version]
        same[:] = [other for other in same if other is not entry]
        self._by_version.setdefault(newer.version, []).append(entry)
        if entry.answered or not entry.listed:
            entry.recreated += 1
            entry.bytes_of_former_versions += entry.archive.size_bytes
        entry.archive, entry.listed = newer, True
        entry.answered, entry.icon_is_dead, entry.refusal, entry.no_way = False, False, None, None

    @property
    def selected(self) -> list[Entry]:
        """What the user wants gone, gone or not."""
        return [entry for entry in self.entries if entry.selected]

    @property
    def left(self) -> list[Entry]:
        """What is selected and was listed on the last look."""
        return [entry for entry in self.entries if entry.selected and entry.listed]

    @property
    def to_try(self) -> list[Entry]:
        """What is left, not yet answered, and has tries and a way left."""
        return [entry for entry in self.left if not entry.answered and self.may_try(entry) and not entry.no_way]

    @property
    def waiting(self) -> list[Entry]:
        """What was answered as deleted and is still listed."""
        return [entry for entry in self.left if entry.answered]

    @property
    def selected_versions(self) -> Counter[Version]:
        """How often each version occurs among what is left."""
        return versions(entry.archive for entry in self.left)

    def may_try(self, entry: Entry) -> bool:
        """Whether the archive has tries left. Answers of the rate limit are counted apart, and more are allowed."""
        return entry.tries < self.attempts and entry.rate_limited < 2 * self.attempts

    def answered(self, deleted: Iterable[Archive], how: How) -> list[Entry]:
        """Take in what an answer says it deleted; gives those entries, of whatever row they are.

        What no look has shown is new: a click deletes what the full list had hidden of its branch, too.
        """
        found: list[Entry] = []
        taken: set[int] = set()
        unseen: list[Archive] = []
        for archive in deleted:
            known = self._by_version.get(archive.version, [])
            entry = next((one for one in known if one.selected and one.listed and id(one) not in taken), None)
            if entry is not None:
                taken.add(id(entry))
                found.append(entry)
            elif not known:
                unseen.append(archive)
        found += [self._unseen(archive) for archive in unseen]
        for entry in found:
            entry.answered, entry.how, entry.refusal = True, how, None
            entry.tries = max(entry.tries, 1)  # also where the try was another branch's
        return found

    def _unseen(self, archive: Archive) -> Entry:
        """The entry of what an answer tells of and no look has shown: that of the last version, or a new one."""
        for entry in sorted(self.entries, key=lambda entry: entry.listed and not entry.answered):
            last = entry.archive
            if (last.branch, last.name) == (
                archive.branch,
                archive.name,
            ) and last.last_modified < archive.last_modified:
                newer = replace(archive, full_branch=last.full_branch)
                if self.selection.selects(newer) or not entry.selected:
                    self._take_new_version(entry, newer)
                    return entry
        entry = Entry(archive, self.selection.selects(archive), tries=1)
        self._add(entry)
        return entry

    def refused(self, entries: Sequence[Entry], words: str, *, rate_limited: bool = False) -> None:
        """Take in that the site refused, or did not answer, a try."""
        for entry in entries:
            entry.refusal = words
            if rate_limited:
                entry.tries -= 1
                entry.rate_limited += 1

    @property
    def ok(self) -> bool:
        """Whether everything selected was gone on the last look."""
        return not self.left


def _lineage(archive: Archive) -> tuple[str | None, str, str]:
    return archive.full_branch, archive.branch, archive.name
