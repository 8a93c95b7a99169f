"""The names of jobs and builds: numbers, and addresses of pages and of the API."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.travis.addresses import Site
from purger.travis.job_names import parse_build, parse_job

SITE = Site()
ENTERPRISE = Site.at("https://travis.acme.org")


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("123", SITE),
        (" 123\n", SITE),
        ("https://app.travis-ci.com/github/owner/name/jobs/123", SITE),
        ("https://app.travis-ci.com/owner/name/jobs/123", SITE),
        ("https://app.travis-ci.com/github/owner/name/jobs/123/", SITE),
        ("https://app.travis-ci.com/github/owner/name/jobs/123#L540", SITE),
        ("https://app.travis-ci.com/github/owner/name/jobs/123?utm=x", SITE),
        ("https://app.travis-ci.com/gitlab/jobs/55/jobs/123", SITE),
        ("https://APP.travis-ci.com/github/owner/name/jobs/123", SITE),
        ("HTTPS://app.travis-ci.com/github/owner/name/jobs/123", SITE),
        ("https://app.travis-ci.com:443/github/owner/name/jobs/123", SITE),
        ("https://app.travis-ci.com/github/jobs/12/jobs/123", SITE),
        ("https://app.travis-ci.com/github/owner/name/builds/9/jobs/123", SITE),
        ("https://travis-ci.com/github/owner/name/jobs/123", SITE),
        ("app.travis-ci.com/github/owner/name/jobs/123", SITE),
        ("https://api.travis-ci.com/job/123", SITE),
        ("https://api.travis-ci.com/v3/job/123/log.txt", SITE),
        ("https://api.travis-ci.com/v3/job/123/log.txt?log.token=unl1sted", SITE),
        ("https://travis.acme.org/owner/name/jobs/123", ENTERPRISE),
        ("https://travis.acme.org/api/job/123", ENTERPRISE),
    ],
)
def test_a_job_is_parsed_from_numbers_and_urls(text: str, site: Site) -> None:
    assert parse_job(text, site) == 123


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not name a job"),
        ("12.3", "does not name a job"),
        ("١٢", "does not name a job"),
        ("owner/name", "does not name a job"),
        ("9" * 30, "does not name a job"),
        ("https://app.travis-ci.com/github/owner/name", "does not name a job"),
        ("https://app.travis-ci.com/github/owner/name/jobs/x", "does not name a job"),
        ("https://app.travis-ci.com/github/owner/name/builds/9", "is a build"),
        ("https://app.travis-ci.com/github/jobs/12/builds/5", "is a build"),
        ("https://app.travis-ci.com/github/job/5/builds/7", "is a build"),
        ("https://app.travis-ci.com/jobs/12/builds/5", "is a build"),
        ("https://app.travis-ci.com/github/acme/job/1", "does not name a job"),
        ("https://app.travis-ci.com/github/jobs/12", "does not name a job"),
        ("https://api.travis-ci.com/build/5", "is a build"),
        ("https://api.travis-ci.com/v3/build/5/jobs", "is a build"),
        ("https://app.travis-ci.com:x/github/owner/name/jobs/123", "is not on https://app.travis-ci.com"),
        ("https://[app.travis-ci.com/github/owner/name/jobs/123", "is not on https://app.travis-ci.com"),
        ("https://app.travis-ci.com@evil.org/github/owner/name/jobs/1", "is not on https://app.travis-ci.com"),
        ("https://travis-ci.org/owner/name/jobs/123", "is not on https://app.travis-ci.com"),
        ("https://travis.acme.org/github/owner/name/jobs/123", "is not on https://app.travis-ci.com"),
        ("https://app.travis-ci.com.evil.org/jobs/123", "is not on https://app.travis-ci.com"),
    ],
)
def test_text_that_names_no_job_is_rejected(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        parse_job(text, SITE)
    assert "the number in it; what pages show as #12.3 is another one" in (refused.value.remedy or "")
    assert ("check-log" in (refused.value.remedy or "")) is (message == "is a build")
    assert (parse_build(text, SITE) is not None) is (message == "is a build")


def test_a_build_is_parsed_from_urls_that_name_no_job() -> None:
    assert parse_build("https://app.travis-ci.com/github/owner/name/builds/9#L4", SITE) == 9
    assert parse_build("app.travis-ci.com/owner/name/builds/9", SITE) == 9
    assert parse_build("https://travis.acme.org/api/build/9", ENTERPRISE) == 9
    assert parse_build("https://app.travis-ci.com/github/owner/name/builds/9/jobs/123", SITE) is None
    assert parse_build("9", SITE) is None
