"""Who refused a call: the API itself, which may blame the token, or a server that answers in its place."""

from __future__ import annotations

import json

import pytest

from purger.core.errors import ExitCode, LastingSiteError, PurgerError, SiteError
from purger.travis.refusals import (
    OTHER_HOST_REMEDY,
    SIGN_IN_TO_THE_NETWORK,
    BusyError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    TokenRefusedError,
    another_page,
    front_end_refusal,
    refusal_of,
)

ADDRESS = "https://api.travis.test/repo/7"
CLOUDFLARE = "<!DOCTYPE html>\n<html><head><title>\n Attention Required! | Cloudflare</title></head></html>"
DENIED_BY_A_FIREWALL = "<HTML><TITLE>Access Denied</TITLE><H1>Access Denied</H1> You have no permission here.</HTML>"


def error(kind: str) -> str:
    return json.dumps({"@type": "error", "error_type": kind, "error_message": f"the words for {kind}"})


def refused(status: int, text: str = "", **headers: str) -> PurgerError:
    return refusal_of(status, {name.replace("_", "-"): value for name, value in headers.items()}, text, ADDRESS)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "text",
    [
        error("login_required"),
        error("wrong_credentials"),
        "access denied",
        "Access denied\n",
        "<html><body><h1>access denied</h1></body></html>",
    ],
)
def test_the_token_is_refused_where_the_api_says_so(status: int, text: str) -> None:
    caught = refused(status, text)
    assert type(caught) is TokenRefusedError
    assert caught.what.startswith(f"the token was refused: answered {status}")
    assert caught.where == "https://api.travis.test"


def test_another_reason_of_the_api_is_a_missing_right() -> None:
    assert type(refused(403, error("insufficient_access"))) is NotAllowedError


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (403, CLOUDFLARE, 'answered 403 with a page ("Attention Required! | Cloudflare")'),
        (403, DENIED_BY_A_FIREWALL, 'answered 403 with a page ("Access Denied")'),
        (403, "<html>blocked</html>", "answered 403 with a page"),
        (403, "Forbidden\n", "answered 403: Forbidden"),
        (403, '{"message": "Forbidden"}', 'answered 403: {"message": "Forbidden"}'),
        (401, "", "answered 401"),
        (407, "", "answered 407"),
        (405, "<title>No DELETE here</title>", 'answered 405 with a page ("No DELETE here")'),
        (403, f"<title>a\x1b[31m\u202eb{'c' * 200}</title>", "…"),
    ],
)
def test_the_page_of_a_gateway_does_not_blame_the_token(status: int, text: str, said: str) -> None:
    caught = refused(status, text)
    assert isinstance(caught, LastingSiteError)
    assert caught.exit_code == ExitCode.SITE
    assert caught.what.startswith("something between here and the API ")
    assert said in caught.what
    assert caught.what.isprintable()
    assert len(caught.what) < 200
    assert "Copy a new one" not in (caught.remedy or "")


def test_a_gateway_that_wants_another_sign_in_is_quoted_with_its_kind() -> None:
    caught = refused(401, "<title>401</title>", www_authenticate='Basic realm="intranet"')
    assert isinstance(caught, LastingSiteError)
    assert caught.what.endswith("it wants a sign-in of another kind (Basic)")


def test_a_hostile_page_is_read_in_no_time() -> None:
    for text in ("<" * 65536, "<title " * 9000, "<title>" * 9000):
        assert isinstance(refused(403, text), LastingSiteError)


def test_only_the_api_itself_knows_that_something_is_not_there() -> None:
    assert type(refused(404, error("not_found"))) is NotFoundError
    for text in ("", "Not Found", "<title>404 Not Found</title>", '{"file": "not found"}', "[]"):
        caught = refused(404, text)
        assert type(caught) is SiteError
        assert caught.what.startswith("this is not the API we know: it answered 404")
        assert "--api-url" in (caught.remedy or "")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "origin"),
    [
        ("https://portal.hotel/login?secret=1", "https://portal.hotel"),
        ("http://user:word@10.0.0.1:8080/", "http://10.0.0.1:8080"),
        ("//portal.hotel/x", "https://portal.hotel"),
        ("http://[", "elsewhere"),
        ("mailto:someone", "elsewhere"),
    ],
)
def test_a_redirect_to_another_host_is_never_an_address_to_give(status: int, location: str, origin: str) -> None:
    caught = refused(status, location=location)
    assert isinstance(caught, LastingSiteError)
    assert caught.what.endswith(f"it leads to another host: {origin}")
    assert "--api-url" not in (caught.remedy or "")
    assert SIGN_IN_TO_THE_NETWORK in (caught.remedy or "")


