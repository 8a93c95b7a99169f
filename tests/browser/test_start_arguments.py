"""The switches of a browser that purger starts: only the site's hosts can be resolved."""

from __future__ import annotations

from purger.browser.reach import Reach
from purger.browser.start import launch_arguments


def test_no_host_but_those_of_the_site_can_be_resolved() -> None:
    arguments = launch_arguments(
        Reach(
            hosts=(
                "app.travis-ci.com",
                "api.travis-ci.com",
            )
        ),
        allow_third_party=False,
    )
    assert "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE app.travis-ci.com, EXCLUDE api.travis-ci.com" in arguments


def test_third_parties_are_resolved_where_they_are_allowed() -> None:
    arguments = launch_arguments(Reach(hosts=("app.travis-ci.com",)), allow_third_party=True)
    assert not [argument for argument in arguments if "host-resolver" in argument]
    assert set(arguments) < set(launch_arguments(Reach(hosts=("app.travis-ci.com",)), allow_third_party=False))
