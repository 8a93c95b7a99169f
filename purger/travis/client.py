"""Send API calls inside the request budget, retry while the site is busy, and classify its refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NoReturn, TypeVar

from loguru import logger
from playwright.async_api import APIRequestContext, APIResponse
from playwright.async_api import Error as PlaywrightError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from purger.browser.driver import driver_error, driver_is_gone
from purger.core.errors import AccessError, SiteError
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies, RetryPolicy
from purger.travis.addresses import Site
from purger.travis.decoding import NotJsonError, decode, seconds_in
from purger.travis.payloads import error_type_of, words_of
from purger.travis.rate_limit import Budget
from purger.travis.site_clock import SiteClock

BAD_TOKEN = ("login_required", "wrong_credentials")
_Payload = TypeVar("_Payload")


class BusyError(SiteError):
    """The site could not answer this time; the same call may work a little later."""


class RateLimitedError(BusyError):
    """The site answered 429: too many requests with this token."""


class NotFoundError(AccessError):
    """The API knows no such thing, or hides it from this token."""


class NotAllowedError(AccessError):
    """The token is good, but the API refuses this call to it."""


class ConflictError(SiteError):
    """The call does not fit what the thing is doing now."""


class Calls:
    """Calls to one installation's API with one token, inside the run's request budget.

    All methods raise AccessError for a refused token or a missing right, and SiteError when the site does not
    answer, or not as we know it, several times in a row. A redirect is such an answer: it is never followed, so
    that the token goes nowhere else. `clock` compares the dates of the responses with this machine's.
    """

    def __init__(
        self,
        context: APIRequestContext,
        site: Site,
        budget: Budget,
        policies: RetryPolicies = DEFAULT_POLICIES,
        clock: SiteClock | None = None,
    ) -> None:
        self.site = site
        self.clock = clock or SiteClock()
        self._policies = policies
        self._requests = 0
        self._context = context
        self._budget = budget

    def take_count(self) -> int:
        """Return the number of requests since the last call of this method."""
        count, self._requests = self._requests, 0
        return count

    async def call(self, method: str, address: str, form: type[_Payload]) -> _Payload:
        """Send one call, retry while the site is busy, and return its payload of this form."""
        return await self._again_while_busy(method, address, partial(self.send_once, form=form))

    async def read(self, address: str) -> bytes:
        """Return the whole body of a GET, whatever it holds: Playwright has no streaming."""
        return await self._again_while_busy("GET", address, self._send)

    async def post(self, address: str) -> dict[str, Any]:
        """Send one POST and return its JSON object. It is sent once: after a BusyError check whether it was done.

        Only one that the rate limit refused is sent again.
        """
        form = dict[str, Any]
        return await self._again_while_busy("POST", address, partial(self.send_once, form=form), RateLimitedError)

    async def _again_while_busy(
        self,
        method: str,
        address: str,
        send: Callable[[str, str], Awaitable[_Payload]],
        fault: type[BusyError] = BusyError,
    ) -> _Payload:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(fault),
            stop=lambda state: self._policy(state).should_stop(state),
            wait=lambda state: self._policy(state).pause_s(state),
            before_sleep=lambda state: logger.debug("{} {}: attempt {} failed", method, address, state.attempt_number),
            reraise=True,
        ):
            with attempt:
                return await send(method, address)
        raise AssertionError("unreachable: the last attempt raises")

    def _policy(self, state: RetryCallState) -> RetryPolicy:
        error = state.outcome.exception() if state.outcome else None
        return self._policies.rate_limited if isinstance(error, RateLimitedError) else self._policies.api_busy

    async def send_once(self, method: str, address: str, form: type[_Payload]) -> _Payload:
        """Send one call once, and return its payload of this form. Raises BusyError if it is not JSON."""
        try:
            return decode(await self._send(method, address), form, address)
        except NotJsonError:
            raise BusyError(
                "the API answered with something that is not JSON",
                where=address,
                remedy="Is this the API's address, and not the front end's? See --api-url.",
            ) from None

    async def _send(self, method: str, address: str) -> bytes:
        await (self._budget.take_post() if method == "POST" else self._budget.take(1))
        self._requests += 1
        timeout_s = self._policies.call_timeout_s
        try:
            async with asyncio.timeout(timeout_s + 5):
                response = await self._context.fetch(address, method=method, max_redirects=0, timeout=timeout_s * 1000)
                body = await response.body()
                await response.dispose()
        except (PlaywrightError, TimeoutError) as error:
            if isinstance(error, PlaywrightError) and driver_is_gone(error):
                raise driver_error(address) from None
            said = error.message.splitlines()[0] if isinstance(error, PlaywrightError) else "no whole answer"
            if "certificate" in said.lower():
                raise SiteError(
                    f"the API's certificate is not trusted: {said.rpartition(': ')[2]}",
                    where=address,
                    remedy="Is the address right? A company's own authority is named by NODE_EXTRA_CA_CERTS=FILE.",
                ) from None
            raise BusyError(
                f"the API did not answer: {said.rpartition(': ')[2]}",
                where=address,
                remedy="Is the address right, and the site up? See --url and --api-url.",
            ) from None
        logger.debug("{} {}: {}", method, address, response.status)
        if not response.ok:
            self._refuse(response, body.decode("utf-8", "replace"), address)
        self.clock.compare(response.headers.get("date"))
        self._budget.went_well()
        return body

    def _refuse(self, response: APIResponse, text: str, address: str) -> NoReturn:
        status = response.status
        words = words_of(status, text)
        if status == 429:
            self._budget.refused(seconds_in(response.headers.get("retry-after")))
            raise RateLimitedError(f"the site's rate limit is reached: {words}", where=address)
        if status >= 500:
            raise BusyError(f"the API {words}", where=address, remedy="Try again later.")
        if 300 <= status < 400:
            raise SiteError(
                f"the API answered {status}, a redirect, which is not followed with a token",
                where=address,
                remedy="Give the address that it leads to as --api-url.",
            )
        if status == 404:
            raise NotFoundError(
                "not found, or hidden from this token",
                where=address,
                remedy="Check the spelling, the provider and whose token it is.",
            )
        if status in {401, 403} and error_type_of(text) not in {None, *BAD_TOKEN}:
            raise NotAllowedError(
                f"the token lacks a right: {words}", where=address, remedy="Ask an admin of it for access."
            )
        if status in {401, 403}:
            raise AccessError(
                f"the token was refused: {words}",
                where=address,
                remedy="Copy a new one from the site's settings page into TRAVIS_TOKEN.",
            )
        if status == 409:
            raise ConflictError(f"the API {words}", where=address)
        raise SiteError(f"the API {words}", where=address)