@pytest.mark.parametrize(
    ("location", "target", "moved"),
    [
        ("/v3/repo/7?secret=1", "https://api.travis.test/v3/repo/7", "https://api.travis.test/v3"),
        ("https://api.travis.test:8443/repo/7", "https://api.travis.test:8443/repo/7", "https://api.travis.test:8443"),
        ("https://API.travis.test./", "https://API.travis.test./", None),
        ("/my.policy", "https://api.travis.test/my.policy", None),
        ("/oauth2/sign_in?rd=/repo/7", "https://api.travis.test/oauth2/sign_in", None),
        ("/repo/7/", "https://api.travis.test/repo/7/", None),
        ("/repo/7?again", "https://api.travis.test/repo/7", None),
    ],
)
def test_a_redirect_on_the_same_host_may_say_where_the_api_is(location: str, target: str, moved: str | None) -> None:
    caught = refused(302, location=location)
    assert caught.what.endswith(f"; it leads to {target}")
    assert type(caught) is SiteError
    given = f"Give --api-url with {moved} in place of https://api.travis.test."
    assert caught.remedy == (given if moved else OTHER_HOST_REMEDY)


@pytest.mark.parametrize(
    ("status", "headers"), [(300, {}), (304, {"location": "https://portal.hotel/"}), (305, {}), (302, {})]
)
def test_not_everything_below_400_is_a_redirect(status: int, headers: dict[str, str]) -> None:
    caught = refused(status, **headers)
    assert caught.what == f"this is not the API we know: it answered {status}"


def test_a_network_that_wants_a_sign_in_is_not_busy() -> None:
    caught = refused(511, "<title>Welcome</title>")
    assert type(caught) is LastingSiteError
    assert "Sign in to the network" in (caught.remedy or "")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(408, BusyError), (421, BusyError), (425, BusyError), (500, BusyError), (504, BusyError), (429, RateLimitedError)],
)
def test_what_may_pass_is_busy(status: int, kind: type[PurgerError]) -> None:
    assert type(refused(status)) is kind


def test_the_rate_limit_says_how_long_it_lasts_and_a_conflict_is_one() -> None:
    limited = refused(429, "Retry later\n", retry_after="17")
    assert isinstance(limited, RateLimitedError)
    assert limited.retry_after_s == 17.0
    assert "other programs" in (limited.remedy or "")
    assert type(refused(409, error("job_already_running"))) is ConflictError
    assert type(refused(400)) is SiteError


@pytest.mark.parametrize(
    ("status", "text", "kind", "said"),
    [
        (403, CLOUDFLARE, LastingSiteError, '403 with a page ("Attention Required! | Cloudflare")'),
        (401, "", LastingSiteError, "answered 401"),
        (404, "no such page", LastingSiteError, "answered 404: no such page"),
        (511, CLOUDFLARE, LastingSiteError, "511 in place of the front end"),
        (429, "Retry later", SiteError, "answered 429: Retry later"),
        (503, "<title>Travis CI is being maintained</title>", SiteError, "answered 503 with a page"),
    ],
)
def test_a_refusal_of_the_front_end_lasts_unless_its_status_may_pass(
    status: int, text: str, kind: type[SiteError], said: str
) -> None:
    caught = front_end_refusal(status, text, ADDRESS)
    assert type(caught) is kind
    assert said in caught.what


@pytest.mark.parametrize(("status", "text"), [(200, CLOUDFLARE), (302, ""), (404, "<title> Travis CI </title>")])
def test_a_page_of_the_front_ends_own_is_none_whatever_its_status(status: int, text: str) -> None:
    assert front_end_refusal(status, text, ADDRESS) is None


def test_a_page_with_another_title_than_the_front_ends_is_another_servers() -> None:
    assert another_page("", ADDRESS) is None
    assert another_page("Travis CI", ADDRESS) is None
    caught = another_page("Guest\x1b WiFi", ADDRESS)
    assert caught is not None
    assert "something else than the front end answers here" in caught.what
    assert "\x1b" not in caught.what
    assert SIGN_IN_TO_THE_NETWORK in (caught.remedy or "")
