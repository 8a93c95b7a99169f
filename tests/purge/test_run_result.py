"""What came of a run that was ended from outside."""

from __future__ import annotations

from purger.core.errors import OutOfTimeError, StoppedError
from purger.core.selection import Selection
from purger.purge.ledger import Ledger
from purger.purge.record import Record
from purger.purge.run import Request, Run
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.travis.addresses import Repository, Site

WIDGETS = Repository("github", "acme", "widgets")


def run_with(*verified: bool) -> Run:
    run = Run(Settings(site=Site(), token=Token("token-for-tests")), Request(repositories=[WIDGETS]))
    records = [Record(WIDGETS, "", Ledger(Selection(), 4), lambda _event: None, verified=one) for one in verified]
    run._records = tuple(records)
    return run


def test_time_that_is_over_when_all_is_gone_is_no_failure() -> None:
    out_of_time, stopped = OutOfTimeError("timed out"), StoppedError("stopped by SIGINT")
    assert run_with(True, True).result(out_of_time).error is None
    assert run_with(True, False).result(out_of_time).error is out_of_time
    assert run_with().result(out_of_time).error is out_of_time
    assert run_with(True).result(stopped).error is stopped
