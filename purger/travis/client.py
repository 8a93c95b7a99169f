"""Send API calls inside the request budget, and retry while the site is busy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Protocol, TypeVar

from loguru import logger
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from purger.browser.connections import Connections
from purger.core.errors import NoAnswerError
from purger.core.hosts import origin_of
from purger.core.retry_policies import DEFAULT_POLICIES, RetryPolicies, RetryPolicy
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.decoding import NotJsonError, decode, not_our_api
from purger.travis.pages import is_page
from purger.travis.rate_limit import Budget
from purger.travis.refusals import BusyError, RateLimitedError, TokenRefusedError, another_server, refusal_of
from purger.travis.site_clock import SiteClock

VERSION = {"Travis-API-Version": "3"}
LARGEST_PAYLOAD_BYTES = 64 * 1024 * 1024
"""A list of 1,000 caches, the longest that there is, has about 300 kB."""
_LARGEST_REFUSAL_BYTES = 64 * 1024
_Payload = TypeVar("_Payload")


class Sink(Protocol):
    """What takes a body in pieces. One that has enough says so, and gets no more."""

    def feed(self, data: bytes) -> bool:
        """Take the next piece; return whether more is wanted."""


_Sink = TypeVar("_Sink", bound=Sink)


class Calls:
    """Calls to one installation's API with one token, inside the run's request budget.

    All methods raise AccessError for a refused token or a missing right, and SiteError when the site does not
    answer, or not as we know it, several times in a row. A redirect is such an answer: it is never followed, so
    that the token goes nowhere else. `clock` compares the dates of the responses with this machine's.
    """

    def __init__(
        self,
        connections: Connections,
        site: Site,
        token: Token,
        budget: Budget,
        policies: RetryPolicies = DEFAULT_POLICIES,
        clock: SiteClock | None = None,
    ) -> None:
        self.site = site
        self.connections = connections
        self.clock = clock or SiteClock()
        self._policies = policies
        self._requests = 0
        self._token = token
        self._budget = budget

    def take_count(self) -> int:
        """Return the number of requests since the last call of this method."""
        count, self._requests = self._requests, 0
        return count

    async def call(self, method: str, address: str, form: type[_Payload]) -> _Payload:
        """Send one call, retry while the site is busy, and return its payload of this form."""
        return await self._again_while_busy(method, address, partial(self.send_once, form=form))

    async def read(self, address: str, make_sink: Callable[[], _Sink]) -> _Sink:
        """Read the body of a GET, piece by piece, into a sink, and return that. Each attempt has a new one."""

        async def send(method: str, address: str) -> _Sink:
            sink = make_sink()
            await self._send(method, address, sink, timeout_s=self._policies.log_timeout_s)
            return sink

        return await self._again_while_busy("GET", address, send)

    async def post(self, address: str) -> None:
        """Send one POST, which is answered by a JSON object. After a BusyError check whether it was done.

        It is sent once; only one that the rate limit refused is sent again.
        """
        send = partial(self.send_once, form=dict[str, Any])
        await self._again_while_busy("POST", address, send, RateLimitedError)

    async def _again_while_busy(
        self,
        method: str,
        address: str,
        send: Callable[[str, str], Awaitable[_Payload]],
        fault: type[BusyError] = BusyError,
    ) -> _Payload:
        again = AsyncRetrying(
            retry=retry_if_exception_type(fault),
            stop=lambda state: self._policy(state).stop(state),
            wait=lambda state: self._policy(state).wait(state),
            before_sleep=lambda state: logger.debug("{} {}: attempt {} failed", method, address, state.attempt_number),
            reraise=True,
        )
        return await again(send, method, address)

    def _policy(self, state: RetryCallState) -> RetryPolicy:
        error = state.outcome.exception() if state.outcome else None
        return self._policies.rate_limited if isinstance(error, RateLimitedError) else self._policies.api_busy

    async def send_once(self, method: str, address: str, form: type[_Payload]) -> _Payload:
        """Send one call once, and return its payload of this form. Raises BusyError if it is not JSON."""
        body = _Body(LARGEST_PAYLOAD_BYTES)
        await self._send(method, address, body, timeout_s=self._policies.call_timeout_s)
        if body.is_cut:
            raise not_our_api(f"its answer has more than {LARGEST_PAYLOAD_BYTES // 2**20} MiB", address)
        try:
            return decode(bytes(body.content), form, address)
        except NotJsonError:
            if is_page(text := body.content[:_LARGEST_REFUSAL_BYTES].decode("utf-8", "replace")):
                raise another_server(text, address) from None
            raise BusyError(
                "the API answered with something that is not JSON",
                where=address,
                remedy="Is this the API's address, and not the front end's? See --api-url.",
            ) from None

    async def _send(self, method: str, address: str, sink: Sink, *, timeout_s: float) -> None:
        """Send one request once, and feed a sink with the body of its response. Raises an error for a refusal."""
        await (self._budget.take_post() if method == "POST" else self._budget.take(1))
        self._requests += 1
        try:
            async with self.connections.exchange(
                method, address, self._headers(address), timeout_s=timeout_s, silence_s=self._policies.call_timeout_s
            ) as response:
                logger.debug("{} {}: {}", method, address, response.status_code)
                refusal = None if response.is_success else _Body(_LARGEST_REFUSAL_BYTES)
                async with aclosing(response.aiter_bytes()) as pieces:
                    async for piece in pieces:
                        if not (refusal or sink).feed(piece):
                            break
        except NoAnswerError as error:
            raise BusyError(
                f"the API did not answer: {error.what}",
                where=address,
                remedy=error.remedy or "Is the address right, and the site up? See --url and --api-url.",
            ) from None
        if refusal is not None:
            text = refusal.content.decode("utf-8-sig", "replace")
            refused = refusal_of(response.status_code, response.headers, text, address)
            if isinstance(refused, RateLimitedError):
                self._budget.refused(refused.retry_after_s)
            if isinstance(refused, TokenRefusedError):
                refused.remedy = self._token.renewal
            raise refused
        self.clock.compare(response.headers.get("date"))
        self._budget.went_well()

    def _headers(self, address: str) -> dict[str, str]:
        """Return the headers of a call: the token is for the API's origin alone."""
        is_ours = origin_of(address) == origin_of(self.site.api_url)
        return VERSION | ({"Authorization": f"token {self._token.reveal()}"} if is_ours else {})


class _Body:
    """A body that is kept, up to a number of bytes."""

    def __init__(self, largest_bytes: int) -> None:
        self.content = bytearray()
        self.is_cut = False
        self._largest_bytes = largest_bytes

    def feed(self, data: bytes) -> bool:
        """Keep the next piece, unless the body is too large with it."""
        self.is_cut = len(self.content) + len(data) > self._largest_bytes
        if not self.is_cut:
            self.content += data
        return not self.is_cut
